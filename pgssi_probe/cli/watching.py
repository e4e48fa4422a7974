"""Progress for those who watch: a live line on a terminal, a line per event in a pipe, JSON lines for machines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pgssi_probe.cli.page import hanging
from pgssi_probe.cli.safe import harmless_json, plain
from pgssi_probe.cli.streams import err, out
from pgssi_probe.cli.waits import Waits, local_time
from pgssi_probe.engine.progress import Progress, Silent
from pgssi_probe.model.outcome import Outcome, Reason, Status
from pgssi_probe.model.result import CheckRun, Event, Plan, RunResult
from pgssi_probe.model.text import Lang
from pgssi_probe.words import catalogue, say

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as Bar


WIDE = 80
"""Columns from which the bar has its full length: below, the names of what runs matter more."""
LONG = 60.0
"""Seconds of a wait from which a log says so."""


class Lines:
    """One line per event, on standard error: for a pipe or a log."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang

    def _line(self, text: str) -> None:
        err(f"{time.strftime('%H:%M:%S')} {plain(text)}\n")

    def planned(self, plan: Plan) -> None:
        count = sum(entry.runs for entry in plan.entries)
        self._line(say(self._lang, "progress.plan", count=count, requests=plan.requests_max))
        if held := without_mandate(plan):
            self._line(say(self._lang, "progress.held", count=held))

    def started(self, check: str) -> None:
        pass

    def waiting(self, check: str, until: datetime | None) -> None:
        """One line for a wait that one may wonder about; a log has no use for the others."""
        if until is not None and (until - datetime.now(UTC)).total_seconds() >= LONG:
            self._line(say(self._lang, "progress.waiting", check=check, until=local_time(until)))

    def finished(self, run: CheckRun, outcomes: tuple[Outcome, ...]) -> None:
        if run.state != "not_run":
            state = say(self._lang, f"state.{run.state}")
            failed = sum(outcome.failed for outcome in outcomes)
            silent = sum(outcome.status is Status.INCONCLUSIVE for outcome in outcomes)
            found = say(self._lang, "progress.failed", count=failed)
            if silent:
                found += say(self._lang, "progress.silent", count=silent)
            self._line(
                say(self._lang, "progress.finished", check=run.id, state=state, found=found, requests=run.requests)
            )

    def event(self, event: Event) -> None:
        if not follows_a_stop(event):
            self._line(said_of(event, self._lang))


class JsonLines:
    """One JSON object per event, on standard output."""

    def _write(self, kind: str, **values: object) -> None:
        out(harmless_json({"event": kind, **values}) + "\n")

    def planned(self, plan: Plan) -> None:
        self._write("planned", checks=[entry.check for entry in plan.entries if entry.runs], requests=plan.requests_max)

    def started(self, check: str) -> None:
        self._write("started", check=check)

    def waiting(self, check: str, until: datetime | None) -> None:
        self._write("waiting", check=check, until=until.isoformat(timespec="seconds") if until else None)

    def finished(self, run: CheckRun, outcomes: tuple[Outcome, ...]) -> None:
        self._write(
            "finished",
            check=run.id,
            state=run.state,
            reason=run.reason,
            outcomes=[{"id": one.id, "slug": one.slug, "status": one.status} for one in outcomes],
        )

    def event(self, event: Event) -> None:
        self._write(event.kind, at=event.at.isoformat(), subject=event.subject, detail=event.detail)

    def delivered(self, result: RunResult, files: Sequence[Path], unsealed: str | None) -> None:
        """The last line: where everything is."""
        self._write(
            "report",
            files=[str(path) for path in files],
            state=result.run.state,
            summary=result.summary.model_dump(mode="json"),
            unsealed=unsealed,
        )


