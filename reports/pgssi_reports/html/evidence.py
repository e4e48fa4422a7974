"""Pieces of evidence as they are shown: excerpts, and facts laid out as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pgssi_probe.model.evidence import Evidence
from pgssi_reports.html.facts import Facts
from pgssi_reports.html.source import Source
from pgssi_reports.visible import visible

EXCERPT_MAX: Final = 1500
ROWS_MAX: Final = 24


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
    """A piece of evidence where it is used: shown in full the first time (`view`), a link to `shown` afterwards.

    A piece that says word for word what another one said is a link to that one.
    """

    id: str
    shown: str
    view: EvidenceView | None


class EvidenceShelf:
    """Shows each piece once: the first finding that rests on it has it, the others point to it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._shown: dict[str, str] = {}
        self._said: dict[str, str] = {}

    def take(self, identifiers: Iterable[str]) -> tuple[EvidenceRef, ...]:
        refs = []
        for identifier in dict.fromkeys(identifiers):
            piece = self._source.evidence.get(identifier)
            if piece is None:
                continue
            first = identifier not in self._shown
            shown = self._shown.setdefault(identifier, self._said.setdefault(_content(piece), identifier))
            view = evidence_view(piece, self._source) if first and shown == identifier else None
            refs.append(EvidenceRef(identifier, shown, view))
        return tuple(refs)


def _content(piece: Evidence) -> str:
    """What a piece says, whenever it was taken and for whichever check."""
    return repr((piece.title, piece.request, piece.response, piece.excerpt, piece.body_sha256, piece.data))


def evidence_view(piece: Evidence, source: Source) -> EvidenceView:
    words = source.words
    parts = (("request", piece.request), ("response", piece.response), ("excerpt", piece.excerpt))
    title = words.text(piece.title)
    data = {name: value for name, value in piece.data.items() if name != "url" or str(value) not in title}
    rows = list(Facts(words, source.checks.get(piece.check)).rows(data))
    return EvidenceView(
        id=piece.id,
        kind=words.say(f"html.evidence.kind.{piece.kind}"),
        title=title,
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
