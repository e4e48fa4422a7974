"""`https.mixed-content`: what leaves an HTTPS page in clear."""

import pytest

from pgssi_checks.https.mixed_content import judge_page
from pgssi_probe.check.harness import exchange, page, run_check, slugs
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Page
from pgssi_probe.model.outcome import Reason

HOME = "https://portal.example/"


def found(body: str, **headers: str) -> set[str]:
    answer = page(body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return {one.slug for one in judge_page(Page(exchange(HOME, answer), parse_html(body, HOME)))}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<script src="http://cdn.example/a.js"></script>', {"active"}),
        ('<link rel="stylesheet" href="http://cdn.example/a.css">', {"active"}),
        ('<iframe src="http://cdn.example/"></iframe>', {"active"}),
        ('<object data="http://cdn.example/a.swf"></object>', {"active"}),
        ('<img src="http://cdn.example/a.png">', {"passive"}),
        ('<video src="http://cdn.example/a.mp4"></video>', {"passive"}),
        ('<link rel="icon" href="http://cdn.example/a.ico">', {"passive"}),
        ('<form method=get action="http://portal.example/recherche"><input name=q></form>', {"form-action"}),
        ('<form method=post action="http://portal.example/login"><input name=p type=password></form>', set()),
        ('<script src="https://cdn.example/a.js"></script><img src="/a.png"><form action="/b"></form>', set()),
        ('<script src="//cdn.example/a.js"></script>', set()),
        ('<a href="http://ailleurs.example/">lien</a>', set()),
        ('<link rel="canonical" href="http://portal.example/">', set()),
        ('<link rel="dns-prefetch" href="http://cdn.example/">', set()),
        ('<p>http://cdn.example/a.js</p><!-- <script src="http://cdn.example/a.js"></script> -->', set()),
        ('<base href="http://cdn.example/"><script src="a.js"></script>', {"active"}),
    ],
)
def test_one_page(body: str, expected: set[str]) -> None:
    assert found(body) == expected


def test_an_upgrade_directive_settles_it_unless_it_only_reports() -> None:
    body = '<script src="http://cdn.example/a.js"></script>'
    assert found(body, Content_Security_Policy="upgrade-insecure-requests") == {"upgraded"}
    assert found(body, Content_Security_Policy_Report_Only="upgrade-insecure-requests") == {"active"}
    head = '<head><meta http-equiv="Content-Security-Policy" content="upgrade-insecure-requests"></head>'
    assert found(head + body) == {"upgraded"}


async def test_a_clean_site_passes() -> None:
    assert slugs(await run_check("https.mixed-content", {HOME: page("<h1>Accueil</h1>")})) == {"clean"}


async def test_a_plain_http_target_is_not_concerned() -> None:
    script = {"http://portal.example/": page('<img src="http://portal.example/a.png">')}
    (outcome,) = await run_check("https.mixed-content", script, url="http://portal.example/")
    assert (outcome.slug, outcome.reason) == ("not-https", Reason.NOT_HTTPS)
