"""What a command costs: its CPU, with that of the children it waited for, and its wall time."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CACHE = Path(__file__).resolve().parents[1] / ".bench" / "compiled"


def installed(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment where Python keeps what it compiled, as it does for what pip installs; the first run fills it."""
    kept = {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(CACHE)}


class Failed(Exception):
    """A measured command ended in a way that makes its figures worthless."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds."""

    cpu: float
    wall: float
    status: int = 0


def cost(command: Sequence[str | Path], *, accept: Iterable[int] = (0,), **options: Any) -> Cost:
    """Run a command to its end, its output thrown away. Raises Failed on an exit status that is not accepted."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
    began = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], **options)
    _, state, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(state)  # we took its status
    if process.returncode not in set(accept):
        raise Failed(f"{Path(command[0]).name} ended with status {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, process.returncode)


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(statistics.median(one.cpu for one in costs), statistics.median(one.wall for one in costs))
