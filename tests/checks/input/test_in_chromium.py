"""What came back runs in a real browser, in each place; and the reader of markup agrees with that browser."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import closing
from html import escape
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
    "single-quoted": "<input value='{}'>",
    "unquoted": "<input value={}>",
    "title": "<title>{}</title>",
    "textarea": "<textarea>{}</textarea>",
    "style": "<style>.a { color: {} }</style>",
    "comment": "<!-- {} -->",
    "string": "<script>var a = '{}';</script>",
    "literal": "<script>var a = `{}`;</script>",
    "code": "<script>var a = 1, b = [{}];</script>",
    "event": "<b onclick=\"isNaN('{}')\">x</b>",
    "address": '<a href="{}">x</a>',
    "srcdoc": '<iframe srcdoc="{}"></iframe>',
}


def without_brackets(value: str) -> str:
    return value.replace("<", "&lt;").replace(">", "&gt;")


def without_quotes(value: str) -> str:
    return value.replace('"', "&quot;").replace("'", "&#39;")


def backslashed(value: str) -> str:
    """A quote is escaped, the backslash before it is not."""
    return without_brackets(value.replace("'", "\\'"))


HALF = (
    ("attribute", without_brackets),
    ("unquoted", without_brackets),
    ("string", without_brackets),
    ("literal", without_quotes),
    ("string", backslashed),
    ("event", without_brackets),
    ("address", escape),
    ("text", without_quotes),
    ("text", lambda value: value.replace("script", "").replace("on", "on")),
    ("attribute", lambda value: value.replace(" ", "")),
)
"""What encodes for one place and is used in another."""


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


@pytest.mark.parametrize(("name", "encode"), HALF)
async def test_what_is_half_encoded_is_executed(name: str, encode: Callable[[str], str], chromium: Browser) -> None:
    found = await run_check("input.reflected-xss", echoing(SHAPES[name], encode), collected={"browser": chromium})
    assert slugs(found) == {"executed"}


async def test_json_declared_as_a_page_is_executed(chromium: Browser) -> None:
    found = await run_check(
        "input.reflected-xss",
        echoing("{}", lambda value: json.dumps({"mot": value})),
        collected={"browser": chromium},
    )
    assert slugs(found) == {"executed"}


async def test_a_form_is_sent_again_with_the_token_of_its_page(chromium: Browser) -> None:
    issued: set[str] = set()

    def answer(request: Request) -> Response:
        if urlsplit(request.url).path != "/":
            return page("<h1>Absente</h1>", status=404)
        token = f"t{len(issued)}x"
        issued.add(token)
        form = f"<form method=post action=/><input type=hidden name=jeton value={token}><input name=mot></form>"
        given = parse_qs(request.body.decode())
        if request.method == "POST":
            if given["jeton"][0] not in issued:
                return page("<h1>Refus</h1>", status=403)
            issued.discard(given["jeton"][0])
            form += f"<p>{given['mot'][0]}</p>"
        return page(form)

    told = {"input.harmless": ["POST /"]}
    found = await run_check("input.reflected-xss", answer, collected={"browser": chromium}, declared=told)
    assert slugs(found) == {"executed"}
    assert found[0].subject.name == "https://portal.example/ [mot]"


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
        return value.replace("top.", "tip.")

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


SCRIPTED = {
    "fragment": "t.innerHTML = decodeURIComponent(location.hash.slice(1))",
    "query": "document.write(decodeURI(location.href.split('vue=')[1] || ''))",
    "named": "t.innerHTML = new URLSearchParams(location.search).get('vue')",
    "evaluated": "eval(\"var a = '\" + new URLSearchParams(location.search).get('vue') + \"'\")",
    "address": "t.href = decodeURIComponent(location.hash.slice(1))",
}
SAFE = {
    "text": "t.innerHTML = '<b></b>'; t.firstChild.textContent = decodeURIComponent(location.hash.slice(1))",
    "encoded": "t.innerHTML = location.hash + location.search",
}


def writing(code: str) -> Script:
    def answer(request: Request) -> Response:
        if urlsplit(request.url).path != "/":
            return page("<h1>Absente</h1>", status=404)
        return page(f"<title>Accueil</title><a id=t>x</a><script>{code}</script>")

    return answer


@pytest.mark.parametrize("name", SCRIPTED)
async def test_what_a_script_writes_is_executed(name: str, chromium: Browser) -> None:
    found = await run_check("input.reflected-xss", writing(SCRIPTED[name]), collected={"browser": chromium})
    assert slugs(found) == {"in-page"}


@pytest.mark.parametrize("name", SAFE)
async def test_what_a_script_writes_as_text_is_not(name: str, chromium: Browser) -> None:
    found = await run_check("input.reflected-xss", writing(SAFE[name]), collected={"browser": chromium})
    assert slugs(found) == {"escaped"}


@pytest.mark.parametrize(
    ("switch", "slug"), [("input.reflected-xss/in-page", "in-page"), ("trap/script-that-escapes", "escaped")]
)
async def test_the_portal_writes_it(
    switch: str, slug: str, lab_answers: Callable[[Lab], Script], chromium: Browser
) -> None:
    clock = VirtualClock()
    with closing(Lab([switch], clock=clock)) as lab:
        found = await run_check(
            "input.reflected-xss",
            lab_answers(lab),
            url=lab.https_url + "/",
            clock=clock,
            collected={"browser": chromium},
        )
    assert slugs(found) == {slug}


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
