"""`INVENTORY`: what each visitor can reach, walked once a run and shared by the checks of access and of inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urljoin

from pgssi_probe.check.context import Collector, CollectorContext
from pgssi_probe.discovery.collect import DECLARED_PAGES, SITE, page_limit
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.site import Site, Skipped
from pgssi_probe.identity import ORACLE, SIGN_IN, Oracle, SignInPlan, sign_in
from pgssi_probe.inventory.gleaning import Found, of_document, of_script
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Parameter, Source, Visit
from pgssi_probe.inventory.requests import GRAPHQL_TYPE, parameters_of
from pgssi_probe.inventory.walking import Walking
from pgssi_probe.model.outcome import Level

LABELS: Final = ("a", "b", "low", "high")
"""Accounts whose view is taken. The sacrificial one has none: it may be braked at any moment."""
MAX_ENDPOINTS: Final = 2_000
REQUESTS_OF_A_SIGN_IN: Final = 28
MAX_WALKED: Final = 100

Known = dict[tuple[str, str, bytes], tuple[Found, set[str]]]


async def gather_inventory(ctx: CollectorContext) -> Inventory:
    """Walks of nobody and of each declared account. Never raises for what the target does."""
    site: Site = await ctx.collect(SITE)
    known: Known = {}
    held: dict[str, Skipped] = dict(site.skipped)
    _add(known, ANONYMOUS, _of_site(site))
    visits: dict[str, Visit] = {ANONYMOUS: Visit(ANONYMOUS, None, site.pages, site.exchanges, site.complete)}
    for label in LABELS:
        if label in ctx.accounts:
            visits[label] = await _visit(ctx, label, site, known, held)
    return Inventory(visits, tuple(_endpoints(known, held)))


async def _visit(ctx: CollectorContext, label: str, site: Site, known: Known, held: dict[str, Skipped]) -> Visit:
    plan: SignInPlan = await ctx.collect(SIGN_IN)
    oracle: Oracle = await ctx.collect(ORACLE)
    signed = await sign_in(ctx, label)
    if not signed.signed_in:
        return Visit(label, None, complete=False, why=signed.state.value)
    limit = min(page_limit(ctx.declared.get(DECLARED_PAGES)) * 3 // 2, MAX_WALKED)
    walking = Walking(ctx, label, signed.session, limit, sign_in_path=plan.path if plan.path != "/" else "")
    start = [oracle.url] if oracle.usable and oracle.url else []
    start += [urljoin(site.home.url, "/"), site.home.url]
    start += [found.url for found, seen in known.values() if found.method == "GET" and ANONYMOUS in seen]
    visit = await walking.walk(dict.fromkeys(start), signed.landing)
    for url, reason in walking.frontier.skipped:
        held.setdefault(url, reason)
    _add(known, label, walking.found.values())
    answered = (Found("GET", one.url, Source.LINK) for one in visit.answers if one.status == 200)
    _add(known, label, answered)
    return visit


def _of_site(site: Site) -> Iterable[Found]:
    for exchange in site.exchanges:
        if exchange.status == 200:
            yield Found("GET", exchange.url, Source.LINK)
    for page in site.pages:
        yield from of_document(page.document, page.url)
    for script in site.resources:
        if script.response is not None and "javascript" in script.response.media_type:
            yield from of_script(script.response.text, script.url)


def _add(known: Known, label: str, found: Iterable[Found]) -> None:
    for one in found:
        if one.key in known:
            known[one.key][1].add(label)
        elif len(known) < MAX_ENDPOINTS:
            known[one.key] = (one, {label})


def _endpoints(known: Known, held: Mapping[str, Skipped]) -> Iterable[Endpoint]:
    for found, seen in known.values():
        dangerous = is_dangerous(found.url, found.text)
        reads = (found.method in {"GET", "HEAD"} and not dangerous) or found.media_type == GRAPHQL_TYPE
        yield Endpoint(
            method=found.method,
            url=found.url,
            source=found.source,
            seen_by=frozenset(seen),
            parameters=_told(parameters_of(found.url, found.body, found.media_type), found.fields),
            body=found.body,
            media_type=found.media_type,
            held=Skipped.DANGEROUS if dangerous else held.get(found.url),
            reads=reads,
        )


def _told(parameters: tuple[Parameter, ...], fields: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """The parameters with what the form says of them, and the fields that are sent only when somebody fills them."""
    by_name = {(one.place, one.name): one for one in fields}
    known = {(one.place, one.name) for one in parameters}
    said = tuple(
        Parameter(one.place, one.name, one.value, by_name[key].kind, by_name[key].required)
        if (key := (one.place, one.name)) in by_name
        else one
        for one in parameters
    )
    return said + tuple(one for key, one in by_name.items() if key not in known)


INVENTORY: Final[Collector[Inventory]] = Collector(
    name="inventory",
    gather=gather_inventory,
    requests=len(LABELS) * (REQUESTS_OF_A_SIGN_IN + MAX_WALKED + 1),
    level=Level.ACTIVE,
    methods=("GET", "HEAD", "POST"),
)
