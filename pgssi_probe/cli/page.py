"""Standard output for people: drawn by rich on a terminal; in a pipe the same text, where nothing is folded."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from pgssi_probe.cli.safe import harmless_json, plain
from pgssi_probe.cli.streams import out, to_nowhere

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text


NAME_MAX = 34
"""Columns of the longest name that is never folded: it is there to be copied."""


class Styled(NamedTuple):
    """A piece of text and how a terminal shows it. The text is shown as it is: `plain` what comes from elsewhere."""

    text: str
    style: str = ""


def write_json(data: Any) -> None:
    out(harmless_json(data, indent=2) + "\n")


def table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A simple table without borders: numbers to the right, nothing cut, names kept whole where there is room."""
    names = tuple(headings)
    cells = [tuple(cell if isinstance(cell, Styled) else Styled(plain(str(cell))) for cell in row) for row in rows]
    if not _on_terminal():
        out(_aligned(names, cells))
        return
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(names))
    for place, column in enumerate(zip(*cells, strict=True)):
        drawn.add_column(
            names[place] if names else "",
            justify="right" if _numbers(column) else "left",
            overflow="fold",
            no_wrap=all(" " not in cell.text.strip() and len(cell.text) <= NAME_MAX for cell in column),
        )
    for row in cells:
        drawn.add_row(*map(_drawn, row))
    _console().print(drawn)


def heading(text: str) -> None:
    marked(Styled(f"\n{text}", "bold"))


def line(text: str, style: str = "") -> None:
    """One paragraph; a leading line feed leaves a blank line before it. Where it is folded, it keeps its indent."""
    said = plain(text.strip("\n"), 2000)
    if text.startswith("\n"):
        marked(Styled(""))
    marked(Styled(said, style), hang=len(said) - len(said.lstrip(" ")))


def path_line(text: str) -> None:
    """A line that holds a path or an address: never folded, so that it can be copied."""
    marked(Styled(plain(text, 5000)), folded=False)


def marked(*pieces: Styled, folded: bool = True, hang: int = 0) -> None:
    """Pieces of one paragraph, each in its style. Where it is folded, the lines after the first begin at `hang`."""
    if not _on_terminal():
        out("".join(piece.text for piece in pieces) + "\n")
        return
    from rich.text import Text

    console = _console()
    text = Text("").join(map(_drawn, pieces))
    if not folded or not hang or console.width < 2 * hang:
        console.print(text, soft_wrap=not folded)
        return
    console.print(hanging(text, hang))


def hanging(text: Text, hang: int) -> RenderableType:
    """A paragraph of which the first `hang` columns stand apart from the rest."""
    from rich.table import Table

    grid = Table.grid()
    grid.add_column(width=hang, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(text[:hang], text[hang:])
    return grid


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def _aligned(names: tuple[str, ...], rows: list[tuple[Styled, ...]]) -> str:
    lines = [*([names] if names else []), *(tuple(cell.text for cell in row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [_numbers(column) for column in zip(*rows, strict=True)]
    return "".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(cells, widths, right, strict=True)
        ).rstrip()
        + "\n"
        for cells in lines
    )


def _numbers(column: Iterable[Styled]) -> bool:
    """A column of whole numbers, some of which may be absent."""
    texts = [cell.text.strip() for cell in column]
    return any(texts) and all(text.isdigit() for text in texts if text)


def _drawn(piece: Styled) -> Text:
    from rich.text import Text

    return Text(piece.text, style=piece.style)


def _console() -> Console:
    from rich.console import Console

    class Page(Console):
        def on_broken_pipe(self) -> None:
            to_nowhere(sys.stdout)

    return Page(highlight=False)
