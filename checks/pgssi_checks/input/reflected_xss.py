"""`input.reflected-xss`: does a value come back as markup or script (CWE-79)?

First an inert word, to see where it comes back; then, for each kind of place, what would get out of there, around a
name that nothing else bears. What got out is looked for in the page as a browser cuts it, and run in Chromium where
there is one: it sets a property of the window, and nothing else.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urljoin

from pgssi_checks.input.asking import Asker, Unheard, concluded, few_pages, go_round, told
from pgssi_checks.input.carried import cookies_of, headers_on
from pgssi_checks.input.in_page import found_in_pages
from pgssi_checks.input.points import PLAIN, REFUSED, Point
from pgssi_checks.input.reflection import Out, got_out, spots
from pgssi_probe.browser import BROWSER, Browser, BrowserLost, Landing, Visit
from pgssi_probe.check import CheckContext, Exchange, Observation, Response
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Place, Source
from pgssi_probe.inventory.requests import parameters_of

_TRUSTED = re.compile(r"'(?:nonce|sha\d+)-")
XML: Final = frozenset({"application/xml", "text/xml", "image/svg+xml", "application/rss+xml", "application/atom+xml"})
SENT: Final = """([action, fields, tried]) => {
  const theirs = [...document.forms].find(one => one.method === 'post' && one.action === action);
  const form = document.createElement('form');
  form.method = 'post';
  form.action = action;
  for (const [name, value] of fields) {
    const field = document.createElement('input');
    const fresh = theirs && [...theirs.elements].find(one => one.name === name && one.type === 'hidden');
    field.type = 'hidden';
    field.name = name;
    field.value = fresh && name !== tried ? fresh.value : value;
    form.append(field);
  }
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form);
}"""
"""Sends a form of ours, with the hidden values of theirs."""
MAX_WAYS: Final = 8
"""Values tried on one parameter, after the first."""
AROUND: Final = 80
RAN: Final = "name => window[name] === 1"
PRESSED: Final = """async name => {
  for (const one of document.querySelectorAll('*')) {
    for (const attribute of one.attributes) {
      if (!attribute.value.includes(name)) continue;
      const handler = attribute.name.startsWith('on') && one[attribute.name];
      if (typeof handler === 'function') handler.call(one, new Event('x'));
      else if (/^\\s*javascript:/i.test(attribute.value) && one.click) one.click();
    }
  }
  await new Promise(done => setTimeout(done, 100));
  return window[name] === 1;
}"""
"""Presses what bears the name, since some places run only when somebody does."""


def word() -> str:
    """Letters and digits only: no filter has a reason to touch it."""
    return "pg" + "".join(secrets.choice("bcdfghjkmnpqrstvwxz") for _ in range(8)) + str(secrets.randbelow(90) + 10)


@dataclass(frozen=True, slots=True)
class Escaped:
    """What got out: the value that did it, `%` for the name; the answer that shows it."""

    way: str
    context: str
    out: Out
    value: str
    mark: str
    exchange: Exchange


def is_shown(response: Response) -> bool:
    """Whether a browser shows the answer as a page or a document."""
    attached = (response.header("content-disposition") or "").lower().startswith("attachment")
    return not attached and not 300 <= response.status < 400 and (response.is_html or is_doubtful(response))


def is_heard(exchange: Exchange, marker: str) -> bool:
    """Whether the answer is one to the value: a refusal of the request itself says nothing of it."""
    refused = exchange.response is None or exchange.response.status in REFUSED
    return not refused or (exchange.response is not None and marker in exchange.response.text.lower())


def is_doubtful(response: Response) -> bool:
    """Shown as something else than a page, or guessed by the browser from its content."""
    if response.media_type in XML:
        return True
    return not response.media_type and (response.header("x-content-type-options") or "").lower() != "nosniff"


async def _one(asker: Asker, point: Point) -> list[Observation]:
    marker = word()
    first = await asker.shown(point, marker)
    if not is_heard(first, marker):
        raise Unheard
    if first.response is None or not is_shown(first.response) or marker not in first.response.text.lower():
        return []
    tried = 0
    for spot in spots(first.response.text, marker):
        for way in spot.ways:
            tried += 1
            if tried > MAX_WAYS:
                return []
            out = await _try(asker, point, way, spot.context)
            if out is not None and (again := await _try(asker, point, way, spot.context)) is not None:
                return [await _judged(asker, point, again)]
    return []


async def _try(asker: Asker, point: Point, way: str, context: str) -> Escaped | None:
    mark = word()
    value = led(context, way) + way.replace("%", mark)
    got = await asker.shown(point, value)
    if got.response is None or not is_shown(got.response):
        return None
    out = got_out(got.response.text, mark)
    return Escaped(way, context, out, value, mark, got) if out is not None else None


def led(context: str, way: str) -> str:
    """What stands before a value: a word, so that it looks like one; nothing where that would make another meaning."""
    return "" if context == "address" or way.startswith("%()") else word()


def running(way: str, mark: str) -> list[str]:
    """Values that set a property of the window, made of one that got out."""
    sets = f"top.{mark}=1"
    if "<%>" in way:
        return [way.replace("<%>", made) for made in (f"<script>{sets}</script>", f"<svg onload={sets}>")]
    if way.startswith("javascript:"):
        return [f"javascript:{sets}//"]
    if "%()" in way:
        return [way.replace("%()", f"({sets})")]
    return [way.replace(" %=", f" autofocus tabindex=0 onfocus={sets} x=")]


async def _judged(asker: Asker, point: Point, got: Escaped) -> Observation:
    """Executed in Chromium; proved by the markup where there is none or where a policy stops scripts; else a hint."""
    assert got.exchange.response is not None  # noqa: S101 read already
    ctx = asker.ctx
    browser = await ctx.collect(BROWSER)
    if is_doubtful(got.exchange.response):
        verdict = "doubtful"
    elif point.parameter.place in {Place.QUERY, Place.PATH, Place.FORM}:
        verdict = await _run(asker, browser, point, got)
    else:
        verdict = "not-a-link"
    slug = {"ran": "executed", "policy": "unescaped", "no-browser": "unescaped"}.get(verdict, "ambiguous")
    slug = "carried" if point.is_carried else slug
    text = got.exchange.response.text
    shown = shown_where(text, got.way, got.mark)
    kept = (ctx.keep(got.exchange, excerpt=shown, title="got-out"),)
    request = point.request(got.value)
    return told(ctx, slug, point, kept, request, context=got.context, became=got.out, confirmation=verdict)


def shown_where(text: str, way: str, mark: str) -> str:
    """What surrounds the value where it got out: it may be repeated elsewhere in the page, well escaped."""
    small = text.lower()
    at = small.find(way.replace("%", mark).strip().lower())
    at = small.find(mark) if at < 0 else at
    return text[max(0, at - AROUND) : at + AROUND]


async def _run(asker: Asker, browser: Browser, point: Point, got: Escaped) -> str:
    """`ran`, `policy` when a content policy stopped it, `not-run`, or `no-browser`."""
    if browser.missing:
        return "no-browser"
    ctx, visitor = asker.ctx, asker.visitors[point.label]
    session = visitor.session if point.label != ANONYMOUS else None
    stopped = False
    try:
        methods = ("GET", "HEAD", point.endpoint.method)
        async with browser.visit(ctx.network, ctx.clock, session=session, label=point.label, methods=methods) as visit:
            for made in running(got.way, got.mark):
                value = led(got.context, got.way) + made
                landing = await _brought(asker, visit, point, value)
                if await visit.ask(RAN, got.mark) or await visit.ask(PRESSED, got.mark):
                    return "ran"
                refused = any("ContentSecurityPolicy" in code for code, _ in visit.overheard.issues)
                response = landing.exchange.response if landing.exchange else None
                stopped = stopped or refused or (response is not None and stops_scripts(response))
    except BrowserLost:
        return "no-browser"
    return "policy" if stopped else "not-run"


async def _brought(asker: Asker, visit: Visit, point: Point, value: str) -> Landing:
    """Go there as a link leads, or as a form sends: from the page that bears it, with the tokens of this visit."""
    request = point.request(value)
    if request.method != "POST":
        return await visit.open(request.url)
    visitor = asker.visitors[point.label]
    await visit.open(visitor.forms.page_of(point.endpoint, visitor.visit) or urljoin(request.url, "/"))
    fields = parse_qsl(request.body.decode(), keep_blank_values=True)
    await visit.ask(SENT, [request.url, fields, point.name])
    return await visit.settled()


def stops_scripts(response: Response) -> bool:
    """Whether an enforced policy of the answer leaves no inline script: read coarsely, Chromium had its say."""
    for policy in response.all("content-security-policy"):
        directives = {words[0].lower(): words[1:] for part in policy.split(";") if (words := part.split())}
        scripts = directives.get("script-src-elem", directives.get("script-src", directives.get("default-src")))
        if scripts is not None and (
            "'unsafe-inline'" not in scripts or re.search(r"'(?:nonce|sha\d+)-", " ".join(scripts))
        ):
            return True
    return False


def absent_page(origin: str) -> Point:
    """The page that tells that an address does not exist, which often repeats it."""
    url = urljoin(origin, "/" + word())
    parameter = next(one for one in parameters_of(url) if one.place is Place.PATH)
    return Point(Endpoint("GET", url, Source.LINK, frozenset({ANONYMOUS})), parameter, ANONYMOUS)


async def observe(ctx: CheckContext) -> list[Observation]:
    asker = await Asker.of(ctx)
    absent = absent_page(ctx.target.origin)
    pages = list(dict.fromkeys([absent.endpoint.url, *few_pages(asker)]))
    carried = [point for url in pages for point in headers_on(url)] + cookies_of(asker)
    wanted = asker.points(PLAIN, per_template=ctx.setting("per_template"))
    done = await go_round(asker, [absent, *carried, *wanted], _one, most=ctx.setting("points_max"))
    done.found = _once(done.found)
    if done.reason is None:
        done.found += await found_in_pages(asker, word(), RAN, PRESSED)
    return concluded(ctx, asker, done, "escaped")


def _once(found: list[Observation]) -> list[Observation]:
    """A header or a cookie that several pages repeat is told once: the remedy stands in what they share."""
    kept: dict[object, Observation] = {}
    for one in found:
        kept.setdefault(one.facts["parameter" if one.slug == "carried" else "request"], one)
    return list(kept.values())
