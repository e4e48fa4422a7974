"""What the browser keeps of a user, before and after signing out (DT10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from pgssi_reports.html.pictures.axis import Linear
from pgssi_reports.html.pictures.facts import evidence_data, items, table
from pgssi_reports.html.source import Source
from pgssi_reports.visible import visible

CHECK: Final = "browser.residual-data"
WIDTH, LEFT, RIGHT, TOP, LANE = 720, 190, 60, 10, 46
KINDS_MAX: Final = 10
NAMES_MAX: Final = 6
ENTRIES_MAX: Final = 1000


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
        if (picture := _drawn(_by_place(data.get("before")), _by_place(data["after"]), source)) is not None
    )


def _by_place(dump: JsonValue | None) -> dict[str, list[str]]:
    """Names of what a dump holds, by place; entries are {place, where, name, size, digest}."""
    found: dict[str, list[str]] = {}
    for entry in items(dump, ENTRIES_MAX):
        place, name = table(entry).get("place"), table(entry).get("name")
        if isinstance(place, str) and isinstance(name, str):
            found.setdefault(place, []).append(name)
    return found


def _drawn(before: dict[str, list[str]], after: dict[str, list[str]], source: Source) -> Storage | None:
    words = source.words
    places = list(dict.fromkeys((*before, *after)))[:KINDS_MAX]
    if not places:
        return None
    most = max(len(names) for dump in (before, after) for names in dump.values())
    axis = Linear(most, 0, WIDTH - LEFT - RIGHT)
    kinds = tuple(
        Kind(
            name=visible(words.word("html.picture.storage.kind", place), 40),
            y=TOP + index * LANE,
            before=len(before.get(place, ())),
            after=len(after.get(place, ())),
            before_width=axis.at(len(before.get(place, ()))),
            after_width=axis.at(len(after.get(place, ()))),
            left=_names(after.get(place, [])) or "—",
        )
        for index, place in enumerate(places)
    )
    left = sum(kind.after for kind in kinds)
    return Storage(
        width=WIDTH,
        height=TOP + LANE * len(kinds),
        x=LEFT,
        kinds=kinds,
        caption=words.count("html.picture.storage.caption", left) if left else words.say("html.picture.storage.empty"),
    )


def _names(found: list[str]) -> str:
    more = len(found) - NAMES_MAX
    return ", ".join(visible(name, 60) for name in found[:NAMES_MAX]) + (f" (+{more})" if more > 0 else "")
