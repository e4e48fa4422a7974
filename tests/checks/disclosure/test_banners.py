"""`disclosure.banners`: places, grading by precision, internal names."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.disclosure.banner_places import (
    Place,
    banners,
    bigip_address,
    internal_names,
    is_private,
)
from pgssi_checks.disclosure.banners import judge, own_exchanges
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.discovery.site import Document, Meta, Page

URL = "https://portal.example/"


def document(*, generators: tuple[str, ...] = (), comments: tuple[str, ...] = ()) -> Document:
    metas = tuple(Meta("name", "generator", content) for content in generators)
    return Document("", "fr", "", (), (), (), metas, comments, ())


def graded(*headers: tuple[str, str], body: str = "", status: int = 200, **parts: tuple[str, ...]) -> set[str]:
    """The failing slugs of one answer, read as a page too."""
    answer = exchange(URL, page(body, headers=headers, status=status))
    disclosures, _ = judge(banners([answer], [Page(answer, document(**parts))]))
    return {disclosure.slug for disclosure in disclosures}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("Server", "nginx/1.18.0"),), {"server-version"}),
        ((("Server", "Apache/2.4.62 (Debian)"),), {"server-version"}),
        ((("Server", "Apache/2.4"),), {"server-branch"}),
        ((("Server", "Microsoft-IIS/10.0"),), {"server-branch"}),
        ((("Server", "nginx"),), set()),
        ((("Server", "Apache-Coyote/1.1"),), set()),
        ((("Server", ""),), set()),
        ((("Via", "1.1 relais"),), set()),
        ((("Via", "1.1 relais (squid/5.7)"),), {"server-version"}),
        ((("X-Powered-By", "PHP/8.2.7"),), {"powered-by"}),
        ((("X-Powered-By", "PHP/8.2"),), {"powered-by-branch"}),
        ((("X-Powered-By", "Express"),), set()),
        ((("X-AspNet-Version", "4.0.30319"),), {"powered-by"}),
        ((("X-AspNetMvc-Version", "5.2"),), {"powered-by-branch"}),
        ((("X-Generator", "Drupal 9 (https://www.drupal.org)"),), {"generator-branch"}),
        ((("X-Jenkins", "2.319.1"),), {"powered-by"}),
        ((("Set-Cookie", "JSESSIONID=abc; Secure"),), set()),
        ((("Server", "nginx/1.18.0"), ("X-Powered-By", "PHP/8.2.7")), {"server-version", "powered-by"}),
        ((("X-Runtime", "0.104"), ("X-Request-Id", "1.2.3")), set()),
    ],
)
def test_headers(headers: tuple[tuple[str, str], ...], expected: set[str]) -> None:
    assert graded(*headers) == expected


def test_a_header_with_exact_versions_and_branches_fails_once() -> None:
    answer = exchange(URL, page("", headers=(("Server", "Apache/2.4.6 mod_wsgi/3.4"),)))
    disclosures, named = judge(banners([answer], []))
    assert [(disclosure.slug, disclosure.products) for disclosure in disclosures] == [
        ("server-version", ["Apache 2.4.6", "mod_wsgi 3.4"])
    ]
    assert named == []


def test_products_without_a_version_are_named_unless_a_version_is_given_elsewhere() -> None:
    answers = [
        exchange(URL, page("", headers=(("Server", "nginx"), ("Set-Cookie", "PHPSESSID=1")))),
        exchange(URL + "x", page("", headers=(("Server", "nginx/1.2.3"),))),
    ]
    _, named = judge(banners(answers, []))
    assert named == ["PHP"]


@pytest.mark.parametrize(
    ("generators", "comments", "expected"),
    [
        (("WordPress 6.4.3",), (), {"generator"}),
        (("DokuWiki",), (), set()),
        (("Drupal 10 (https://www.drupal.org)",), (), {"generator-branch"}),
        ((), (" This site is optimized with the Yoast SEO plugin v21.2 - https://yoast.com/ ",), {"comment"}),
        ((), (" Powered by Liferay 7.4.3 ",), {"comment"}),
        ((), (" Bootstrap v5.3.1 ", " jQuery 3.7.1 "), set()),
        ((), (" nginx sits in front ", " PHP ", " PHP 8 is required to read this "), set()),
        ((), ("myDrupal 7.59",), set()),
    ],
)
def test_tags_and_comments(generators: tuple[str, ...], comments: tuple[str, ...], expected: set[str]) -> None:
    assert graded(generators=generators, comments=comments) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<center><h1>404 Not Found</h1></center>\n<hr><center>nginx/1.18.0 (Ubuntu)</center>", {"error-page"}),
        ("<center><h1>404 Not Found</h1></center>\n<hr><center>nginx</center>", set()),
        ("<hr>\n<address>Apache/2.4.62 (Debian) Server at 127.0.0.1 Port 80</address>", {"error-page"}),
        ("<address>12 rue de la Paix, 75002 Paris</address>", set()),
        ('<hr class="line" /><h3>Apache Tomcat/9.0.31</h3>', {"error-page"}),
        ('<hr/><a href="https://eclipse.org/jetty">Powered by Jetty:// 9.4.31.v20200723</a><hr/>', {"error-page"}),
        ("<b>Version Information:</b>&nbsp;Microsoft .NET Framework; ASP.NET Version:4.8.4494.0", {"error-page"}),
        ("<p>We moved from nginx/1.18.0 to Apache/2.4.62 last year</p>", set()),
    ],
)
def test_signatures_of_pages_written_by_the_server(body: str, expected: set[str]) -> None:
    assert graded(body=body, status=404) == expected


DEFAULTS = {
    "nginx": "<title>Welcome to nginx!</title><p>If you see this page, the nginx web server is successfully installed",
    "debian": "<title>Apache2 Debian Default Page: It works</title><p>replace this file at /var/www/html/index.html",
    "tomcat": "<title>Apache Tomcat/9.0.31</title><h2>If you're seeing this, you've successfully installed Tomcat.",
    "iis": '<title>IIS Windows Server</title><img src="iisstart.png" alt="IIS">',
    "django": "<h2>The install worked successfully! Congratulations!</h2><p>You are seeing this page because of DEBUG",
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_default_pages(name: str) -> None:
    assert "default-page" in graded(body=DEFAULTS[name])


@pytest.mark.parametrize(
    "body", ["<title>Welcome to nginx-world, our blog</title>", "<h1>It works!</h1>", "<p>Congratulations!</p>"]
)
def test_pages_that_merely_resemble_a_default_page(body: str) -> None:
    assert graded(body=body) == set()


def test_the_first_copy_of_an_exchange_is_kept_and_others_hosts_are_not() -> None:
    whole = exchange(URL, page("whole"))
    later = replace(whole, response=page(""))
    elsewhere = exchange("https://cdn.example/", page("x", headers=(("Server", "nginx/1.2.3"),)))
    kept = own_exchanges([whole, elsewhere, later], lambda url: url.startswith(URL))
    assert [each.response for each in kept] == [whole.response]


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("X-Backend-Server", "10.12.0.4", ["10.12.0.4"]),
        ("Via", "1.1 proxy01.chu.local", ["proxy01.chu.local"]),
        ("Location", "http://192.168.1.20:8080/accueil", ["192.168.1.20"]),
        ("Set-Cookie", "BIGipServerpool_web=1677787402.36895.0000; path=/", ["10.1.1.100"]),
        ("Set-Cookie", "BIGipServer~web=rd5o00000000000000000000ffffc0a8o80; path=/", []),
        ("Server", "nginx/1.10.0.1", []),
        ("X-Version", "10.0.0.1.5", []),
        ("X-Backend", "203.0.113.7", []),
        ("Location", "https://portal.example/local.html", []),
        ("Content-Security-Policy", "connect-src 10.0.0.1", []),
        ("X-Own", "10.9.9.9", []),
    ],
)
def test_internal_names(header: str, value: str, expected: list[str]) -> None:
    answer = exchange(URL, page("", headers=((header, value),)))
    assert [name.value for name in internal_names(answer, frozenset({"10.9.9.9"}))] == expected


def test_private_addresses() -> None:
    assert is_private("172.31.255.1")
    assert not is_private("172.32.0.1")
    assert not is_private("999.1.1.1")
    assert bigip_address("BIGipServerx=1677787402.36895.0000") == "10.1.1.100"
    assert bigip_address("BIGipServerx=9999999999.1.0000") is None


@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_that_a_target_sends_breaks_the_reading(header: str, body: str) -> None:
    answer = exchange(URL, page(body, headers=(("Server", header), ("Set-Cookie", header), ("Via", header))))
    found = banners([answer], [Page(answer, document(generators=(header,), comments=(body,)))])
    judge(found)
    internal_names(answer, frozenset())
    assert all(len(banner.raw) <= 160 for banner in found)


@pytest.mark.parametrize(
    "unit", ["<hr><center>", "<address>a", "<title>Welcome to nginx", "Powered by Jetty://", "a.", "1."]
)
def test_a_million_characters_are_read_within_bounds(unit: str) -> None:
    body = unit * (1_000_000 // len(unit))
    answer = exchange(URL, page(body, headers=(("X-Backend", body[:60_000]),)))
    found = banners([answer], [Page(answer, document(comments=(body,)))])
    internal_names(answer, frozenset())
    assert all(banner.place in Place for banner in found)
