"""What people and machines see of a run that waits."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from pgssi_probe.cli import watching
from pgssi_probe.cli.waits import Waits, left, local_time
from pgssi_probe.model.result import Plan, PlanEntry

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def paris(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (-5, "0 s"), (45, "45 s"), (725, "12 min 05 s"), (4320, "1 h 12 min")]
)
def test_what_is_left(seconds: float, text: str) -> None:
    assert left(seconds) == text


def test_times_are_local_and_say_the_day_when_it_is_another() -> None:
    assert local_time(NOW, NOW) == "15:00:00"
    assert local_time(NOW + timedelta(hours=10), NOW) == "23/11 01:00:00"


def test_waits_count_down_longest_first() -> None:
    waits = Waits("fr")
    for number in range(6):
        waits.set(f"session.x{number}", NOW + timedelta(minutes=number + 1))
    lines = waits.lines(NOW)
    assert lines[0] == "en attente : session.x5 jusqu'à 15:06:00 (encore 6 min 00 s)"
    assert lines[-1] == "… et 2 autres attentes"
    assert waits.lines(NOW + timedelta(seconds=30))[0].endswith("(encore 5 min 30 s)")
    waits.set("session.x5", None)
    assert "session.x5" not in waits


def test_a_pipe_is_told_of_long_waits_only(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(watching, "err", written.append)
    lines = watching.Lines("en")
    soon = datetime.now(UTC)
    lines.waiting("a.b", soon + timedelta(seconds=20))
    lines.waiting("a.b", None)
    assert written == []
    lines.waiting("a.b", soon + timedelta(hours=2))
    assert "a.b waits until" in written[0]


def test_a_machine_is_told_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(watching, "out", written.append)
    lines = watching.JsonLines()
    lines.waiting("a.b", NOW)
    lines.waiting("a.b", None)
    assert [json.loads(line) for line in written] == [
        {"event": "waiting", "check": "a.b", "until": "2026-11-22T14:00:00+00:00"},
        {"event": "waiting", "check": "a.b", "until": None},
    ]


def test_a_terminal_shows_what_runs_and_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    live = watching.Live("fr")
    screen = io.StringIO()
    live._bar.live.console = Console(file=screen, force_terminal=True, width=100)
    entry = PlanEntry(check="session.timeout-idle", level="active", runs=True, requests_max=1, seconds_max=1)
    try:
        live.planned(Plan(entries=(entry,), requests_max=1, seconds_max=1))
        live.started("session.timeout-idle")
        live.started("headers.csp")
        live.waiting("session.timeout-idle", datetime.now(UTC) + timedelta(hours=2))
        live._bar.refresh()
        shown = screen.getvalue()
        assert "en cours : headers.csp" in shown
        assert "en attente : session.timeout-idle jusqu'à" in shown
        assert "(encore 1 h 59 min)" in shown or "(encore 2 h 00 min)" in shown
        live.waiting("session.timeout-idle", None)
        screen.truncate(0)
        live._bar.refresh()
        assert "en attente" not in screen.getvalue()
    finally:
        live.close()
