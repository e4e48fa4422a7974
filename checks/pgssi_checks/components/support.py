"""Until when a branch of a product is maintained by its publisher, from a dated table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from pgssi_checks.components.products import Product, numbers_of
from pgssi_probe import yaml_text

TABLE = Path(__file__).with_name("support_ends.yaml")
PAST = "past"


class Support(StrEnum):
    """What the table says of a version on a day."""

    MAINTAINED = "maintained"
    ENDS_SOON = "ends-soon"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Branch:
    """`end` is the last day of free security fixes; None while none is announced, or when only `past` is known."""

    numbers: tuple[int, ...]
    label: str
    end: date | None
    past: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A product of the table, longest branches first: 1.1.1 is asked before 1.1."""

    name: str
    branches: tuple[Branch, ...]

    def branch_of(self, version: str) -> Branch | None:
        """The branch that a version belongs to; None when the table has none, or the version tells too little."""
        numbers = numbers_of(version)
        return next((branch for branch in self.branches if branch.numbers == numbers[: len(branch.numbers)]), None)


@dataclass(frozen=True, slots=True)
class Packaged:
    """A version that a distribution ships and maintains until a day. `numbers` are what the version begins with."""

    product: str
    numbers: tuple[int, ...]
    by: str
    until: date


@dataclass(frozen=True, slots=True)
class SupportTable:
    dated: date
    source: str
    lines: Mapping[str, Line]
    packaged: tuple[Packaged, ...] = ()

    def packager(self, product: str, version: str, today: date) -> str:
        """A distribution still under support that ships this version; "" when none is known to."""
        numbers = numbers_of(version)
        for each in self.packaged:
            if each.product == product and each.numbers == numbers[: len(each.numbers)] and today <= each.until:
                return each.by
        return ""

    def line(self, product: Product) -> Line | None:
        return self.lines.get(product.name.lower())

    def age(self, today: date) -> timedelta:
        return today - self.dated


_day = date.fromisoformat


@cache
def support_table(path: Path = TABLE) -> SupportTable:
    """The table shipped with the check."""
    data = yaml_text.read(path)
    lines: dict[str, Line] = {}
    for entry in data["products"]:
        branches = [
            Branch(numbers_of(label), label, None if end in {None, PAST} else _day(end), past=end == PAST)
            for label, end in entry["branches"].items()
        ]
        branches.sort(key=lambda branch: len(branch.numbers), reverse=True)
        line = Line(entry["name"], tuple(branches))
        lines.update(dict.fromkeys(entry["aliases"], line))
    packaged = tuple(
        Packaged(entry["product"], numbers_of(entry["version"]), entry["by"], _day(entry["until"]))
        for entry in data.get("packaged", ())
    )
    return SupportTable(_day(data["date"]), data["source"], lines, packaged)


def support_of(branch: Branch | None, today: date, soon: timedelta) -> Support:
    """How a branch stands on a day. A branch that the table does not know is unknown, never accused."""
    if branch is None:
        return Support.UNKNOWN
    if branch.past or (branch.end and branch.end < today):
        return Support.ENDED
    if branch.end and branch.end - today <= soon:
        return Support.ENDS_SOON
    return Support.MAINTAINED
