"""Sending what a check of inputs tries: as whom, how often, and when to stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pydantic import JsonValue

from pgssi_checks.disclosure.answered import ENDS, TOO_MANY, reason_of
from pgssi_checks.disclosure.asking import MAX_REFUSED_IN_A_ROW, stumbled, unanswered
from pgssi_checks.input.points import Point, curl
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.discovery.collect import location
from pgssi_probe.identity import SIGN_IN, Session, sign_in
from pgssi_probe.inventory.collect import INVENTORY
from pgssi_probe.inventory.model import ANONYMOUS, Inventory, Visit

MAX_RENEWED = 3
"""Times that a session which was lost on the way is opened again, for one visitor."""
MAX_FOUND = 20


class Lost(Exception):
    """Nothing more can be concluded. `reason` is of the closed list."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass
class Visitor:
    """One visitor with its live session; the label is "" for nobody. `renewed` is None before the first look."""

    ctx: CheckContext
    visit: Visit
    session: Session
    sign_in_path: str = ""
    renewed: int | None = None

    @property
    def label(self) -> str:
        return self.visit.label

    def refused(self, answer: Exchange) -> bool:
        """Whether an answer may mean that the session is over."""
        lands = location(answer)
        to_sign_in = bool(self.sign_in_path) and lands is not None and self.sign_in_path in lands
        return answer.status in {401, 403} or to_sign_in

    async def is_in(self) -> bool:
        if self.label == ANONYMOUS or not self.visit.pages:
            return True
        answer = await self.session.get(self.visit.pages[0].url)
        if answer.failure in ENDS:
            raise Lost(reason_of(answer.failure))
        if answer.response is None or stumbled(answer):
            raise Lost(Reason.SESSION_LOST)
        return not self.refused(answer)

    async def stand(self) -> bool:
        """Make sure that the session is in, whether it had to be opened again. Raises Lost when it cannot be."""
        if await self.is_in():
            return False
        if (self.renewed or 0) >= MAX_RENEWED:
            raise Lost(Reason.SESSION_LOST)
        self.renewed = (self.renewed or 0) + 1
        again = await sign_in(self.ctx, self.label)
        if not again.signed_in:
            raise Lost(Reason.SESSION_LOST)
        self.session = again.session
        return True


@dataclass
class Asker:
    """The visitors, and everything that was answered to them."""

    ctx: CheckContext
    inventory: Inventory
    visitors: dict[str, Visitor]
    seen: list[Exchange] = field(default_factory=list)
    limited: int = 0

    @classmethod
    async def of(cls, ctx: CheckContext) -> Asker:
        inventory = await ctx.collect(INVENTORY)
        path = ""
        if ctx.accounts:
            plan = await ctx.collect(SIGN_IN)
            path = plan.path if plan.path != "/" else ""
        visitors = {ANONYMOUS: Visitor(ctx, inventory.visits[ANONYMOUS], Session(ctx.network, ctx.clock))}
        for label, visit in inventory.visits.items():
            if visit.session is not None:
                visitors[label] = Visitor(ctx, visit, visit.session.on(ctx.network), path)
        return cls(ctx, inventory, visitors)

    async def ask(self, request: Request, label: str = ANONYMOUS) -> Exchange:
        """Send, once more when the answer is that of a relay without its application. Raises Lost when the run is
        over, when the target asks to be left alone, or when a session cannot be had any more."""
        visitor = self.visitors[label]
        if label != ANONYMOUS and visitor.renewed is None:
            visitor.renewed = 0
            await visitor.stand()
        got = await visitor.session.send(request)
        if label != ANONYMOUS and visitor.refused(got) and await visitor.stand():
            got = await visitor.session.send(request)
        if stumbled(got) and got.failure not in ENDS:
            got = await visitor.session.send(request)
        self.seen.append(got)
        self.limited = self.limited + 1 if got.status == TOO_MANY else 0
        if got.failure in ENDS:
            raise Lost(reason_of(got.failure))
        if self.limited >= MAX_REFUSED_IN_A_ROW:
            raise Lost(Reason.RATE_LIMITED)
        return got

    async def put(self, point: Point, value: str) -> Exchange:
        return await self.ask(point.request(value), point.label)


@dataclass
class Round:
    """What came of the points. `reason` says why nothing may be concluded of those that were not tried."""

    tried: int = 0
    found: list[Observation] = field(default_factory=list)
    reason: Reason | None = None


async def go_round(
    asker: Asker, wanted: list[Point], one: Callable[[Asker, Point], Awaitable[list[Observation]]]
) -> Round:
    """Try each point in turn, until enough was found or nothing more may be sent."""
    done = Round()
    try:
        for point in wanted:
            if not asker.ctx.network.in_scope(point.endpoint.url):
                continue
            done.found += await one(asker, point)
            done.tried += 1
            if len(done.found) >= MAX_FOUND:
                break
    except Lost as lost:
        done.reason = lost.reason
    return done


def concluded(ctx: CheckContext, asker: Asker, done: Round, slug: str, **facts: JsonValue) -> list[Observation]:
    """What was found; else `slug`, unless too few were answered, or `no-parameter` when there was nothing to try."""
    if done.found:
        return done.found
    reason = done.reason or (unanswered(asker.seen) if asker.seen else None)
    if reason is not None:
        return [inconclusive(ctx.target.site, reason, tried=done.tried)]
    if not done.tried:
        return [Observation(slug="no-parameter", subject=ctx.target.site, facts={})]
    return [Observation(slug=slug, subject=ctx.target.site, facts={"tried": done.tried, **facts})]


def told(
    ctx: CheckContext, slug: str, point: Point, kept: tuple[str, ...], request: Request, **facts: JsonValue
) -> Observation:
    """An observation on a parameter, with the line that reproduces it."""
    line = ctx.keep_facts("again", {"request": point.place, "curl": curl(request, point.label, point.name), **facts})
    subject = Subject(kind="url", name=f"{ctx.target.origin}{point.place.partition(' ')[2]}"[:2000])
    known: dict[str, JsonValue] = {"parameter": point.said[:80], "request": point.place, **facts}
    return Observation(slug=slug, subject=subject, facts=known, evidence=(*kept, line))
