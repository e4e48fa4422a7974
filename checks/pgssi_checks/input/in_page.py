"""Scripts of a page that write what its address holds, the server having no part in it: tried in Chromium only.

Only pages whose own scripts read the address and write markup or code are opened, each with a fragment and with the
parameters that those scripts name. What runs sets a property of the window, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pgssi_checks.input.asking import Asker
from pgssi_probe.browser import BROWSER, BrowserLost, Visit
from pgssi_probe.check import CheckContext, Exchange, Observation, Subject
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.site import Page
from pgssi_probe.inventory.model import ANONYMOUS

MAX_PAGES: Final = 6
MAX_NAMES: Final = 4
MAX_SCRIPT: Final = 300_000
FRAGMENT: Final = "#"
READS: Final = re.compile(
    r"location\s*\.\s*(?:hash|search|href)|document\s*\.\s*(?:URL|documentURI|location)\b|\bURLSearchParams\b"
)
WRITES: Final = re.compile(
    r"\.(?:innerHTML|outerHTML|srcdoc)\s*\+?=|insertAdjacentHTML|document\s*\.\s*write|\.(?:html|append|prepend)\s*\(|"
    r"\beval\s*\(|\bFunction\s*\(|setTimeout\s*\(\s*[^\s(f]|\.href\s*=|location\s*=(?!=)|location\s*\.\s*(?:assign|replace)|"
    r"\$\s*\(\s*(?:window\s*\.\s*)?location"
)
_NAMED: Final = re.compile(r"""\.get\(\s*["'`]([\w.-]{1,40})["'`]\s*\)|["'`][?&]?([A-Za-z][\w.-]{0,40})=["'`]""")
_AS_TYPED: Final = "/=:()';,!*$@.-"
"""What a browser leaves as it is in a query: scripts that decode by decodeURI see the rest only."""
WAYS: Final = ("<img src=data: onerror=top.{mark}=1>", "javascript:top.{mark}=1//", "'-(top.{mark}=1)-'")


@dataclass(frozen=True, slots=True)
class Place:
    """A page whose scripts use its address, and what of it: the fragment and these parameters."""

    url: str
    label: str
    names: tuple[str, ...]


def scripts_of(page: Page, sources: Mapping[str, str]) -> str:
    """The code of a page: what stands in it and the files that it loads, as far as they were read."""
    files = [sources[one.url] for one in page.document.resources if one.tag == "script" and one.url in sources]
    return "\n".join((*page.document.inline_scripts, *files))[:MAX_SCRIPT]


def uses_its_address(code: str) -> bool:
    return bool(READS.search(code) and WRITES.search(code))


def places(asker: Asker) -> Iterator[Place]:
    """Pages to open, one for each address without its query."""
    seen: set[str] = set()
    for label, visit in asker.inventory.visits.items():
        if label != ANONYMOUS and visit.session is None:
            continue
        sources = {
            one.url: one.response.text
            for one in visit.answers
            if one.response is not None and "javascript" in one.response.media_type
        }
        for page in visit.pages:
            bare = page.url.partition("?")[0]
            code = scripts_of(page, sources)
            if bare in seen or is_dangerous(page.url) or not uses_its_address(code):
                continue
            seen.add(bare)
            named = [one or other for one, other in _NAMED.findall(code)]
            own = [name for name, _ in parse_qsl(urlsplit(page.url).query, keep_blank_values=True)]
            yield Place(page.url, label, tuple(dict.fromkeys((*own, *named)))[:MAX_NAMES])


def addresses(place: Place, value: str) -> Iterator[tuple[str, str]]:
    """What of the address bears the value, and the address."""
    yield FRAGMENT, place.url.partition("#")[0] + FRAGMENT + value
    parts = urlsplit(place.url)
    for name in place.names:
        fields = [(key, old) for key, old in parse_qsl(parts.query, keep_blank_values=True) if key != name]
        query = f"{urlencode([*fields, (name, '')], quote_via=quote)}{quote(value, safe=_AS_TYPED)}"
        yield name, parts._replace(query=query, fragment="").geturl()


async def found_in_pages(asker: Asker, word: str, ran: str, pressed: str) -> list[Observation]:
    """What ran, one observation for each page and parameter. Nothing without a browser."""
    ctx = asker.ctx
    browser = await ctx.collect(BROWSER)
    if browser.missing:
        return []
    found: list[Observation] = []
    for place in list(places(asker))[:MAX_PAGES]:
        visitor = asker.visitors[place.label]
        session = visitor.session if place.label != ANONYMOUS else None
        try:
            async with browser.visit(ctx.network, ctx.clock, session=session, label=place.label) as visit:
                found += await _on_page(ctx, visit, place, word, ran, pressed)
        except BrowserLost:
            continue
    return found


async def _on_page(
    ctx: CheckContext, visit: Visit, place: Place, word: str, ran: str, pressed: str
) -> list[Observation]:
    found: list[Observation] = []
    known: set[str] = set()
    for number, way in enumerate(WAYS):
        for what, url in addresses(place, way.format(mark=f"{word}{number}")):
            mark = f"{word}{number}"
            if what in known:
                continue
            await visit.open("about:blank")  # a change of the fragment alone loads nothing
            landing = await visit.open(url)
            answered = landing.exchange
            if answered is None or answered.response is None or mark in answered.response.text.lower():
                continue  # the server wrote it: that is another matter, looked at elsewhere
            if await visit.ask(ran, mark) or (number == 1 and await visit.ask(pressed, mark)):
                known.add(what)
                found.append(_told(ctx, place, what, url, answered))
    return found


def _told(ctx: CheckContext, place: Place, what: str, url: str, answered: Exchange) -> Observation:
    path = urlsplit(place.url).path
    parameter = urlsplit(place.url)._replace(query="", fragment="").geturl() + (
        what if what == FRAGMENT else f"?{what}"
    )
    kept = (
        ctx.keep(answered, title="page-whose-script-writes"),
        ctx.keep_facts("address-to-open", {"url": url, "parameter": what}),
    )
    subject = Subject(kind="url", name=parameter[:2000])
    facts = {"request": f"GET {path}"[:300], "parameter": what[:80]}
    return Observation(slug="in-page", subject=subject, facts=facts, evidence=kept)
