"""What people and machines see of a run that waits."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pgssi_probe.cli import watching
from pgssi_probe.cli.waits import Waits, left, local_time
from pgssi_probe.model.outcome import Outcome, Status, Subject
from pgssi_probe.model.result import CheckRun, Event, Plan, PlanEntry
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Bilingual

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


def finished(lines: Any, *statuses: Status) -> None:
    """A check that ends with one outcome of each status."""
    subject = Subject(kind="site", name="https://portal.example")
    severity = {Status.FAIL: Severity.MINOR}
    outcomes = tuple(
        Outcome.model_construct(
            id=f"PGP-{number}",
            check="a.b",
            slug="x",
            status=status,
            subject=subject,
            severity=severity.get(status),
            sentence=Bilingual(fr="Phrase " + "longue " * 30, en="Sentence " + "long " * 30),
        )
        for number, status in enumerate(statuses)
    )
    run = CheckRun.model_construct(id="a.b", state="completed", requests=3)
    lines.finished(run, outcomes)


def test_a_log_counts_deviations_and_what_could_not_be_concluded(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(watching, "err", written.append)
    lines = watching.Lines("fr")
    finished(lines, Status.PASS)
    finished(lines, Status.FAIL, Status.FAIL, Status.INCONCLUSIVE)
    assert [line.split(" ", 1)[1].strip() for line in written] == [
        "a.b : terminé, 0 écart, 3 requêtes",
        "a.b : terminé, 2 écarts, 1 examen sans conclusion, 3 requêtes",
    ]


def test_a_stop_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(watching, "err", written.append)
    lines = watching.Lines("fr")
    for kind in ("refused", "interrupted"):
        lines.event(Event(at=NOW, kind=kind, subject="", detail="interrupted"))
    assert len(written) == 1
    assert "passage interrompu Le passage" in written[0]


def test_a_folded_finding_keeps_its_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    live = watching.Live("fr")
    screen = io.StringIO()
    live._bar.live.console = Console(file=screen, width=60)
    finished(live, Status.FAIL)
    shown = [line for line in screen.getvalue().splitlines() if line.strip()]
    assert shown[0].startswith("    mineur  Phrase")
    assert all(line.startswith(" " * 12) for line in shown[1:5])
    assert max(map(len, shown)) <= 60
