"""Wrong passwords, on purpose: only for the sacrificed account, and never more than the allowance of the run.

The allowance is held where requests leave, so that no page, however it redirects or asks again, has more sent.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, replace
from typing import Final

from pgssi_checks.session.sharing.patience import patient_sign_in
from pgssi_probe.check import Collector, CollectorContext, Exchange, Failure, Network, Request
from pgssi_probe.check.through import Through
from pgssi_probe.clock import Clock
from pgssi_probe.identity import SignInState

HARD_CAP: Final = 20
"""Failures of the sacrificed account in one run, whatever the engagement says (issue and guide of the checks)."""
SACRIFICE: Final = "sacrifice"
CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization"})


class Spent(Exception):
    """The allowance of wrong passwords is used up."""


@dataclass
class Allowance:
    """How many wrong passwords the run may still send. Shared by every check that sends some."""

    cap: int = HARD_CAP
    used: int = 0

    @property
    def left(self) -> int:
        return max(0, min(self.cap, HARD_CAP) - self.used)

    def spend(self) -> None:
        """Count one, before it is sent. Raises Spent."""
        if self.left == 0:
            raise Spent
        self.used += 1


def cap_of(declared: object) -> int:
    """What the engagement declares (`login.failures-max`), never above the hard cap; the hard cap otherwise."""
    if isinstance(declared, int) and not isinstance(declared, bool):
        return max(0, min(declared, HARD_CAP))
    return HARD_CAP


async def _open(ctx: CollectorContext) -> Allowance:
    return Allowance(cap_of(ctx.declared.get("login.failures-max")))


ALLOWANCE: Collector[Allowance] = Collector(name="wrong_passwords", gather=_open)


async def _prove(ctx: CollectorContext) -> bool:
    done = await patient_sign_in(ctx, SACRIFICE, known=False)
    return done.state in {SignInState.SIGNED_IN, SignInState.SECOND_FACTOR}


PROVEN: Collector[bool] = Collector(
    name="sacrifice_proven", gather=_prove, requests=12, methods=("GET", "HEAD", "POST")
)
"""Whether the password given for the sacrificed account is right, tried before any wrong one: a password that never was
would read as a lock-out."""


def invented_password() -> str:
    """A password that nobody has. Letters and digits only: it reads the same in a form, in JSON and in an address."""
    return f"Pgssi{secrets.token_hex(10)}Z9"


def invented_user() -> str:
    """A user name that nobody has, of an ordinary shape."""
    return f"pgssi{secrets.token_hex(6)}"


def carries(request: Request, password: str) -> bool:
    """Whether a request hands the password over, or any credentials in a header (Basic and Digest hide it)."""
    named = any(name.lower() in CREDENTIALS for name, _ in request.headers)
    return named or password in request.url or password.encode() in request.body


class ProvokingNetwork(Through):
    """The network of a check for which refusals and delays are the answer, not a sign that the target suffers."""

    async def send(self, request: Request) -> Exchange:
        return await super().send(replace(request, provokes_errors=True))


class GuardedNetwork(ProvokingNetwork):
    """The same, through which each sending of one wrong password is counted, or refused."""

    def __init__(self, network: Network, allowance: Allowance, password: str, clock: Clock) -> None:
        super().__init__(network)
        self._allowance = allowance
        self._password = password
        self._clock = clock
        self.sent = 0

    async def send(self, request: Request) -> Exchange:
        if carries(request, self._password):
            try:
                self._allowance.spend()
            except Spent:
                return Exchange(
                    id=uuid.uuid4().hex,
                    request=request,
                    sent_headers=(),
                    started=self._clock.now(),
                    elapsed=0.0,
                    failure=Failure.BUDGET,
                )
            self.sent += 1
        return await super().send(request)
