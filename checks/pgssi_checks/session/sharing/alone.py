"""Measuring how long a session lives where an application keeps one session of an account.

No ladder can stand there: each sign-in closes the session before it, or is refused while one is open. Sessions are
watched one after the other instead. What would have been a control beside the session comes after it: a session kept
busy for as long must live, and a second idle one must end again. A session that another sign-in closed, by this run or
by what its page says, is no measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pgssi_checks.session.ground import Ground, Lost
from pgssi_checks.session.ladder import Rung
from pgssi_checks.session.notice import notice_in
from pgssi_checks.session.tokens.refresh import Renewal, Way
from pgssi_probe.check import CheckContext, Reason, Request
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import Session

MINUTE: Final = 60.0
TRIES: Final = 3
"""Sessions spoiled by another sign-in of the run after which a wait is given up."""


def next_wait(waits: Sequence[float], looks: Sequence[Rung]) -> float | None:
    """The wait that halves what is not known yet; None when two neighbours are. `waits` grow. Pure."""
    low = max((waits.index(look.minutes) for look in looks if look.alive), default=-1)
    high = min((waits.index(look.minutes) for look in looks if not look.alive), default=len(waits))
    return waits[(low + high) // 2] if high - low > 1 else None


async def still_open(ground: Ground, held: Renewal) -> bool:
    """Whether its user is still in: by the token, or by the one that its refresh token gives, as the script does it."""
    if await ground.is_in(held.session):
        return True
    return held.way is not None and await held.renew() and await ground.is_in(held.session)


def disturbed(ground: Ground, since: datetime) -> bool:
    """Whether a check of the run sent a form as the account after this instant: it may have signed in."""
    return any(moment > since for moment in ground.posts(since))


async def closed_elsewhere(ground: Ground, session: Session) -> bool:
    """Whether the page of a closed session says that another sign-in closed it."""
    chain = await session.follow(Request("GET", ground.oracle.url))
    page = await parse_page(chain[-1])
    usual = await parse_page((await ground.visitor().follow(Request("GET", chain[-1].url)))[-1])
    notice = notice_in(page.document if page else None, usual.document.text.splitlines() if usual else ())
    return notice.closed_elsewhere


@dataclass
class OneByOne:
    """`looks` are those made so far, of the waits that were asked for; `left` the minutes that may still be waited."""

    ground: Ground
    left: float
    way: Way | None = None
    """How a token is renewed, found by the first session."""
    looks: list[Rung] = field(default_factory=list)
    ways_known: bool = False

    @property
    def _ctx(self) -> CheckContext:
        return self.ground.ctx

    async def search(self, waits: Sequence[float]) -> list[Rung]:
        """What the waits say, or Lost: SESSION_LOST when something else ends sessions, UNSTABLE_TARGET when a second
        trial contradicts the first, SCAN_INCOMPLETE when the minutes allowed do not suffice."""
        while (wait := next_wait(waits, self.looks)) is not None:
            self.looks.append(Rung(wait, await self._lives_idle(wait)))
        ended = min((look.minutes for look in self.looks if not look.alive), default=None)
        if ended is not None:
            if not await self._lives_busy(ended):
                raise Lost(Reason.SESSION_LOST)
            if await self._lives_idle(ended):
                raise Lost(Reason.UNSTABLE_TARGET)
        return self.looks

    async def _lives_idle(self, minutes: float) -> bool:
        """Whether a new session, left alone for so long, is still open."""
        clock = self._ctx.clock
        for _ in range(TRIES):
            self._spend(minutes)
            held = await self._new()
            since = clock.now()
            await clock.sleep(minutes * MINUTE)
            spoiled = disturbed(self.ground, since)
            before = held.session.fork()
            if await still_open(self.ground, held):
                return True
            if await closed_elsewhere(self.ground, before):
                raise Lost(Reason.SESSION_LOST)
            if not spoiled:
                return False
        raise Lost(Reason.SCAN_INCOMPLETE)

    async def _lives_busy(self, minutes: float) -> bool:
        """Whether a new session, asked for every minute, or four times where the wait is short, is open all along."""
        self._spend(minutes)
        clock = self._ctx.clock
        held = await self._new()
        until = clock.monotonic() + minutes * MINUTE
        while (left := until - clock.monotonic()) > 0:
            await clock.sleep(min(MINUTE, minutes * MINUTE / 4, left))
            if not await still_open(self.ground, held):
                return False
        return True

    async def _new(self) -> Renewal:
        held = Renewal.of(await self.ground.replace(), self._ctx, self.way)
        if not self.ways_known:
            self.ways_known = True
            self.way = held.way if await held.renew() else None
        return held

    def _spend(self, minutes: float) -> None:
        if minutes > self.left:
            raise Lost(Reason.SCAN_INCOMPLETE)
        self.left -= minutes
