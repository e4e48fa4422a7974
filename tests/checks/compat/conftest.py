"""The demonstration portal with its account, on a clock that jumps over every wait."""

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
    """To wait is to be there at once."""

    async def sleep(self, seconds: float) -> None:
        await self.advance(max(0.0, seconds))


@pytest.fixture
def jumping() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def signed(lab_answers, jumping: JumpingClock) -> Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]:
    """`await signed("compat.proxy", "compat.proxy/via-breaks")`: a check with the portal's account."""

    async def run(check: str, *weak: str, **options: Any) -> tuple[Outcome, ...]:
        with closing(Lab(weak, clock=jumping)) as lab:
            accounts = {"a": Account("a", lab.accounts["a"].username, Secret(lab.accounts["a"].password))}
            options = {"accounts": accounts, "clock": jumping, **options}
            return await run_check(check, lab_answers(lab), url=lab.https_url + "/", **options)

    return run
