"""Trackers by the hosts that pages call and by the names of what they leave in a browser, from a dated table."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pgssi_probe import yaml_text

TABLE = Path(__file__).with_name("known_trackers.yaml")


@dataclass(frozen=True, slots=True)
class Tracker:
    """`exemptible`: a measure of audience that the law lets run without consent when it is set up for that."""

    name: str
    purpose: str
    hosts: tuple[str, ...]
    kept: tuple[str, ...]
    exemptible: bool = False

    def is_called(self, host: str) -> bool:
        return any(host == known or host.endswith("." + known) for known in self.hosts)

    def leaves(self, name: str) -> bool:
        return any(_matches(known, name) for known in self.kept)


def _matches(known: str, name: str) -> bool:
    if known[0] == "=":
        return name == known[1:]
    return fnmatchcase(name, known) if "*" in known else name.startswith(known)


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml_text.read(TABLE)
    return table


@cache
def trackers() -> tuple[Tracker, ...]:
    return tuple(
        Tracker(
            str(line["name"]),
            str(line["purpose"]),
            tuple(line["hosts"]),
            tuple(line["kept"]),
            bool(line.get("exemptible", False)),
        )
        for line in _table()["trackers"]
    )


def checked_on() -> str:
    """Day of the last review of the table."""
    return str(_table()["checked"])


def called(url: str) -> Tracker | None:
    """The tracker that an address belongs to."""
    host = (urlsplit(url).hostname or "").lower()
    return next((one for one in trackers() if one.is_called(host)), None)


def left(name: str) -> Tracker | None:
    """The tracker that leaves a cookie, or a storage key, of that name."""
    return next((one for one in trackers() if one.leaves(name)), None)
