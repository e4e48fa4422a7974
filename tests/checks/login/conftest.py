"""The demonstration portal with its accounts, on a clock that jumps over every wait."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any

import pytest

from pgssi_probe.check.harness import run_check
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome


class JumpingClock(VirtualClock):
    """To wait is to be there at once. Each look at the clock costs nothing."""

    async def sleep(self, seconds: float) -> None:
        await self.advance(max(0.0, seconds))


Signed = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


@pytest.fixture
def jumping() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def signed(lab_answers, jumping: JumpingClock) -> Signed:
    """`await signed("login.throttling", "login.throttling/none")`: a check with the portal's accounts.

    `labels` are those that the engagement has.
    """

    async def run(
        check: str, *weak: str, labels: tuple[str, ...] = ("a", "b", "sacrifice"), **options: Any
    ) -> tuple[Outcome, ...]:
        with closing(Lab(weak, clock=jumping)) as lab:
            accounts = {
                label: Account(label, lab.accounts[label].username, Secret(lab.accounts[label].password))
                for label in labels
            }
            options = {"accounts": accounts, "clock": jumping, **options}
            return await run_check(check, lab_answers(lab), url=lab.https_url + "/", **options)

    return run
