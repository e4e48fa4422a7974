"""One visit of the application by one way: sign in, be seen in, sign out, be seen out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_checks.compat.routes import Asked, Route, RoutedNetwork
from pgssi_checks.session.ground import Ground, Lost
from pgssi_probe.check import Exchange, Reason
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import sign_out

Step = Literal["sign-in", "page", "sign-out"]
STEPS: Final[tuple[Step, ...]] = ("sign-in", "page", "sign-out")
TIRED: Final = frozenset({Reason.RATE_LIMITED, Reason.BUDGET_EXHAUSTED, Reason.RUN_ABORTED})
"""Ends of a visit that the way does not explain."""


@dataclass(frozen=True, slots=True)
class Journey:
    """`reached` are the steps that went well; the one after them is where it stopped. `shown` is the last exchange.

    `excused` says that the way or the run, not the application, stopped it.
    """

    route: Route
    reached: tuple[Step, ...]
    shown: Exchange | None = None
    excused: Reason | None = None
    given: Mapping[Asked, frozenset[str]] = field(default_factory=dict)

    def robbed(self, reference: Journey) -> bool:
        """Whether a proxy, which reads clear traffic, took cookies out of the same answer: tinyproxy 1.11.1 keeps one
        `Set-Cookie` of several. That breaks any application, and is no fault of this one."""
        if not self.route.via or self.shown is None or self.shown.secure:
            return False
        return any(names < reference.given.get(asked, frozenset()) for asked, names in self.given.items())

    def broken_at(self, reference: Journey) -> Step | None:
        """The first step that the reference made and this one did not; None when there is none or no blame."""
        if self.excused is not None:
            return None
        return next((step for step in reference.reached if step not in self.reached), None)

    def facts(self, step: Step) -> Mapping[str, JsonValue]:
        """Where and how it stopped: a path, and a status or the word for what failed."""
        shown = self.shown
        how = "-" if shown is None else str(shown.status or shown.failure or "-")
        return {
            "way": self.route.name,
            "step": step,
            "path": (urlsplit(shown.url).path or "/")[:200] if shown is not None else "-",
            "answer": how,
        }


async def travel(ground: Ground, route: Route, onwards: Route | None = None) -> Journey:
    """One visit, which ends signed out where that is possible. With `onwards`, the rest goes by another way."""
    first = RoutedNetwork(ground.ctx.network, route)
    rest = RoutedNetwork(ground.ctx.network, onwards) if onwards is not None else first
    reached: list[Step] = []

    def ended(reason: Reason | None = None) -> Journey:
        seen = rest.last or first.last
        limited = seen is not None and seen.status == 429
        excuse = Reason.CONNECTION_FAILED if first.blocked or rest.blocked else Reason.RATE_LIMITED if limited else None
        excuse = excuse or (reason if reason in TIRED else None)
        return Journey(onwards or route, tuple(reached), seen, excuse, first.given)

    visitor = replace(ground, ctx=replace(ground.ctx, network=first), opened=[])
    try:
        # A refusal by this way is what is looked for: it is not waited out.
        session = (await visitor.open(patient=False)).session
        reached.append("sign-in")
        ground.crowded = ground.crowded or visitor.crowded
        session = session.on(rest)
        following = replace(visitor, ctx=replace(ground.ctx, network=rest))
        if not await following.is_in(session):
            return ended()
        reached.append("page")
        page = await parse_page(await session.get(ground.oracle.url))
        saved = session.fork()
        async with ground.door:
            left = await sign_out(session, page)
        if left is not None and not await following.is_in(saved):
            reached.append("sign-out")
    except Lost as lost:
        return ended(lost.reason)
    return ended()
