"""Geometry of the figures. The templates draw what is computed here; sizes are in units of the drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pgssi_probe.model.outcome import Outcome
from pgssi_probe.model.severity import MATRIX, Ease, Impact
from pgssi_probe.model.verdict import Verdict
from pgssi_reports.html.tags import Tag, severity_tag, verdict_tag
from pgssi_reports.words import Words

BAR_WIDTH: Final = 1000.0
BAR_ORDER: Final = (
    Verdict.NON_COMPLIANT,
    Verdict.SUSPECTED,
    Verdict.NO_DEVIATION,
    Verdict.COMPLIANT,
    Verdict.DECLARED,
    Verdict.TO_JUSTIFY,
    Verdict.NOT_EVALUATED,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True)
class Segment:
    tag: Tag
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class MatrixCell:
    severity: Tag
    ease: str
    count: int
    x: int
    y: int
    label: str


@dataclass(frozen=True)
class Axis:
    word: str
    at: int


@dataclass(frozen=True)
class GridRow:
    word: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True)
class Matrix:
    """Rows are impacts, the worst on top; columns are eases of exploitation, the easiest on the right."""

    cells: tuple[MatrixCell, ...]
    rows: tuple[Axis, ...]
    columns: tuple[Axis, ...]
    total: int

    @property
    def grid(self) -> tuple[GridRow, ...]:
        """The same cells, row by row."""
        width = len(self.columns)
        return tuple(GridRow(row.word, self.cells[i * width : (i + 1) * width]) for i, row in enumerate(self.rows))

    @property
    def filled(self) -> tuple[MatrixCell, ...]:
        return tuple(cell for cell in self.cells if cell.count)


CELL_WIDTH: Final = 110
CELL_HEIGHT: Final = 62
LEFT: Final = 118
TOP: Final = 8


def verdict_bar(counts: Iterable[Verdict], words: Words) -> tuple[Segment, ...]:
    """One segment for each verdict that occurs, as wide as its share."""
    found = Counter(counts)
    total = sum(found.values())
    segments, x = [], 0.0
    for verdict in BAR_ORDER:
        if count := found.get(verdict, 0):
            width = BAR_WIDTH * count / total
            segments.append(Segment(verdict_tag(verdict, words), count, round(x, 2), round(width, 2)))
            x += width
    return tuple(segments)


def matrix(outcomes: Iterable[Outcome], words: Words) -> Matrix:
    """How many failures fall in each cell of the severity scale; those without impact and ease are left out."""
    placed = Counter((o.impact, o.ease) for o in outcomes if o.impact and o.ease)
    impacts, eases = list(reversed(Impact)), list(Ease)
    cells = []
    for row, impact in enumerate(impacts):
        for column, ease in enumerate(eases):
            severity = severity_tag(MATRIX[impact][column], words)
            count = placed.get((impact, ease), 0)
            label = words.say(
                "html.matrix.cell",
                impact=words.say(f"html.impact.{impact.value}"),
                ease=words.say(f"html.ease.{ease.value}"),
                severity=severity.word,
                findings=words.count("html.matrix.findings", count),
            )
            x, y = LEFT + column * CELL_WIDTH, TOP + row * CELL_HEIGHT
            cells.append(MatrixCell(severity, words.say(f"html.ease.{ease.value}"), count, x, y, label))
    return Matrix(
        cells=tuple(cells),
        rows=tuple(
            Axis(words.say(f"html.impact.{impact.value}"), TOP + row * CELL_HEIGHT + CELL_HEIGHT // 2)
            for row, impact in enumerate(impacts)
        ),
        columns=tuple(
            Axis(words.say(f"html.ease.{ease.value}"), LEFT + column * CELL_WIDTH + CELL_WIDTH // 2)
            for column, ease in enumerate(eases)
        ),
        total=sum(placed.values()),
    )
