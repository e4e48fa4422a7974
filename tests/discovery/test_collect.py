"""The walk over scripted sites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from pydantic import JsonValue

from pgssi_probe.check.context import CollectorContext, Target
from pgssi_probe.check.harness import Script, ScriptedNetwork, page, redirect
from pgssi_probe.clock import VirtualClock
from pgssi_probe.discovery.collect import DEFAULT_PAGES, MAX_RESOURCES, SITE, page_limit
from pgssi_probe.discovery.site import Site, Skipped
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.exchange import Failure, Request, Response, Truncation

HOME = "https://portal.example/"


async def walk(
    script: Script,
    *,
    url: str = HOME,
    declared: Mapping[str, JsonValue] | None = None,
    excluded: Callable[[str], bool] = lambda _: False,
) -> tuple[Site, list[Request]]:
    clock = VirtualClock()
    network = ScriptedNetwork(script, clock, url)

    async def no_other(_collector: object) -> None:
        raise AssertionError("the walk collects nothing else")

    context = CollectorContext(Target(url), network, clock, Level.PASSIVE, declared or {}, excluded, no_other)
    site = await SITE.gather(context)
    assert len(network.sent) <= SITE.requests
    assert all(request.method == "GET" for request in network.sent)
    return site, network.sent


def paths(sent: list[Request]) -> list[str]:
    return [request.url.removeprefix(HOME[:-1]) for request in sent]


async def test_an_ordinary_site() -> None:
    site, sent = await walk(
        {
            HOME: redirect("/accueil", status=302),
            f"{HOME}accueil": page(
                "<title>Portail</title><a href=/aide>Aide</a><a href=/doc.pdf>PDF</a><a href='https://ailleurs.example/'>A</a>"
                "<a href=/logout>Quitter</a><script src=/app.js></script><link rel=stylesheet href=/manque.css>"
            ),
            f"{HOME}aide": page("<a href=/aide/fiche>Fiche</a>"),
            f"{HOME}aide/fiche": page("<a href=/trop/loin>x</a>"),
            f"{HOME}app.js": page("x", content_type="text/javascript"),
            f"{HOME}robots.txt": page("User-agent: *\nDisallow: /prive", content_type="text/plain"),
        }
    )
    assert [one.url for one in site.entry] == [HOME, f"{HOME}accueil"]
    assert [one.url for one in site.pages] == [f"{HOME}accueil", f"{HOME}aide", f"{HOME}aide/fiche"]
    assert site.home_page is site.pages[0]
    assert [one.url for one in site.resources] == [f"{HOME}app.js"]
    assert site.robots is not None
    assert site.sitemap is None
    assert len(site.absent) == 3
    assert {one.status for one in site.absent} == {404}
    assert dict(site.skipped) == {
        "https://ailleurs.example/": Skipped.OUT_OF_SCOPE,
        f"{HOME}logout": Skipped.DANGEROUS,
        f"{HOME}doc.pdf": Skipped.NOT_A_PAGE,
    }
    assert site.complete
    assert "/logout" not in paths(sent)
    assert len(sent) == len(set(paths(sent))) == len(site.exchanges)


@pytest.mark.parametrize(
    "home",
    [
        page("<h1>Erreur</h1>", status=500),
        page(""),
        page("{}", content_type="application/json"),
        page(b"\x00\xff" * 50, content_type="text/html"),
        page("x", content_type=None),
    ],
)
async def test_a_home_that_is_no_page_still_gives_a_site(home: Response) -> None:
    site, _ = await walk({HOME: home})
    assert site.home.response is home
    assert site.complete
    assert len(site.absent) == 3


@pytest.mark.parametrize("failure", [Failure.REFUSED, Failure.TLS, Failure.BUDGET])
async def test_a_silent_host_is_asked_once(failure: Failure) -> None:
    site, sent = await walk(lambda _: failure)
    assert site.home.failure is failure
    assert not site.complete
    assert len(sent) == 1


async def test_redirects_that_loop_or_leave_the_scope_end_the_walk() -> None:
    loop, sent = await walk({HOME: redirect("/a"), f"{HOME}a": redirect("/")})
    assert (len(loop.entry), loop.pages, loop.complete, len(sent)) == (2, (), False, 2)
    away, sent = await walk({HOME: redirect("https://ailleurs.example/")})
    assert (away.pages, away.complete, len(sent)) == ((), False, 1)
    assert away.skipped == (("https://ailleurs.example/", Skipped.OUT_OF_SCOPE),)
    endless, sent = await walk(lambda request: redirect(f"{request.url}x"))
    assert (len(endless.entry), endless.complete) == (11, False)


async def test_a_redirect_to_what_is_no_web_address_is_told() -> None:
    site, _ = await walk({HOME: redirect("file:///etc/hostname")})
    assert (site.pages, site.complete, len(site.absent)) == ((), False, 3)


async def test_a_page_that_is_not_whole_is_told() -> None:
    whole = page("<p>x")
    cut = replace(whole, truncated=Truncation.DECODED_CAP)
    assert (await walk({HOME: whole}))[0].complete
    assert not (await walk({HOME: cut}))[0].complete


async def test_redirects_met_on_the_way_are_followed_within_the_scope() -> None:
    site, _ = await walk(
        {
            HOME: page("<a href=/old>x</a><a href=/out>y</a><a href=/bye>z</a><a href=/spin>s</a>"),
            f"{HOME}old": redirect("/new"),
            f"{HOME}new": page("<p>neuf"),
            f"{HOME}out": redirect("https://ailleurs.example/"),
            f"{HOME}bye": redirect("/logout"),
            f"{HOME}spin": redirect("/spin"),
        }
    )
    assert [one.url for one in site.pages] == [HOME, f"{HOME}new"]
    assert dict(site.skipped) == {
        "https://ailleurs.example/": Skipped.OUT_OF_SCOPE,
        f"{HOME}logout": Skipped.DANGEROUS,
    }


async def test_robots_and_exclusions_are_respected() -> None:
    site, sent = await walk(
        {
            HOME: page(
                "<a href=/prive/x>p</a><a href=/interdit>i</a><a href=/ok>o</a><script src=/prive/a.js></script>"
            ),
            f"{HOME}robots.txt": page("User-agent: *\nDisallow: /prive", content_type="text/plain"),
        },
        excluded=lambda url: "interdit" in url,
    )
    assert dict(site.skipped) == {f"{HOME}prive/x": Skipped.DISALLOWED, f"{HOME}interdit": Skipped.EXCLUDED}
    assert "/prive/a.js" in paths(sent)
    assert "/ok" in paths(sent)


async def test_a_robots_file_that_is_a_page_is_no_rule() -> None:
    site, _ = await walk(lambda _: page("<p>coquille</p>User-agent: *\nDisallow: /"))
    assert site.robots is None


async def test_sitemaps_give_pages_one_level_deep() -> None:
    index = b"<sitemapindex><sitemap><loc>/s1.xml</loc></sitemap></sitemapindex>"
    nested = b"<urlset><url><loc>/depuis-le-plan</loc></url><url><loc>https://ailleurs.example/</loc></url></urlset>"
    site, sent = await walk(
        {
            HOME: page("<p>x"),
            f"{HOME}robots.txt": page("Sitemap: /plan.xml", content_type="text/plain"),
            f"{HOME}plan.xml": page(index, content_type="application/xml"),
            f"{HOME}s1.xml": page(nested, content_type="application/xml"),
            f"{HOME}depuis-le-plan": page("<p>y"),
        }
    )
    assert site.sitemap is not None
    assert site.sitemap.url == f"{HOME}plan.xml"
    assert [one.url for one in site.pages] == [HOME, f"{HOME}depuis-le-plan"]
    assert "/sitemap.xml" not in paths(sent)


async def test_the_budget_is_kept_and_told_and_can_be_declared() -> None:
    def endless(request: Request) -> Response:
        name = request.url.removeprefix(HOME)
        return page("".join(f"<a href=/{name}{letter}>x</a>" for letter in "abcdefgh") + name)

    site, _ = await walk(endless)
    assert len(site.pages) == DEFAULT_PAGES + 1
    assert not site.complete
    assert Skipped.BUDGET in dict(site.skipped).values()
    small, _ = await walk(endless, declared={"discovery.pages": 5})
    assert len(small.pages) == 6


@pytest.mark.parametrize(("declared", "expected"), [(None, 40), (True, 40), ("9", 40), (0, 1), (7, 7), (10**9, 100)])
def test_page_limit(declared: object, expected: int) -> None:
    assert page_limit(declared) == expected


async def test_one_shell_for_every_address_is_one_page() -> None:
    shell = page("<div id=root></div><a href=/a>a</a><a href=/b>b</a><script src=/main.js></script>")
    site, _ = await walk(lambda _: shell)
    assert [one.url for one in site.pages] == [HOME]
    assert {one.url for one in site.others} >= {f"{HOME}a", f"{HOME}b"}


async def test_a_host_that_stops_answering_is_left_alone() -> None:
    def answer(request: Request) -> Response | Failure:
        if request.url == HOME:
            return page("".join(f"<a href=/{letter}>x</a>" for letter in "abcdefghijklmnopqrstuvwxyz"))
        return Failure.RESPONSE_TIMEOUT

    site, sent = await walk(answer)
    assert not site.complete
    assert len(sent) < 12


async def test_too_many_scripts() -> None:
    site, sent = await walk({HOME: page("".join(f"<script src=/{n}.js></script>" for n in range(MAX_RESOURCES + 9)))})
    assert sum(path.endswith(".js") for path in paths(sent)) == MAX_RESOURCES
    assert not site.complete


async def test_invented_addresses_live_beside_the_application() -> None:
    _, sent = await walk({f"{HOME}app/index.php": page("<p>x")}, url=f"{HOME}app/index.php")
    invented = paths(sent)[-3:]
    assert all(path.startswith("/app/") for path in invented)
    assert invented[1].endswith(".php")
    assert invented[2].endswith("/")


async def test_and_not_beside_the_sign_in_page_that_it_redirects_to() -> None:
    _, sent = await walk({HOME: redirect("/sso/login"), f"{HOME}sso/login": page("<p>x")})
    assert not any(path.startswith("/sso/") for path in paths(sent)[-3:])


async def test_clear_links_of_a_secure_home_are_read_over_https() -> None:
    site, _ = await walk({HOME: page("<a href='http://portal.example/x'>x</a>"), f"{HOME}x": page("<p>x")})
    assert [one.url for one in site.pages] == [HOME, f"{HOME}x"]


async def test_frames_are_pages() -> None:
    site, _ = await walk({HOME: page("<frameset><frame src=/menu></frameset>"), f"{HOME}menu": page("<p>menu")})
    assert [one.url for one in site.pages] == [HOME, f"{HOME}menu"]


async def test_a_first_answer_of_data_leads_where_it_says() -> None:
    listed = '{"endpoints": {"a": "/api/patients", "b": "/api/logout", "c": "/api/patients/{id}"}, "health": "/health"}'
    site, sent = await walk(
        {
            HOME: page(listed, content_type="application/json"),
            f"{HOME}api/patients": page('["/deeper"]', content_type="application/json"),
            f"{HOME}health": page('{"status": "ok"}', content_type="application/json"),
        }
    )
    assert {"/api/patients", "/health"} <= set(paths(sent))
    assert not {"/api/logout", "/deeper"} & set(paths(sent))
    assert dict(site.skipped)[f"{HOME}api/logout"] is Skipped.DANGEROUS
