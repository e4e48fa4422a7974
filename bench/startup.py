"""What a person waits for before anything is asked of the network.

Goal: `pgssi-probe --help` costs at most three times `python -c pass` of the same interpreter, in CPU (user and system)
and in wall time. Runs alternate, since the machine is shared; each figure is the median of the ratios of the pairs.
Other commands are shown for information.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

from bench._commands import Cost, cost, installed, middle

PAIRS = 25
OTHERS_PAIRS = 5
GOAL = 3.0
BARE = [sys.executable, "-c", "pass"]
OTHERS = (("scan", "--help"), ("--version",), ("rules", "show", "AA7"), ("checks", "list"))


def tool() -> Path:
    """The console script that pip made beside this interpreter."""
    return Path(sys.executable).with_name("pgssi-probe")


def pairs(arguments: tuple[str, ...], count: int) -> list[tuple[Cost, Cost]]:
    environment = installed({**os.environ, "PGSSI_LANG": "fr"})
    made = []
    for number in range(count + 1):
        one = cost(BARE, env=environment), cost([tool(), *arguments], env=environment)
        if number:  # the first warms the file cache
            made.append(one)
    return made


def show(arguments: tuple[str, ...], count: int) -> tuple[float, float]:
    """Ratios of CPU and of wall time, after a line that tells them."""
    made = pairs(arguments, count)
    cpu = statistics.median(ours.cpu / bare.cpu for bare, ours in made)
    wall = statistics.median(ours.wall / bare.wall for bare, ours in made)
    bare, ours = middle([pair[0] for pair in made]), middle([pair[1] for pair in made])
    print(
        f"{' '.join(arguments):<16} CPU {bare.cpu * 1000:>6.1f} → {ours.cpu * 1000:>7.1f} ms ({cpu:.2f})"
        f"   wall {bare.wall * 1000:>6.1f} → {ours.wall * 1000:>7.1f} ms ({wall:.2f})",
        flush=True,
    )
    return cpu, wall


def main() -> bool:
    cpu, wall = show(("--help",), PAIRS)
    for arguments in OTHERS:
        show(arguments, OTHERS_PAIRS)
    holds = cpu <= GOAL and wall <= GOAL
    print(f"--help at most {GOAL:g} times `python -c pass`: {'ok' if holds else 'MISSED'}")
    return holds
