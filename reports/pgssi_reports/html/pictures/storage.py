"""What the browser keeps of a user, before and after signing out (DT10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from pgssi_reports.html.pictures.axis import Linear
from pgssi_reports.html.pictures.facts import evidence_data, number, table
from pgssi_reports.html.source import Source
from pgssi_reports.visible import visible

CHECK: Final = "browser.residual-data"
WIDTH, LEFT, RIGHT, TOP, LANE = 720, 190, 60, 10, 46
KINDS_MAX: Final = 10
NAMES_MAX: Final = 6
BAR: Final = 14


@dataclass(frozen=True)
class Kind:
    """One kind of storage. `left` names what remains."""

    name: str
    y: int
    before: int
    after: int
    before_width: float
    after_width: float
    left: str


@dataclass(frozen=True)
class Storage:
    width: int
    height: int
    x: int
    kinds: tuple[Kind, ...]
    caption: str


def storage(source: Source) -> tuple[Storage, ...]:
    """One picture for each pair of dumps that was kept."""
    return tuple(
        picture
        for data in evidence_data(source, CHECK, "after")
        if (picture := _drawn(table(data.get("before")), table(data["after"]), source)) is not None
    )


def _drawn(before: dict[str, JsonValue], after: dict[str, JsonValue], source: Source) -> Storage | None:
    words = source.words
    names = list(dict.fromkeys((*before, *after)))[:KINDS_MAX]
    counts = {name: (_count(before.get(name)), _count(after.get(name))) for name in names}
    names = [name for name in names if any(counts[name])]
    if not names:
        return None
    axis = Linear(max(1, *(max(pair) for pair in counts.values())), 0, WIDTH - LEFT - RIGHT)
    kinds = tuple(
        Kind(
            name=visible(words.word("html.picture.storage.kind", name), 40),
            y=TOP + index * LANE,
            before=counts[name][0],
            after=counts[name][1],
            before_width=axis.at(counts[name][0]),
            after_width=axis.at(counts[name][1]),
            left=_names(after.get(name)) or "—",
        )
        for index, name in enumerate(names)
    )
    left = sum(kind.after for kind in kinds)
    return Storage(
        width=WIDTH,
        height=TOP + LANE * len(kinds),
        x=LEFT,
        kinds=kinds,
        caption=words.count("html.picture.storage.caption", left),
    )


def _count(value: JsonValue | None) -> int:
    if isinstance(value, (list, dict)):
        return len(value)
    return int(number(value) or 0)


def _names(value: JsonValue | None) -> str:
    found = value if isinstance(value, (list, dict)) else []
    said = [visible(str(table(one).get("name", one) if isinstance(one, dict) else one), 60) for one in found]
    more = len(said) - NAMES_MAX
    return ", ".join(said[:NAMES_MAX]) + (f" (+{more})" if more > 0 else "")