class Live:
    """A progress bar with what is running, on a terminal. Findings scroll above it as they come."""

    def __init__(self, lang: Lang) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column
        from rich.text import Text

        self._lang = lang
        self._waits = Waits(lang)
        self._console = Console(stderr=True, highlight=False)
        waits = self._waits

        class WithWaits(Progress):
            """The bar, and below it what waits: written anew at each refresh, so that it counts down."""

            def get_renderables(self) -> Iterator[RenderableType]:
                yield from super().get_renderables()
                for text in waits.lines(datetime.now(UTC)):
                    yield Text(plain(text), style="dim", no_wrap=True, overflow="ellipsis")

        self._bar: Bar = WithWaits(
            TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
            BarColumn(bar_width=24 if self._console.width >= WIDE else 8),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("…", total=None)
        self._running: dict[str, None] = {}

    def planned(self, plan: Plan) -> None:
        self._bar.start()
        self._bar.update(self._task, total=sum(entry.runs for entry in plan.entries))
        if held := without_mandate(plan):
            self._bar.console.print(say(self._lang, "progress.held", count=held), style="yellow", markup=False)

    def close(self) -> None:
        """Give the terminal back as it was, whatever happened."""
        self._bar.stop()

    def started(self, check: str) -> None:
        self._running[check] = None
        self._describe()

    def waiting(self, check: str, until: datetime | None) -> None:
        self._waits.set(check, until)
        self._describe()

    def finished(self, run: CheckRun, outcomes: tuple[Outcome, ...]) -> None:
        if run.state == "not_run":
            return
        self._running.pop(run.id, None)
        self._waits.set(run.id, None)
        self._bar.advance(self._task)
        from rich.text import Text

        for outcome in outcomes:
            if outcome.status is Status.FAIL and outcome.severity is not None:
                mark = Text(f"{say(self._lang, f'severity.{outcome.severity}'):>10}  ", style=STYLES[outcome.severity])
                said = mark + Text(plain(outcome.sentence.in_(self._lang)), style="")
                self._bar.console.print(hanging(said, len(mark)))
        self._describe()

    def event(self, event: Event) -> None:
        from rich.text import Text

        if event.kind in {"finished", "aborted", "interrupted"}:
            self._bar.stop()
        if event.kind not in {"started", "finished"} and not follows_a_stop(event):
            self._bar.console.print(Text(plain(said_of(event, self._lang)), style="yellow"))

    def _describe(self) -> None:
        active = [name for name in self._running if name not in self._waits]
        names = ", ".join(active[:3]) + ("…" if len(active) > 3 else "")
        self._bar.update(self._task, description=say(self._lang, "progress.running", names=names) if names else "")


STYLES = {"critical": "bold red", "major": "red", "important": "yellow", "minor": "cyan"}


def said_of(event: Event, lang: Lang) -> str:
    kind, detail = say(lang, f"event.{event.kind}"), in_words(event.detail, lang)
    return " ".join(say(lang, "progress.event", kind=kind, subject=event.subject, detail=detail).split())


def follows_a_stop(event: Event) -> bool:
    """A request held back because the person stopped the run: the stop is said, this goes without saying."""
    return event.kind == "refused" and event.detail == Reason.INTERRUPTED


def in_words(detail: str, lang: Lang) -> str:
    """The words of a code of an event; what is no code, such as the id of a run, as it is."""
    known = catalogue(lang)
    return known.get(f"reason.{detail}") or known.get(f"event_detail.{detail}") or detail


def without_mandate(plan: Plan) -> int:
    """How many checks are held back for want of a mandate: a person should not take their silence for a pass."""
    return sum(entry.reason is Reason.MANDATE_MISSING for entry in plan.entries)


@contextmanager
def watching(lang: Lang, *, json: bool, quiet: bool) -> Iterator[Progress]:
    """Who watches: nobody, a machine, a terminal or a pipe. The terminal is given back at the end."""
    if json:
        yield JsonLines()
    elif quiet:
        yield Silent()
    elif not sys.stderr.isatty():
        yield Lines(lang)
    else:
        live = Live(lang)
        try:
            yield live
        finally:
            live.close()
