"""What a person who presses Ctrl-C gets: the report of what was gathered."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress

from pgssi_probe.engine.run import Conductor
from pgssi_probe.model.outcome import Reason

SHOW_CURSOR = b"\x1b[?25h\n"
"""What a terminal is owed by whoever ends without drawing its last line: its cursor, hidden while a bar moves."""


class stop_on_signals:  # noqa: N801 (read as a statement)
    """While open, SIGINT and SIGTERM end the run cleanly; a second SIGINT kills as usual."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread, or no signals here
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self._heard)

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _heard(self) -> None:
        if self._conductor.stopped_because is not None:
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), SHOW_CURSOR)
            os._exit(130)
        self._conductor.stop(Reason.INTERRUPTED)
