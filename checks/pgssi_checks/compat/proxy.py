"""`compat.proxy` (DT13): the same visit directly, then by the ways that proxies impose.

What fails twice by a way, and goes well directly before, between and after, is broken there. The visit is made of
HTTP requests alone: no WebSocket is opened on it, as behind a proxy that refuses the upgrade.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_checks.compat.journey import Journey, travel
from pgssi_checks.compat.routes import DIRECT, Route, moves, routes
from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_probe.check import CheckContext, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page

MAX_URLS = 20
_SOCKET = re.compile(r"\bnew\s+WebSocket\s*\(|[\"'`]wss?://", re.IGNORECASE)


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    return [*await Comparison(ground).observations(), *await _sockets(ground.ctx)]


class Comparison:
    """The visits of one run."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        declared = ground.ctx.declared.get("proxies")
        self.declared = [label for label in declared if isinstance(label, str)] if isinstance(declared, list) else []
        self.made: list[Journey] = []
        self.ways: list[str] = []
        self.unused: dict[str, Reason] = {}

    async def observations(self) -> list[Observation]:
        """Raises Lost when the direct visit itself does not go well."""
        reference = await self._directly()
        found: list[Observation] = []
        broken: set[str] = set()
        for route in routes(self.declared, encrypted=self.ground.ctx.target.scheme == "https"):
            if route.slug == "chain-breaks" and "proxy-breaks" in broken:
                continue
            if route.slug == "proxy-breaks" and "via-breaks" in broken and self.ground.ctx.target.scheme == "http":
                continue  # in the clear, a proxy adds the same headers: once is enough
            one = await self._broken(route, None, reference)
            if one is not None:
                found.append(one)
                broken.add(route.slug)
        if self.declared and not any(one.route.via and one.route.name not in self.unused for one in self.made):
            found += await self._by_our_own()
        for start, onwards in moves(self.declared):
            unsure = broken & {"via-breaks", "proxy-breaks"} or onwards.name in self.unused
            if unsure or "address-bound" in broken:
                continue
            one = await self._broken(onwards, start, reference)
            if one is not None:
                found.append(one)
                broken.add("address-bound")
        return [*found, *self._rest(reference, bool(found))]

    async def _by_our_own(self) -> list[Observation]:
        """No declared proxy leads there unharmed: those that the probe runs itself tell as much of the application."""
        reference = await self._directly()
        ways = [route for route in routes([], encrypted=False) if route.via]
        return [seen for route in ways if (seen := await self._broken(route, None, reference)) is not None][:1]

    async def _directly(self) -> Journey:
        journey = await self._travel(DIRECT)
        if "page" not in journey.reached:
            raise Lost(journey.excused or Reason.SESSION_LOST)
        return journey

    async def _travel(self, route: Route, onwards: Route | None = None) -> Journey:
        journey = await travel(self.ground, route, onwards)
        self.made.append(journey)
        return journey

    async def _broken(self, route: Route, start: Route | None, reference: Journey) -> Observation | None:
        """The failure of a way, seen twice around a direct visit that goes well; None otherwise."""
        ends = (start, route) if start is not None else (route, None)
        first = await self._travel(*ends)
        if first.excused is not None:
            self.unused.setdefault(route.name, first.excused)
            return None
        if first.broken_at(reference) is None:
            self.ways.append(route.name)
            return None
        if first.robbed(reference):
            self.unused.setdefault(route.name, Reason.PROTOCOL_ERROR)
            return None
        again = await self._directly()
        second = await self._travel(*ends)
        step = second.broken_at(reference)
        if step is None or step not in again.reached:
            if step is None:
                self.ways.append(route.name)
            return None
        kept = (self.ground.ctx.keep(second.shown),) if second.shown is not None else ()
        subject = self.ground.ctx.target.site
        return Observation(slug=route.slug, subject=subject, facts=dict(second.facts(step)), evidence=kept)

    def _rest(self, reference: Journey, failed: bool) -> Iterable[Observation]:
        ctx = self.ground.ctx
        rows: list[JsonValue] = [
            {"way": one.route.name, "reached": [*one.reached], "excused": one.excused} for one in self.made
        ]
        ways = list(dict.fromkeys(self.ways))
        proxied = any(one.route.via and one.route.name in ways for one in self.made)
        kept = (ctx.keep_facts("visits", {"visits": rows}),)
        facts: dict[str, JsonValue] = {"ways": [*ways], "count": len(ways), "steps": [*reference.reached]}
        if proxied and not failed:
            yield Observation(slug="works", subject=ctx.target.site, facts=facts, evidence=kept)
        for reason in dict.fromkeys(self.unused.values()):
            names = [name for name, why in self.unused.items() if why is reason]
            yield inconclusive(Subject(kind="service", name=", ".join(names)[:200]), reason, evidence=kept)
        if not proxied and not failed and not self.unused:
            yield inconclusive(ctx.target.site, Reason.UNSTABLE_TARGET, evidence=kept)


def opening_sockets(pages: Iterable[Page]) -> list[str]:
    """Addresses of the pages whose own markup opens a WebSocket. Pure."""
    return [
        page.url
        for page in pages
        if page.exchange.response is not None and _SOCKET.search(page.exchange.response.text[:500_000])
    ]


async def _sockets(ctx: CheckContext) -> list[Observation]:
    """Pages that open a WebSocket: said, not accused, since the visit went without."""
    site = await ctx.collect(SITE)
    urls: list[JsonValue] = [*(urlsplit(url).path for url in opening_sockets(site.pages)[:MAX_URLS])]
    if not urls:
        return []
    facts: dict[str, JsonValue] = {"count": len(urls), "urls": urls}
    return [Observation(slug="opens-websocket", subject=ctx.target.site, facts=facts)]
