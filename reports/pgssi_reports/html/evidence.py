"""Pieces of evidence as they are shown: excerpts, and facts laid out as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.text import shown
from pgssi_reports.html.source import Source
from pgssi_reports.visible import visible

EXCERPT_MAX: Final = 1500
ROWS_MAX: Final = 24
CELL_MAX: Final = 400
DEPTH_MAX: Final = 3


@dataclass(frozen=True)
class Excerpt:
    label: str
    text: str


@dataclass(frozen=True)
class EvidenceView:
    """`hidden_rows` counts the facts that only the file of the evidence holds.

    `compact` facts merely go with excerpts, which say the most: they are shown on one line.
    """

    id: str
    kind: str
    title: str
    taken: str
    excerpts: tuple[Excerpt, ...]
    compact: bool
    rows: tuple[tuple[str, str], ...]
    hidden_rows: int
    body_sha256: str | None
    sha256: str | None


@dataclass(frozen=True)
class EvidenceRef:
    """A piece of evidence where it is used: shown in full the first time (`view`), a link afterwards."""

    id: str
    view: EvidenceView | None


class EvidenceShelf:
    """Shows each piece once: the first finding that rests on it has it, the others point to it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seen: set[str] = set()

    def take(self, identifiers: Iterable[str]) -> tuple[EvidenceRef, ...]:
        refs = []
        for identifier in dict.fromkeys(identifiers):
            piece = self._source.evidence.get(identifier)
            if piece is None:
                continue
            first = identifier not in self._seen
            self._seen.add(identifier)
            refs.append(EvidenceRef(identifier, evidence_view(piece, self._source) if first else None))
        return tuple(refs)


def evidence_view(piece: Evidence, source: Source) -> EvidenceView:
    words = source.words
    parts = (("request", piece.request), ("response", piece.response), ("excerpt", piece.excerpt))
    rows = list(fact_rows(piece.data, source))
    return EvidenceView(
        id=piece.id,
        kind=words.say(f"html.evidence.kind.{piece.kind}"),
        title=words.text(piece.title),
        taken=words.moment(piece.taken),
        excerpts=tuple(
            Excerpt(words.say(f"html.evidence.{name}"), visible(text.strip("\n"), EXCERPT_MAX, lines=True))
            for name, text in parts
            if text
        ),
        compact=piece.kind == "exchange",
        rows=tuple(rows[:ROWS_MAX]),
        hidden_rows=max(0, len(rows) - ROWS_MAX),
        body_sha256=piece.body_sha256,
        sha256=piece.sha256,
    )


def fact_rows(data: JsonValue, source: Source, name: str = "", depth: int = 0) -> Iterable[tuple[str, str]]:
    """Facts as rows: nested tables become dotted names, lists are joined, everything is cut.

    Nothing shows for what is absent; an empty text is said to be there, as the attribute of a cookie may be.
    """
    if data is None or data == [] or data == {}:
        return
    if data == "":
        data = source.words.say("html.evidence.empty")
    if isinstance(data, dict) and depth < DEPTH_MAX:
        for key, value in data.items():
            label = f"{name}.{key}" if name else source.words.word("html.evidence.fact", str(key))
            yield from fact_rows(value, source, label, depth + 1)
    elif _is_table(data) and depth < DEPTH_MAX and isinstance(data, list):
        for index, value in enumerate(data, start=1):
            yield f"{name} {index}", visible(shown(value, source.words.lang), CELL_MAX)
    else:
        yield name, visible(shown(data, source.words.lang), CELL_MAX)


def _is_table(data: JsonValue) -> bool:
    return isinstance(data, list) and bool(data) and all(isinstance(value, (dict, list)) for value in data)
