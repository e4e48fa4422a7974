"""Servers that mean harm, for tests of bad input: loopback only, nothing large kept in memory.

    async with hostile("gzip-bomb") as url:
        ...

Each name of `HOSTILE` is one misbehaviour; most answer the same on every path.
"""

from __future__ import annotations

from pgssi_probe.lab.hostile import bodies, framing, pages
from pgssi_probe.lab.hostile.pages import HOSTILE_STRINGS
from pgssi_probe.lab.hostile.serving import HOSTILE, hostile

__all__ = ["HOSTILE", "HOSTILE_STRINGS", "bodies", "framing", "hostile", "pages"]
