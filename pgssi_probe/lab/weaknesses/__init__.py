"""Every switch of the lab, declared next to the code of its effect, one file per family."""

from __future__ import annotations

from pgssi_probe.lab.weaknesses import headers
from pgssi_probe.lab.weaknesses.registry import (
    IncompatibleWeaknesses,
    UnknownWeakness,
    Weakness,
    chosen,
    list_weaknesses,
    registered,
    resolve,
)

FAMILIES = (headers,)
"""The families loaded; their order is the order of the list, and of the choice made by `all`."""

__all__ = [
    "FAMILIES",
    "IncompatibleWeaknesses",
    "UnknownWeakness",
    "Weakness",
    "chosen",
    "list_weaknesses",
    "registered",
    "resolve",
]
