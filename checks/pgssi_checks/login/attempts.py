"""One attempt at signing in, and what came of it: the right password is the only reliable probe of a brake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import JsonValue

from pgssi_checks.compat.routes import Route, RoutedNetwork
from pgssi_checks.login.wrong_passwords import (
    SACRIFICE,
    Allowance,
    GuardedNetwork,
    ProvokingNetwork,
    Spent,
    carries,
    invented_password,
)
from pgssi_checks.session.sharing.left_open import make_room, remember
from pgssi_checks.session.sharing.patience import announced_wait
from pgssi_probe.check import CheckContext, Exchange
from pgssi_probe.identity import Secret, Session, SignInState, State, oracle_of, sign_in
from pgssi_probe.net.exchange import Headers

ACCEPTED: Final = frozenset({SignInState.SIGNED_IN, SignInState.SECOND_FACTOR})
"""The password was right: a second factor is asked only then."""
ALREADY_OPEN: Final = "already_open"
"""Refused because a session of the account is open: the right password was recognised."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """`seconds` is the time that the answer to the password took; `wait` the seconds that a refusal announces.
    `at` is when the answer came, on the clock's `monotonic`. `how` says in one word how it was answered."""

    right: bool
    state: SignInState
    how: str
    status: int | None
    seconds: float
    wait: float | None
    at: float
    exchange: Exchange | None
    by: str = "direct"
    """`direct`, or `elsewhere` for one that went through a proxy of the engagement."""

    @property
    def accepted(self) -> bool:
        return self.state in ACCEPTED

    @property
    def braked(self) -> bool:
        """Refused in so many words, or by a status, or a captcha."""
        return self.state is SignInState.THROTTLED


def answer_to(exchanges: Sequence[Exchange], password: str) -> Exchange | None:
    """The first exchange that handed the password over; the last of all when none shows it."""
    return next((one for one in exchanges if carries(one.request, password)), exchanges[-1] if exchanges else None)


def manner(state: SignInState, exchanges: Sequence[Exchange], why: Mapping[str, JsonValue]) -> str:
    """How an attempt was answered: a status, `captcha`, `silence`, `message`, or the state itself."""
    if exchanges and exchanges[-1].response is None:
        return "silence"
    status = next(
        (one.status for one in exchanges if one.status in {401, 403, 423, 429} or (one.status or 0) >= 500), None
    )
    if why.get("signal") in {"captcha", ALREADY_OPEN}:
        return str(why["signal"])
    return str(status) if status else "message" if state is SignInState.THROTTLED else state.value


@dataclass
class Trials:
    """Attempts on the sacrificed account, in order, under the allowance of the run. Delays of the answers are kept for
    the curve of the report: see `pgssi_checks.login.throttling`."""

    ctx: CheckContext
    allowance: Allowance
    attempts: list[Attempt] = field(default_factory=list)
    last: Session | None = None
    rearmed: bool | None = None
    """Whether as many failures as were counted put the brake back on; None when that was not tried."""

    async def right(self, *, headers: Headers = (), username: str | None = None, label: str = SACRIFICE) -> Attempt:
        """The right password, which counts against nothing. Only the sacrificed account's attempts are remembered."""
        ctx = replace(self.ctx, network=ProvokingNetwork(self.ctx.network))
        session = Session(ctx.network, ctx.clock, label=label, headers=headers) if headers else None
        held = session.fork() if session is not None else None
        done = await sign_in(ctx, label, username=username, session=session)
        if done.why.get("signal") == ALREADY_OPEN:  # by an earlier attempt: no brake
            await make_room(ctx, label)
            done = await sign_in(ctx, label, username=username, session=held)
        await remember(ctx, label, done)
        password = self.ctx.accounts[label].password
        attempt = self._read(done.state, done.exchanges, done.why, password.reveal() if password else "", True)
        if label == SACRIFICE:
            self.attempts.append(attempt)
        return attempt

    async def elsewhere(self, proxy: str) -> bool | None:
        """Whether the right password is accepted from another address, between two refusals from ours. None when it
        cannot be said: the brake ends meanwhile, or the proxy does not lead there."""
        if (await self.right()).accepted:
            return None
        routed = RoutedNetwork(self.ctx.network, Route("", proxy, via=(proxy,)))
        done = await sign_in(replace(self.ctx, network=routed), SACRIFICE)
        password = self.ctx.accounts[SACRIFICE].password
        tried = self._read(done.state, done.exchanges, done.why, password.reveal() if password else "", True)
        self.attempts.append(replace(tried, by="elsewhere"))
        if routed.blocked or (await self.right()).accepted:
            return None
        in_clear = tried.exchange is not None and not tried.exchange.secure
        if in_clear and not tried.accepted and tried.status == self.attempts[0].status:
            return None  # answered as an accepted password is: a proxy that reads may have kept the cookies
        return tried.accepted

    async def wrong(self) -> Attempt:
        """An invented password, once counted. Raises Spent."""
        if self.allowance.left == 0:
            raise Spent
        password = invented_password()
        guarded = GuardedNetwork(self.ctx.network, self.allowance, password, self.ctx.clock)
        done = await sign_in(replace(self.ctx, network=guarded), SACRIFICE, password=Secret(password))
        if guarded.sent == 0 and done.exchanges:
            self.allowance.spend()  # handed over in a way that was not recognised: counted all the same
        attempt = self._read(done.state, done.exchanges, done.why, password, False)
        self.attempts.append(attempt)
        self.last = done.session
        return attempt

    async def is_open(self) -> bool:
        """Whether the oracle sees the session of the last wrong password in, and a visitor without one out."""
        oracle = await oracle_of(self.ctx, SACRIFICE)
        if self.last is None or await oracle.state(self.last) is not State.IN:
            return False
        return await oracle.state(Session(self.ctx.network, self.ctx.clock, label=SACRIFICE)) is State.OUT

    def _read(
        self,
        state: SignInState,
        exchanges: Sequence[Exchange],
        why: Mapping[str, JsonValue],
        password: str,
        right: bool,
    ) -> Attempt:
        answer = answer_to(exchanges, password)
        return Attempt(
            right=right,
            state=state,
            how=manner(state, exchanges, why),
            status=answer.status if answer else None,
            seconds=(answer.elapsed if answer.first_byte is None else answer.first_byte) if answer else 0.0,
            wait=next((wait for one in exchanges if (wait := announced_wait(one)) is not None), None),
            at=self.ctx.clock.monotonic(),
            exchange=answer,
        )
