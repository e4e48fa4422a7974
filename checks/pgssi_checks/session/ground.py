"""What every check of a session stands on: an account signed in, the oracle, and losses said as such."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pgssi_checks.session.sharing.lane import LANE, PATIENCE, SINGLE, my_turn
from pgssi_checks.session.sharing.left_open import make_room
from pgssi_checks.session.sharing.patience import patient_sign_in
from pgssi_probe.check import CheckContext, Collector, CollectorContext, Failure, Observation, Reason, inconclusive
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import Oracle, Session, SignIn, SignInState, State, oracle_of, sign_in, sign_out
from pgssi_probe.identity.sighting import Sighting

RENEWALS: Final = 3
"""Sessions that a check may lose without being told why before it gives up."""
PAUSE: Final = 3.0
"""Seconds before asking again what answered neither in nor out."""


async def _door(_ctx: CollectorContext) -> asyncio.Lock:
    return asyncio.Lock()


DOOR: Final[Collector[asyncio.Lock]] = Collector(name="session-door", gather=_door)
"""Checks that wait overlap. Where an application rewrites the list of a user's sessions whole, as WordPress does, two
sign-ins at the same instant lose one of them, and a sign-out may be undone."""


class Lost(Exception):
    """The check stands on nothing any more and concludes nothing. `reason` is of the closed list."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


REFUSALS: Final = {
    SignInState.REFUSED: Reason.BLOCKED,
    SignInState.SECOND_FACTOR: Reason.ACCOUNT_MISSING,
    SignInState.THROTTLED: Reason.RATE_LIMITED,
    SignInState.UNKNOWN: Reason.SESSION_LOST,
}
FAILURES: Final = {
    Failure.BUDGET: Reason.BUDGET_EXHAUSTED,
    Failure.STOPPED: Reason.RUN_ABORTED,
    Failure.OUT_OF_SCOPE: Reason.OUT_OF_SCOPE,
    Failure.RESPONSE_TIMEOUT: Reason.TIMEOUT,
    Failure.CONNECT_TIMEOUT: Reason.TIMEOUT,
}


BROKEN: Final = frozenset({400, 404, 406, 410, 419, 422, 440, 498, 500})
"""Statuses by which applications refuse a token that they cannot read."""


def why_unknown(sight: Sighting) -> Reason:
    """Why a look at the oracle's page says nothing of the session."""
    if sight.failure is not None:
        return FAILURES.get(sight.failure, Reason.CONNECTION_FAILED)
    if sight.status == 429:
        return Reason.RATE_LIMITED
    return Reason.SERVER_ERROR if (sight.status or 0) >= 500 else Reason.UNSTABLE_TARGET


