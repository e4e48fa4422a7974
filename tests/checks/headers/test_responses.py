"""Answers sorted by what they are."""

import pytest

from pgssi_checks.headers.responses import Kind, html_only, is_data, samples, tally
from pgssi_probe.check.harness import exchange, page, redirect
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Page, Site

HOME = "https://portal.example/"
LOGIN = "<form method=post><input name=u><input name=p type=password></form>"


def page_of(url: str, body: str) -> Page:
    return Page(exchange(url, page(body)), parse_html(body, url))


async def sampled() -> Site:
    home = page_of(HOME, "<h1>Accueil</h1>")
    return Site(
        entry=(exchange(HOME + "debut", redirect(HOME)), home.exchange),
        pages=(home, page_of(HOME + "connexion", LOGIN)),
        resources=(exchange(HOME + "a.js", page("1", content_type="text/javascript")),),
        absent=(exchange(HOME + "absent", page("<h1>Rien</h1>", status=404)),),
        robots=exchange(HOME + "robots.txt", page("User-agent: *", content_type="text/plain")),
        sitemap=exchange(HOME + "sitemap.xml", page("<urlset/>", content_type="application/xml")),
        others=(
            exchange(HOME + "api", page("{}", content_type="application/json")),
            exchange(HOME + "vide", page("", status=204)),
        ),
        skipped=(),
        complete=True,
    )


async def test_each_answer_has_its_kind_and_comes_once() -> None:
    found = {sample.url.removeprefix(HOME): sample.kind for sample in await samples(await sampled())}
    assert found == {
        "": Kind.PAGE,
        "connexion": Kind.LOGIN,
        "a.js": Kind.FILE,
        "absent": Kind.ERROR,
        "robots.txt": Kind.FILE,
        "sitemap.xml": Kind.FILE,
        "api": Kind.API,
    }


async def test_html_answers_are_parsed_errors_included() -> None:
    html = html_only(await samples(await sampled()))
    assert {sample.kind for sample in html} == {Kind.PAGE, Kind.LOGIN, Kind.ERROR}
    assert all(sample.document is not None for sample in html)


async def test_counts_by_kind() -> None:
    facts = tally(await samples(await sampled()))
    assert facts["count"] == 7
    assert (facts["pages"], facts["logins"], facts["errors"], facts["apis"], facts["files"]) == (1, 1, 1, 1, 3)


@pytest.mark.parametrize(
    ("media", "data"),
    [
        ("application/problem+json", True),
        ("text/xml", True),
        ("image/svg+xml", False),
        ("application/rss+xml", False),
        ("text/html", False),
    ],
)
def test_data_for_programs(media: str, data: bool) -> None:
    assert is_data(page("x", content_type=media)) is data
