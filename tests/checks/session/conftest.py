"""The demonstration portal with its accounts, on a clock that waits for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any

import pytest

from pgssi_probe.check.harness import Script, run_check
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
TURNS = 60
"""Turns of the loop in which a check reaches its next wait, since a scripted site answers without awaiting."""


async def drive(clock: VirtualClock, task: asyncio.Task[Any]) -> Any:
    """Let a check run, moving its clock to the next deadline whenever it only waits."""
    while not task.done():
        quiet = clock.next_deadline
        for _ in range(TURNS):
            await asyncio.sleep(0)
        while not task.done() and clock.next_deadline != quiet:
            quiet = clock.next_deadline
            for _ in range(TURNS):
                await asyncio.sleep(0)
        if not task.done() and quiet is not None:
            await clock.advance(quiet - clock.monotonic())
    return await task


@pytest.fixture
def signed_in(lab_answers: Callable[[Lab], Script]) -> SignedIn:
    """`await signed_in("session.logout", "session.logout/still-valid")`: outcomes of a check that has accounts.

    `answers` may wrap the answers of the portal, to imitate another application.
    """

    async def run(
        check: str,
        *weak: str,
        accounts: tuple[str, ...] = ("a",),
        answers: Callable[[Script, VirtualClock], Script] | None = None,
        **options: Any,
    ) -> tuple[Outcome, ...]:
        clock = VirtualClock()
        with closing(Lab(weak, clock=clock)) as lab:
            script = lab_answers(lab)
            known = {
                label: Account(label, lab.accounts[label].username, Secret(lab.accounts[label].password))
                for label in accounts
            }
            options = {"url": lab.https_url + "/", "plain_http_url": lab.http_url, **options}
            task = asyncio.ensure_future(
                run_check(check, answers(script, clock) if answers else script, accounts=known, clock=clock, **options)
            )
            return await drive(clock, task)

    return run
