"""What came back runs in a real browser, in each place; and the reader of markup agrees with that browser."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_checks.input.markup import tokens
from pgssi_probe.browser import Browser
from pgssi_probe.check.harness import Script, page, run_check, scripted, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.net.exchange import Request, Response
from pgssi_probe.registry import check

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHAPES = {
    "text": "<p>{}</p>",
    "attribute": '<input value="{}">',
    "string": "<script>var a = '{}';</script>",
    "address": '<a href="{}">x</a>',
}


def echoing(shape: str, encode: Callable[[str], str] = lambda value: value, policy: str = "") -> Script:
    headers = (("Content-Security-Policy", policy),) if policy else ()

    def answer(request: Request) -> Response:
        parts = urlsplit(request.url)
        if parts.path == "/":
            return page("<title>Accueil</title><a href='/p?v=1'>page</a>")
        if parts.path != "/p":
            return page("<h1>Absente</h1>", status=404)
        given = parse_qs(parts.query, keep_blank_values=True).get("v", [""])[0]
        return page(shape.replace("{}", encode(given)), headers=headers)

    return answer


@pytest.mark.parametrize("name", SHAPES)
async def test_what_runs_is_executed(name: str, chromium: Browser) -> None:
    found = await run_check("input.reflected-xss", echoing(SHAPES[name]), collected={"browser": chromium})
    assert slugs(found) == {"executed"}
    assert found[0].facts["confirmation"] == "ran"


async def test_a_filter_of_angle_brackets_leaves_the_attribute(chromium: Browser) -> None:
    def filtered(value: str) -> str:
        return value.replace("<", "").replace(">", "")

    found = await run_check(
        "input.reflected-xss", echoing(SHAPES["attribute"], filtered), collected={"browser": chromium}
    )
    assert slugs(found) == {"executed"}
    assert found[0].facts["became"] == "attribute"


async def test_a_policy_that_stops_scripts_is_told(chromium: Browser) -> None:
    script = echoing(SHAPES["text"], policy="script-src 'self'")
    found = await run_check("input.reflected-xss", script, collected={"browser": chromium})
    assert slugs(found) == {"unescaped"}
    assert found[0].facts["confirmation"] == "policy"


async def test_what_chromium_does_not_run_is_a_hint(chromium: Browser) -> None:
    def defused(value: str) -> str:
        return value.replace("window", "wndw")

    found = await run_check("input.reflected-xss", echoing(SHAPES["text"], defused), collected={"browser": chromium})
    assert slugs(found) == {"ambiguous"}


async def test_the_portal_runs_it(lab_answers: Callable[[Lab], Script], chromium: Browser) -> None:
    clock = VirtualClock()
    with closing(Lab(["input.reflected-xss/executed"], clock=clock)) as lab:
        found = await run_check(
            "input.reflected-xss",
            lab_answers(lab),
            url=lab.https_url + "/",
            clock=clock,
            collected={"browser": chromium},
        )
    assert slugs(found) == {"executed"}


PIECES = (
    "<{m}>", "<p>", "</p>", "<!--", "-->", "--!>", "<!", "<?", "</", ">", "'", '"', " ", "=", "a", "<b x=", "<i y='",
    '<u z="', "<title>", "</title>", "<textarea>", "</textarea>", "<script>", "</script>", "<style>", "</style>",
    "<svg>", "</svg>", "<![CDATA[", "]]>", "<desc>", "</desc>", "/", "<a/", "<xmp>", "</xmp>", "<iframe>", "</iframe>",
    "\n",
)  # fmt: skip
SEEN = """pages => pages.map(([html, name]) =>
  new DOMParser().parseFromString(html, 'text/html').getElementsByTagName(name).length > 0)"""


async def test_the_reader_agrees_with_chromium(chromium: Browser) -> None:
    """Whether a tag of a random name is made, in pages of random pieces."""
    chance = random.Random(7)
    pages = []
    for number in range(4000):
        mark = f"pg{number}x"
        made = [chance.choice(PIECES) for _ in range(chance.randrange(1, 9))]
        made.insert(chance.randrange(len(made) + 1), "<{m}>")
        pages.append(("".join(made).replace("{m}", mark), mark))
    run = scripted(check("input.reflected-xss").metadata, {"https://portal.example/": page("<p>x</p>")})
    async with chromium.visit(run.network, run.context.clock) as visit:
        await visit.open("https://portal.example/")
        theirs = await visit.ask(SEEN, pages)
    ours = [any(token.kind == "tag" and token.name == mark for token in tokens(html)) for html, mark in pages]
    differ = [html for (html, _), one, other in zip(pages, ours, theirs, strict=True) if one != other]
    assert not differ, json.dumps(differ[:10])
