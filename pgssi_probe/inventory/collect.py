"""`INVENTORY`: what each visitor can reach, walked once a run and shared by the checks of access and of inputs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from pgssi_probe.check.context import Collector, CollectorContext
from pgssi_probe.discovery.collect import DECLARED_PAGES, SITE, page_limit
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.site import Page, Site, Skipped
from pgssi_probe.identity import Session, State, clear_of_doors, oracle_of, plan_of, sign_in, sign_in_paths
from pgssi_probe.inventory.acting import Acts
from pgssi_probe.inventory.declaring import is_declared
from pgssi_probe.inventory.describing import MAX_SENT, REQUESTS, Described, ask_described, described, pool_of
from pgssi_probe.inventory.gleaning import Found, of_document, of_script
from pgssi_probe.inventory.har import own_headers, recorded
from pgssi_probe.inventory.model import ANONYMOUS, TELLING, Endpoint, Inventory, Parameter, Source, Visit
from pgssi_probe.inventory.requests import GRAPHQL_TYPE, parameters_of
from pgssi_probe.inventory.walking import MAX_PARTS, MAX_SCRIPTS, OF_DATA, RENEWALS, Walking
from pgssi_probe.inventory.watching import MAX_REQUESTS, watched
from pgssi_probe.net.exchange import Exchange

LABELS: Final = ("a", "b", "low", "high")
"""Accounts whose view is taken. The sacrificial one has none: it may be braked at any moment."""
MAX_ENDPOINTS: Final = 2_000
REQUESTS_OF_A_SIGN_IN: Final = 28
MAX_WALKED: Final = 100
MAX_DRAWN: Final = 30
"""Requests of what the browser drew."""

ROUNDS: Final = 2
"""How often what a description tells of is filled with what the answers so far gave."""

DECLARED_HAR: Final = {
    "a": "discovery.har-a",
    "b": "discovery.har-b",
    "low": "discovery.har-low",
    "high": "discovery.har-high",
}
"""The recorded visit of each account."""
DECLARED_READS: Final = "authz.reads"


@dataclass
class Known:
    """Requests by their key: the first or best way in which each was met, and who was shown it or told of it."""

    found: dict[tuple[str, str, bytes], Found] = field(default_factory=dict)
    shown: dict[tuple[str, str, bytes], set[str]] = field(default_factory=dict)
    told: dict[tuple[str, str, bytes], set[str]] = field(default_factory=dict)
    held: dict[str, Skipped] = field(default_factory=dict)
    acts: Acts = field(default_factory=Acts)

    def add(self, label: str, found: Iterable[Found]) -> None:
        for one in found:
            key = one.key
            if key not in self.found:
                if len(self.found) >= MAX_ENDPOINTS:
                    continue
                self.found[key] = one
            else:
                self.found[key] = _joined(self.found[key], one)
            (self.told if one.source in TELLING else self.shown).setdefault(key, set()).add(label)

    def endpoints(self, reads: frozenset[str]) -> Iterable[Endpoint]:
        for key, found in self.found.items():
            shown, told = self.shown.get(key, set()), self.told.get(key, set())
            acts = found.method == "GET" and self.acts.is_one(found.url)
            held = Skipped.DANGEROUS if acts else self.held.get(found.url)
            yield _endpoint(found, frozenset(shown), frozenset(told), held, reads)


def _joined(known: Found, one: Found) -> Found:
    """A request met twice: as it was shown, with what a description says of it."""
    writes, parts = known.writes or one.writes, known.record_parts or one.record_parts
    for_staff = known.for_staff or one.for_staff
    if known.source in TELLING and one.source not in TELLING:
        joined = replace(one, fields=known.fields or one.fields, text=one.text or known.text)
    elif is_dangerous(one.url, known.text) and not is_dangerous(one.url, one.text):
        # A page is opened by one link and deleted by another, with a method that scripts add.
        joined = replace(known, text=one.text)
    else:
        joined = known
    return replace(joined, writes=writes, record_parts=parts, for_staff=for_staff)


async def gather_inventory(ctx: CollectorContext) -> Inventory:
    """Walks of nobody and of each declared account. Never raises for what the target does."""
    site: Site = await ctx.collect(SITE)
    known = Known(held=dict(site.skipped))
    known.add(ANONYMOUS, _of_site(site))
    visits: dict[str, Visit] = {ANONYMOUS: Visit(ANONYMOUS, None, site.pages, site.exchanges, site.complete)}
    walks: dict[str, Walking] = {}
    same: dict[str, str] = {}
    for label in LABELS:
        if label not in ctx.accounts:
            continue
        twin = next((one for one in walks if ctx.accounts[one].username == ctx.accounts[label].username), None)
        if twin is not None:
            same[label] = twin
            continue
        started = await _walked(ctx, label, site, known)
        if isinstance(started, Walking):
            walks[label] = started
        else:
            visits[label] = started
    described = await _described(walks, site, known)
    await _ask_described(walks, described)
    for label, walking in walks.items():
        visits[label] = _concluded(label, walking, known)
    for label, twin in same.items():  # one person under two labels is walked once
        visits[label] = replace(visits[twin], label=label)
        for seen in (*known.shown.values(), *known.told.values()):
            if twin in seen:
                seen.add(label)
    wanted = ctx.declared.get(DECLARED_READS)
    reads = frozenset(str(one) for one in wanted) if isinstance(wanted, list) else frozenset()
    return Inventory(visits, tuple(known.endpoints(reads)), described.told_by)


async def _walked(ctx: CollectorContext, label: str, site: Site, known: Known) -> Walking | Visit:
    """The walk of an account, or why there is none."""
    oracle = await oracle_of(ctx, label)
    ctx = await clear_of_doors(ctx, label)
    signed = await sign_in(ctx, label)
    if signed.why.get("signal") == "already_open" and oracle.sign_in is not None and oracle.label == label:
        # A second session is refused: the walk goes on in that of the witness.
        first = oracle.sign_in.session.on(ctx.network)
        signed = replace(oracle.sign_in, session=first) if await oracle.state(first) is State.IN else signed
    if not signed.signed_in:
        return Visit(label, None, complete=False, why=signed.state.value)
    limit = min(page_limit(ctx.declared.get(DECLARED_PAGES)) * 3 // 2, MAX_WALKED)

    async def renew() -> Session | None:
        again = await sign_in(ctx, label)
        return again.session if again.signed_in else None

    doors = frozenset(page.url for page in site.pages if _may_be_a_door(page)) - {site.home.url}
    walking = Walking(ctx, label, signed.session, limit, await sign_in_paths(ctx), doors, renew, known.acts)
    walking.read.update(one.url for one in site.resources)
    start = [oracle.url] if oracle.usable and oracle.url else []
    start += [urljoin(site.home.url, "/"), site.home.url]
    recording = ctx.declared.get(DECLARED_HAR[label])
    if isinstance(recording, str):
        walking.learn(await asyncio.to_thread(recorded, Path(recording), ctx.network.in_scope))
    met = [one.url for key, one in known.found.items() if _may_be_opened(one) and ANONYMOUS in _all(known, key)]
    walking.ask_first(url for url in met if OF_DATA.search(urlsplit(url).path))
    code = [one for one in site.resources if one.response is not None and "javascript" in one.response.media_type]
    for script in code:
        await walking.read_parts(script.response.text if script.response else "", script.url, site.home.url)
    await walking.walk(dict.fromkeys([*start, *met]), signed.landing)
    drawn = await watched(ctx, walking, await plan_of(ctx, label), oracle, (*code, *walking.code))
    if drawn:
        walking.learn(drawn)
        await walking.go_on((), MAX_DRAWN)
    return walking


def _may_be_a_door(page: Page) -> bool:
    """Whether people sign in or register there, as far as their forms tell."""
    return page.document.asks_password or any(form.method == "POST" for form in page.document.forms)


def _may_be_opened(one: Found) -> bool:
    """Whether what somebody without an account met may be opened with one: it only reads, by all that is said of it."""
    plain = one.method == "GET" and one.complete and not one.headers
    return plain and not one.writes and not is_dangerous(one.url, one.text)


def _all(known: Known, key: tuple[str, str, bytes]) -> set[str]:
    return known.shown.get(key, set()) | known.told.get(key, set())


async def _described(walks: Mapping[str, Walking], site: Site, known: Known) -> Described:
    """Read by the first account: what describes an application is often kept from people without one."""
    walking = next((one for one in walks.values() if not one.lost and not one.ended), None)
    if walking is None:
        return Described()
    met = [one.url for one in (*known.found.values(), *walking.found.values())]
    return await described(walking, site.home.url, met)


async def _ask_described(walks: Mapping[str, Walking], told: Described) -> None:
    """Lists first, by everybody; then what their answers give identifiers for: each account's own, once it is known
    what the others were shown."""
    if not told.told_by:
        return
    sent: dict[str, set[tuple[str, str, bytes]]] = {label: set() for label in walks}
    for walking in walks.values():
        walking.limit += MAX_SENT
    for _ in range(ROUNDS):
        for label, walking in walks.items():
            others = [pool_of(walks[one], told) for one in walks if one != label and one != "high"]
            await ask_described(walking, told, others, sent[label])


def _concluded(label: str, walking: Walking, known: Known) -> Visit:
    visit = walking.visit()
    plain = [one for one in visit.answers if one.status == 200 and one.request.method == "GET"]
    answered = {one.url for one in plain}
    for url, reason in walking.frontier.skipped:
        known.held.setdefault(url, reason)
    for url in answered - walking.ended_by:  # what another link to it does was no reason to leave it
        known.held.pop(url, None)
    known.held.update(dict.fromkeys(walking.ended_by, Skipped.DANGEROUS))
    known.add(label, walking.found.values())
    known.add(label, (Found("GET", one.url, Source.LINK) for one in plain if not _has_own_headers(one)))
    return visit


def _has_own_headers(exchange: Exchange) -> bool:
    return bool(own_headers(exchange.request.headers))


def _of_site(site: Site) -> Iterable[Found]:
    invented = {exchange.url for exchange in site.absent}
    for exchange in site.exchanges:
        if exchange.status == 200 and exchange.url not in invented:
            yield Found("GET", exchange.url, Source.LINK)
    for page in site.pages:
        yield from of_document(page.document, page.url)
    for script in site.resources:
        if script.response is not None and "javascript" in script.response.media_type:
            yield from of_script(script.response.text, script.url)


def _endpoint(
    found: Found, shown: frozenset[str], told: frozenset[str], held: Skipped | None, declared: frozenset[str]
) -> Endpoint:
    dangerous = found.writes or is_dangerous(found.url, found.text)
    reads = found.method in {"GET", "HEAD"} or found.media_type == GRAPHQL_TYPE or is_declared(found, declared)
    if dangerous or held is Skipped.DANGEROUS:
        held, dangerous = Skipped.DANGEROUS, True
    elif not found.complete:
        held = Skipped.INCOMPLETE
    return Endpoint(
        method=found.method,
        url=found.url,
        source=found.source,
        seen_by=shown | told,
        parameters=_told(parameters_of(found.url, found.body, found.media_type, found.headers), found.fields),
        body=found.body,
        media_type=found.media_type,
        headers=found.headers,
        held=held,
        reads=reads and not dangerous,
        told_to=told - shown,
        record_parts=found.record_parts,
        for_staff=found.for_staff,
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
    requests=len(LABELS)
    * (
        (1 + RENEWALS) * REQUESTS_OF_A_SIGN_IN
        + MAX_WALKED
        + MAX_SCRIPTS
        + MAX_PARTS
        + 1
        + MAX_SENT
        + MAX_DRAWN
        + MAX_REQUESTS
    )
    + REQUESTS,
    methods=("GET", "HEAD", "POST"),
)
