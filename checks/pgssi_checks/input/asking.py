"""Sending what a check of inputs tries: as whom, how often, and when to stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from pgssi_checks.disclosure.answered import ENDS, TOO_MANY, reason_of
from pgssi_checks.disclosure.asking import MAX_REFUSED_IN_A_ROW, stumbled, unanswered
from pgssi_checks.input.forms import Forms
from pgssi_checks.input.points import MAX_BODY, Point, as_cookie, curl, points
from pgssi_checks.input.ready import harmless, is_kept_back
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.identity import Session, sign_in, sign_in_paths
from pgssi_probe.inventory.collect import INVENTORY
from pgssi_probe.inventory.model import ANONYMOUS, Inventory, Place, Visit

MAX_RENEWED = 3
"""Times that a session which was lost on the way is opened again, for one visitor."""
MAX_FOUND = 40


class Unheard(Exception):
    """The request as it was met is refused: values put into it tell nothing."""


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
    sign_in_paths: tuple[str, ...] = ()
    renewed: int | None = None
    forms: Forms = field(default_factory=Forms)

    @property
    def label(self) -> str:
        return self.visit.label

    def refused(self, answer: Exchange) -> bool:
        """Whether an answer may mean that the session is over."""
        lands = location(answer)
        to_sign_in = lands is not None and any(path in lands for path in self.sign_in_paths)
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
        self.forms.forget()
        return True


@dataclass
class Asker:
    """The visitors, and everything that was answered to them."""

    ctx: CheckContext
    inventory: Inventory
    visitors: dict[str, Visitor]
    seen: list[Exchange] = field(default_factory=list)
    limited: int = 0

    def lines(self) -> frozenset[str]:
        """What the engagement declares harmless."""
        return harmless(self.ctx.declared)

    def points(self, where: frozenset[Place], *, per_template: int = 100) -> list[Point]:
        """Every parameter that may be tried."""
        return points(self.inventory, per_template=per_template, where=where, lines=self.lines())

    def unsent(self) -> int:
        """Requests that write and that nothing declares harmless."""
        known = [one for one in self.inventory.endpoints if self.ctx.network.in_scope(one.url)]
        return sum(is_kept_back(one, self.lines()) for one in known)

    @classmethod
    async def of(cls, ctx: CheckContext) -> Asker:
        inventory = await ctx.collect(INVENTORY)
        paths = await sign_in_paths(ctx)
        visitors = {ANONYMOUS: Visitor(ctx, inventory.visits[ANONYMOUS], Session(ctx.network, ctx.clock))}
        for label, visit in inventory.visits.items():
            if visit.session is not None:
                visitors[label] = Visitor(ctx, visit, visit.session.on(ctx.network), paths)
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
        """The request with the value, a form with its hidden fields taken afresh. No redirect is followed."""
        point = await self._fresh(point)
        request = point.request(value)
        if point.parameter.place is Place.COOKIE:
            jar = self.visitors[point.label].session.jar.with_value(point.name, as_cookie(value), request.url)
            request = replace(request, headers=(("Cookie", jar.header(request.url, self.ctx.clock.now())),))
        return await self.ask(request, point.label)

    async def untouched(self, point: Point) -> Exchange:
        """The request as it was met, a form with its hidden fields taken afresh."""
        got = await self.ask((await self._fresh(point)).untouched(), point.label)
        return await self._landed(point, got)

    async def shown(self, point: Point, value: str) -> Exchange:
        """What the visitor is shown after the request with the value: after a POST, the page that it leads to."""
        return await self._landed(point, await self.put(point, value))

    async def _landed(self, point: Point, got: Exchange) -> Exchange:
        target = location(got)
        if point.endpoint.method != "POST" or target is None or got.status not in {301, 302, 303}:
            return got
        if not self.ctx.network.in_scope(target) or is_dangerous(target):
            return got
        return await self.ask(Request("GET", target, max_body=MAX_BODY, provokes_errors=True), point.label)

    async def _fresh(self, point: Point) -> Point:
        if point.endpoint.method != "POST":
            return point
        visitor = self.visitors[point.label]

        async def page(url: str) -> Exchange:
            return await self.ask(Request("GET", url, max_body=MAX_BODY), point.label)

        endpoint = await visitor.forms.fresh(point.endpoint, visitor.visit, point.name, page)
        return replace(point, endpoint=endpoint)


def few_pages(asker: Asker) -> list[str]:
    """Where headers and cookies are tried: the first page and that of the sign-in, as nobody sees them."""
    pages = asker.inventory.visits[ANONYMOUS].pages
    signing = [page.url for page in pages if page.document.asks_password]
    return list(dict.fromkeys([*(page.url for page in pages[:1]), *signing[:1]]))


@dataclass
class Round:
    """What came of the points. `reason` says why nothing may be concluded of those that were not tried."""

    tried: int = 0
    found: list[Observation] = field(default_factory=list)
    reason: Reason | None = None
    known: int = 0
    """Points that could have been tried."""


async def go_round(
    asker: Asker,
    wanted: list[Point],
    one: Callable[[Asker, Point], Awaitable[list[Observation]]],
    *,
    most: int,
) -> Round:
    """Try each point in turn, `most` of them and those that headers and cookies carry, until enough was found or
    nothing more may be sent. What is carried is not counted: it clears nothing by itself."""
    wanted = [point for point in wanted if asker.ctx.network.in_scope(point.endpoint.url)]
    plain = [point for point in wanted if not point.is_carried]
    done = Round(known=len(plain))
    try:
        for point in (*(one for one in wanted if one.is_carried), *plain[:most]):
            try:
                done.found += await one(asker, point)
            except Unheard:
                continue
            done.tried += not point.is_carried
            if len(done.found) >= MAX_FOUND:
                break
    except Lost as lost:
        done.reason = lost.reason
    return done


def concluded(ctx: CheckContext, asker: Asker, done: Round, slug: str, **facts: JsonValue) -> list[Observation]:
    """What was found; else `slug`, unless too few were answered, or `no-parameter` when there was nothing to try.

    What was not tried because the run ended is told beside what was found.
    """
    reason = done.reason or (unanswered(asker.seen) if asker.seen and not done.found else None)
    if reason is not None:
        return [*done.found, inconclusive(ctx.target.site, reason, tried=done.tried, known=done.known)]
    if done.found:
        return done.found
    if not done.tried and done.known:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE, tried=0, known=done.known)]
    if not done.tried:
        unsent = asker.unsent()
        return [Observation(slug="no-parameter", subject=ctx.target.site, facts={"unsent": unsent})]
    known: dict[str, JsonValue] = {"tried": done.tried, "known": max(done.known, done.tried), "unsent": asker.unsent()}
    return [Observation(slug=slug, subject=ctx.target.site, facts={**known, **facts})]


def told(
    ctx: CheckContext, slug: str, point: Point, kept: tuple[str, ...], request: Request, **facts: JsonValue
) -> Observation:
    """An observation on a parameter, with the line that reproduces it."""
    line = ctx.keep_facts("again", {"request": point.place, "curl": curl(request, point.label, point.name), **facts})
    subject = Subject(kind="url", name=f"{ctx.target.origin}{point.place.partition(' ')[2]}"[:2000])
    known: dict[str, JsonValue] = {"parameter": point.said[:80], "request": point.place, **facts}
    return Observation(slug=slug, subject=subject, facts=known, evidence=(*kept, line))
