"""What the engine tells whoever watches. The command line shows it; nothing here writes to a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pgssi_probe.model.outcome import Outcome
from pgssi_probe.model.result import CheckRun, Event, Plan


class Progress(Protocol):
    """Called from the event loop; must return at once."""

    def planned(self, plan: Plan) -> None: ...

    def started(self, check: str) -> None: ...

    def waiting(self, check: str, until: datetime | None) -> None:
        """A check waits, by its own clock, until this moment (UTC) at the latest; None when it goes on."""
        ...

    def finished(self, run: CheckRun, outcomes: tuple[Outcome, ...]) -> None: ...

    def event(self, event: Event) -> None: ...


class Silent:
    """Watches nothing."""

    def planned(self, plan: Plan) -> None: ...

    def started(self, check: str) -> None: ...

    def waiting(self, check: str, until: datetime | None) -> None: ...

    def finished(self, run: CheckRun, outcomes: tuple[Outcome, ...]) -> None: ...

    def event(self, event: Event) -> None: ...
