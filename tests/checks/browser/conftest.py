"""One Chromium for the tests of a module, and the demonstration portal with an account signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import closing
from typing import Any

import pytest
import pytest_asyncio

from pgssi_probe.browser import Browser
from pgssi_probe.browser.crossing import Shelf
from pgssi_probe.check.harness import Script, run_check
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome

OnPortal = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal answers at once: pages settle sooner than those of a distant server."""
    monkeypatch.setattr("pgssi_probe.browser.visit.QUIET_SECONDS", 0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_chromium() -> AsyncIterator[Browser]:
    browser = Browser()
    yield browser
    await browser.aclose()


@pytest.fixture
def chromium(one_chromium: Browser) -> Browser:
    """Without the scripts of the portal of another test."""
    one_chromium.shelf = Shelf()
    return one_chromium


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
