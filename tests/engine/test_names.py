"""A name that leads elsewhere during a run: nothing more is sent to it, and the report says so."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.check.context import Target
from pgssi_probe.clock import VirtualClock
from pgssi_probe.engine import conducted
from pgssi_probe.engine import run as engine
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, run_scan
from pgssi_probe.engine.waiting import WatchedClock
from pgssi_probe.net.gate import Gate, open_gate
from tests.cli.conftest import web_server  # type: ignore[import-not-found]


@pytest.mark.parametrize("stays", [True, False])
async def test_a_rebound_name_is_closed_before_the_next_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stays: bool
) -> None:
    monkeypatch.setattr(engine, "RECHECK", 0.0)
    answers = iter([["127.0.0.1"]] * 100)

    async def resolver(_host: str, _port: int) -> list[str]:
        return next(answers) if stays or len(asked) < 1 else ["127.0.0.2"]

    asked: list[str] = []
    real = Gate.recheck

    async def counted(self: Gate) -> tuple[str, ...]:
        asked.append("")
        return await real(self)

    monkeypatch.setattr(Gate, "recheck", counted)
    monkeypatch.setattr(conducted, "open_gate", functools.partial(open_gate, resolver=resolver))
    with web_server() as target:
        url = target.url.replace("127.0.0.1", "portal.example")
        only = Selection(None, ("headers.referrer",), ())
        scanned = await run_scan(Scan(Target(url), selection=only), lambda _: tmp_path / "run")
        pages = [path for path in target.seen if path != "/"]
    result = scanned.result
    check = next(check for check in result.checks if check.id == "headers.referrer")
    refusals = [event for event in result.chronology if event.kind == "refused"]
    assert asked
    if stays:
        assert (check.state, refusals) == ("completed", [])
        assert pages
    else:
        assert [(event.subject, event.detail) for event in refusals] == [("portal.example", "out_of_scope")]
        assert not any(outcome.check == check.id and outcome.status == "pass" for outcome in result.outcomes)
        assert pages == []


async def test_names_are_seen_again_after_a_long_wait_only() -> None:
    clock = VirtualClock()
    seen: list[Any] = []

    async def after() -> None:
        seen.append(clock.monotonic())

    watched = WatchedClock(clock, lambda _: None, after)
    for seconds in (1.0, 600.0):
        waiting = asyncio.ensure_future(watched.sleep(seconds))
        await asyncio.sleep(0)
        await clock.advance(seconds)
        await waiting
    assert seen == [601.0]
