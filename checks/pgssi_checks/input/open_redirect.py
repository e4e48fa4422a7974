"""`input.open-redirect`: does a parameter send the visitor to a site of the caller's choice (CWE-601)?

The site is a name that cannot exist (RFC 6761), another for each request: nothing else explains that it comes back.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import JsonValue

from pgssi_checks.input.asking import Asker, concluded, go_round, told
from pgssi_checks.input.landing import Sent, host_of, sends_to
from pgssi_checks.input.points import FIELDS, Point, curl
from pgssi_probe.check import CheckContext, Exchange, Observation, Request, Subject
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import Driver, SignInPlan, plan_of, sign_in
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Place, Source
from pgssi_probe.inventory.requests import parameters_of

NAMES = re.compile(
    r"^(?:next|url|uri|u|rurl|r|to|go|goto|go_to|back|backto|back_?url|from|ref|referer|referrer|continue|cont|dest|"
    r"destination|target|out|exit|link|href|location|forward|fwd|jump|service|callback|callback_url|relaystate|"
    r"redir|redirect|.*redirect.*|.*return.*|.*_?ur[il]|success|checkout|image_url|then|view_url|came_?from|"
    r"suite|retour|retour_?url|suivant|vers|aller|page_?suivante|origine|adresse|lien|revenir|cible|destination_url)$",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"^(?:https?:/|//|/[\w./-]*$)", re.IGNORECASE)
WAYS = (
    "https://{host}/",
    "//{host}/",
    "/\\{host}/",
    "/\t/{host}/",
    "https:{host}/",
    "https://{own}@{host}/",
    "http:{host}/",
)
"""Ways to write an address that a browser takes for that of another host, and that a filter may not."""


def name() -> str:
    return f"pgssi-{secrets.token_hex(5)}.invalid"


def is_candidate(point: Point) -> bool:
    return bool(NAMES.match(point.name) or ADDRESS.match(point.value))


async def sent_on(exchange: Exchange, host: str) -> Sent | None:
    """The first way in which an answer sends the browser to the host; a script only when nothing else does."""
    if exchange.response is None:
        return None
    page = await parse_page(exchange)
    every = sends_to(exchange.response, page.document if page else None)
    found = [one for one in every if host_of(exchange.url, one.target) == host]
    return min(found, key=lambda one: one.how == "script", default=None)


async def _one(asker: Asker, point: Point) -> list[Observation]:
    own = urlsplit(point.endpoint.url).hostname or ""
    for way in WAYS:
        host = name()
        got = await asker.put(point, way.format(host=host, own=own))
        sent = await sent_on(got, host)
        if sent is None:
            continue
        host = name()
        value = way.format(host=host, own=own)
        got = await asker.put(point, value)
        sent = await sent_on(got, host)
        if sent is not None:
            kept = (asker.ctx.keep(got, excerpt=sent.target[:200], title="elsewhere"),)
            slug = "scripted" if sent.how == "script" else "followed"
            return [told(asker.ctx, slug, point, kept, point.request(value), how=sent.how, written=way)]
    return []


def redirecting(inventory: Inventory) -> Iterator[Point]:
    """Parameters that the application itself wrote in its redirects, such as where to come back after signing in."""
    seen = frozenset({ANONYMOUS})
    for answer in inventory.visits[ANONYMOUS].answers:
        url = location(answer)
        if url is not None and not is_dangerous(url):
            endpoint = Endpoint("GET", url, Source.LINK, seen, parameters_of(url))
            yield from (Point(endpoint, parameter, ANONYMOUS) for parameter in endpoint.at(Place.QUERY))


async def observe(ctx: CheckContext) -> list[Observation]:
    asker = await Asker.of(ctx)
    every = asker.points(FIELDS)
    places = {(urlsplit(point.endpoint.url).path, point.name) for point in every}
    every += [p for p in redirecting(asker.inventory) if (urlsplit(p.endpoint.url).path, p.name) not in places]
    chosen = [point for point in every if is_candidate(point)]
    chosen.sort(key=lambda point: (point.signs_in, not NAMES.match(point.name)))
    done = await go_round(asker, chosen, _one, most=ctx.setting("points_max"))
    if done.reason is None and "a" in ctx.accounts:
        plan = await plan_of(ctx, "a")
        found = await _after_sign_in(asker, plan)
        done.found += found
        asked = 1 if plan.driver is Driver.FORM else 0
        done.tried, done.known = done.tried + asked, done.known + asked
    return concluded(ctx, asker, done, "closed")


def come_back_names(plan: SignInPlan) -> list[str]:
    """Names under which the sign-in page is told where to lead: of its address, then of its hidden fields."""
    names = [name for name, _ in parse_qsl(urlsplit(plan.url).query, keep_blank_values=True)]
    if plan.form is not None:
        action = [name for name, _ in parse_qsl(urlsplit(plan.form.form.action).query, keep_blank_values=True)]
        names += action + [field.name for field in plan.form.form.fields if field.kind == "hidden"]
    return [name for name in dict.fromkeys(names) if name and NAMES.match(name)][:2]


async def _after_sign_in(asker: Asker, plan: SignInPlan) -> list[Observation]:
    """Sign in with account a from an address that asks to be led elsewhere afterwards."""
    ctx = asker.ctx
    if plan.driver is not Driver.FORM or plan.federated:
        return []
    for parameter in come_back_names(plan):
        for way in WAYS[:3]:
            if await _signed_in(ctx, plan, parameter, way) is None:
                continue
            again = await _signed_in(ctx, plan, parameter, way)
            if again is not None:
                return [_told_of_sign_in(ctx, parameter, way, *again)]
    return []


def _told_of_sign_in(
    ctx: CheckContext, parameter: str, way: str, got: Exchange, sent: Sent, request: Request
) -> Observation:
    answer = ctx.keep(got, excerpt=sent.target[:200], title="signed-in")
    line = ctx.keep_facts("open-then-sign-in", {"curl": curl(request)})
    facts: dict[str, JsonValue] = {"parameter": parameter, "how": sent.how, "written": way}
    subject = Subject(kind="url", name=request.url.partition("?")[0])
    return Observation(slug="after-sign-in", subject=subject, facts=facts, evidence=(answer, line))


async def _signed_in(
    ctx: CheckContext, plan: SignInPlan, parameter: str, way: str
) -> tuple[Exchange, Sent, Request] | None:
    host = name()
    parts = urlsplit(plan.url)
    fields = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != parameter]
    value = way.format(host=host, own=parts.hostname or "")
    url = parts._replace(query=urlencode([*fields, (parameter, value)])).geturl()
    done = await sign_in(ctx, "a", plan=replace(plan, url=url), confirm=False)
    for exchange in done.exchanges:
        sent = await sent_on(exchange, host)
        if sent is not None and sent.how != "script":
            return exchange, sent, Request("GET", url)
    return None
