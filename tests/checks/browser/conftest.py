"""The demonstration portal in a browser, with an account signed in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any

import pytest

from pgssi_probe.browser import Browser
from pgssi_probe.check.harness import Script, run_check
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome

OnPortal = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


@pytest.fixture
def on_portal(lab_answers: Callable[[Lab], Script], chromium: Browser) -> OnPortal:
    """`await on_portal("browser.storage", "browser.storage/token")`: outcomes of a check that has account `a`."""

    async def run(check: str, *weak: str, **options: Any) -> tuple[Outcome, ...]:
        clock = VirtualClock()
        with closing(Lab(weak, clock=clock)) as lab:
            person = lab.accounts["a"]
            account = Account("a", person.username, Secret(person.password))
            return await run_check(
                check,
                lab_answers(lab),
                url=lab.https_url + "/",
                accounts={"a": account},
                clock=clock,
                collected={"browser": chromium},
                **options,
            )

    return run
