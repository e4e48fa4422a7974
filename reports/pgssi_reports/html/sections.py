"""The sections of the report in their order, and which of the three readers each is written for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pgssi_reports.words import Words

READERS: Final = ("direction", "team", "auditor")
BODY: Final = (
    ("synthesis", "direction"),
    ("scope", "auditor"),
    ("method", "auditor"),
    ("map", "direction"),
    ("findings", "team"),
    ("details", "team"),
    ("measures", "team"),
    ("plan", "direction"),
    ("rules", "team"),
    ("observed", "auditor"),
    ("chronology", "auditor"),
    ("unevaluated", "auditor"),
    ("declarations", "auditor"),
    ("glossary", "direction"),
)
ANNEXES: Final[tuple[tuple[str, str], ...]] = (
    ("scales", "auditor"),
    ("checks", "auditor"),
    ("verify", "auditor"),
    ("inventory", "auditor"),
)


@dataclass(frozen=True)
class Section:
    """`number` is `7`, or `A` for an annex."""

    id: str
    number: str
    title: str
    reader: str


@dataclass(frozen=True)
class Reader:
    code: str
    name: str
    sections: tuple[Section, ...]


def sections(
    words: Words, *, total: int, measures: bool, declarations: bool, inventory: bool = False
) -> dict[str, Section]:
    """By id. Sections that would have nothing to show have no number: they are not there."""
    absent = {name for name, there in (("measures", measures), ("declarations", declarations)) if not there}
    annexes = [one for one in ANNEXES if inventory or one[0] != "inventory"]
    body = [(name, reader) for name, reader in BODY if name not in absent]
    numbered = [
        *((str(n), *one) for n, one in enumerate(body, 1)),
        *((letter, *one) for letter, one in zip("ABCD", annexes, strict=False)),
    ]
    return {
        name: Section(name, number, words.say(f"html.nav.{name}", total=total), reader)
        for number, name, reader in numbered
    }


def readers(shown: dict[str, Section], words: Words) -> tuple[Reader, ...]:
    """The table of contents, reader by reader."""
    return tuple(
        Reader(code, words.say(f"html.reader.{code}"), tuple(one for one in shown.values() if one.reader == code))
        for code in READERS
    )