@dataclass
class Ground:
    """Sign-ins and verdicts of the oracle for one check. Every method raises `Lost` when nothing can be concluded."""

    ctx: CheckContext
    oracle: Oracle
    label: str = "a"
    door: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the account signs in or out: shared by the checks of a run."""
    renewed: int = 0
    crowded: bool = False
    """The application refuses a second session of an account, that of the oracle included."""
    made_room: bool = False
    """What others had left open of the account was closed for this check, once."""
    opened: list[Session] = field(default_factory=list)

    @classmethod
    async def of(cls, ctx: CheckContext, label: str = "a") -> Ground:
        """Raises Lost without the account, or when nothing tells a signed-in page from another."""
        if label not in ctx.accounts:
            raise Lost(Reason.ACCOUNT_MISSING)
        oracle = await oracle_of(ctx, label)
        if not oracle.usable:
            state = oracle.sign_in.state if oracle.sign_in else SignInState.SIGNED_IN
            raise Lost(REFUSALS.get(state, Reason.NO_SAMPLE))
        return cls(ctx, oracle, label, await ctx.collect(DOOR))

    async def open(self, session: Session | None = None, *, patient: bool = True) -> SignIn:
        """A session of the account that the oracle sees in. `patient`: a refusal is waited out."""
        async with self.door:
            return await self._open(session, patient=patient)

    async def _open(self, session: Session | None, *, patient: bool) -> SignIn:
        planted = session.fork() if session is not None else None
        signing = patient_sign_in if patient else _at_once
        done = await signing(self.ctx, self.label, session)
        if done.why.get("signal") == "already_open" and not self.opened and not self.made_room:
            self.crowded = self.made_room = True
            if self.oracle.sign_in is not None:
                await self._close(self.oracle.sign_in.session.on(self.ctx.network))
                await make_room(self.ctx, self.label)
                done = await patient_sign_in(self.ctx, self.label, planted)
        if done.state is not SignInState.SIGNED_IN:
            raise Lost(REFUSALS[done.state])
        self.opened.append(done.session)
        if not await self.is_in(done.session):
            raise Lost(Reason.SESSION_LOST)
        return done

    async def another(self) -> Session:
        """A further session, in place of one that a trial closed."""
        return (await self.open()).session

    def posts(self, since: datetime) -> tuple[datetime, ...]:
        """Instants at which any check sent a form as the account: its sign-ins are among them."""
        return tuple(
            sent.started
            for sent in self.ctx.transcript()
            if sent.request.account == self.label and sent.request.method == "POST" and sent.started >= since
        )

    async def quiet(self, gap: float, patience: float = PATIENCE) -> None:
        """Wait until the account has sent no form for `gap` seconds, so that what follows is not the doing of another
        check: dates of sign-ins mix, and some applications keep the last few sessions only. Gives up after `patience`
        seconds."""
        clock = self.ctx.clock
        began = clock.now()
        await clock.sleep(gap)
        while (left := gap - (clock.now() - max(self.posts(began), default=began)).total_seconds()) > 0:
            if (clock.now() - began).total_seconds() + left > max(gap, patience):
                raise Lost(Reason.SCAN_INCOMPLETE)
            await clock.sleep(left)

    async def replace(self) -> SignIn:
        """A session in place of those that the check opened, where an application keeps one of an account."""
        await self.leave()
        self.opened.clear()
        return await self.open()

    async def leave(self) -> None:
        """Sign out of what was opened where an application refuses a second session: the next check needs the place."""
        if self.crowded:
            async with self.door:
                for session in self.opened:
                    await self._close(session)

    async def _close(self, session: Session) -> None:
        page = await parse_page(await session.get(self.oracle.url))
        if page is not None:
            await sign_out(session, page)

    async def renew(self) -> SignIn:
        """A session in place of one that was lost; at most RENEWALS times a check."""
        self.renewed += 1
        if self.renewed > RENEWALS:
            raise Lost(Reason.SESSION_LOST)
        return await self.open()

    async def is_in(self, session: Session) -> bool:
        """Whether the oracle sees the session in: an answer that says nothing is asked for once more, after a pause,
        and then ends the check."""
        state, why = await self._look(session)
        if state is State.UNKNOWN:
            await self.ctx.clock.sleep(PAUSE)
            state, why = await self._look(session)
        if state is State.UNKNOWN:
            raise Lost(why)
        return state is State.IN

    async def lets_in(self, session: Session) -> bool:
        """Whether a made-up token is let in. Beside what `is_in` knows, an answer that a broken request gets is a
        refusal: libraries answer 422 or 500 to a token that they cannot verify, and 401 without one. For trials
        between two uses of a genuine token only, which show that nothing else is wrong."""
        sight = await self.oracle.look(session)
        if self.oracle.judged(sight) is State.UNKNOWN and sight.status not in BROKEN:
            await self.ctx.clock.sleep(PAUSE)
            sight = await self.oracle.look(session)
        state = self.oracle.judged(sight)
        if state is State.UNKNOWN and sight.status not in BROKEN:
            raise Lost(why_unknown(sight))
        return state is State.IN

    async def _look(self, session: Session) -> tuple[State, Reason]:
        sight = await self.oracle.look(session)
        return self.oracle.judged(sight), why_unknown(sight)

    def witnessed(self, observed: list[Observation]) -> list[Observation]:
        """With the quality of the oracle among the evidence: what tells a session apart, how surely, and how often the
        check lost one."""
        driver = str(self.oracle.sign_in.why.get("driver") or "") if self.oracle.sign_in else ""
        facts = {**self.oracle.quality, "driver": driver, "renewed": self.renewed}
        kept = self.ctx.keep_facts("oracle", facts)
        return [one.model_copy(update={"evidence": (*one.evidence, kept)}) for one in observed]

    def visitor(self) -> Session:
        """A client that never signed in: no cookie, no credential."""
        return Session(self.ctx.network, self.ctx.clock, label=self.label)


async def _at_once(ctx: CheckContext, label: str, session: Session | None) -> SignIn:
    return await sign_in(ctx, label, session=session)


async def on_ground(
    ctx: CheckContext, judge: Callable[[Ground], Awaitable[list[Observation]]], *, last: float = 0.0
) -> list[Observation]:
    """What `judge` observes, or one inconclusive observation with the reason when its ground is lost. `last`: where
    checks take turns, this one comes once nobody has wanted a turn for so many seconds."""
    try:
        ground = await Ground.of(ctx)
        await ctx.collect(SINGLE)
        ground.crowded = (await ctx.collect(LANE)).refuses
        async with my_turn(ctx, last=last):
            try:
                observed = await judge(ground)
            finally:
                await ground.leave()
        return ground.witnessed(observed)
    except Lost as lost:
        return [inconclusive(ctx.target.site, lost.reason)]
