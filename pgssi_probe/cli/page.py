"""Standard output for people: drawn by rich on a terminal; in a pipe the same text, where nothing is folded."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from pgssi_probe.cli.safe import harmless_json, plain
from pgssi_probe.cli.streams import out, to_nowhere

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


class Styled(NamedTuple):
    """A piece of text and how a terminal shows it. The text is shown as it is: `plain` what comes from elsewhere."""

    text: str
    style: str = ""


def write_json(data: Any) -> None:
    out(harmless_json(data, indent=2) + "\n")


def table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A simple table without borders."""
    names = tuple(headings)
    cells = [tuple(cell if isinstance(cell, Styled) else Styled(plain(str(cell))) for cell in row) for row in rows]
    if not _on_terminal():
        out(_aligned(names, cells))
        return
    from rich.table import Table

    drawn = Table(*names, box=None, pad_edge=False, header_style="bold", show_header=bool(names))
    for row in cells:
        drawn.add_row(*map(_drawn, row))
    _console().print(drawn)


def heading(text: str) -> None:
    marked(Styled(f"\n{text}", "bold"))


def line(text: str, style: str = "") -> None:
    """One paragraph; a leading line feed leaves a blank line before it."""
    before = "\n" if text.startswith("\n") else ""
    marked(Styled(before + plain(text.strip("\n"), 2000), style))


def path_line(text: str) -> None:
    """A line that holds a path or an address: never folded, so that it can be copied."""
    marked(Styled(plain(text, 5000)), folded=False)


def marked(*pieces: Styled, folded: bool = True) -> None:
    """Pieces of one paragraph, each in its style."""
    if not _on_terminal():
        out("".join(piece.text for piece in pieces) + "\n")
        return
    from rich.text import Text

    _console().print(Text("").join(map(_drawn, pieces)), soft_wrap=not folded)


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def _aligned(names: tuple[str, ...], rows: list[tuple[Styled, ...]]) -> str:
    lines = [*([names] if names else []), *(tuple(cell.text for cell in row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() + "\n"
        for cells in lines
    )


def _drawn(piece: Styled) -> Text:
    from rich.text import Text

    return Text(piece.text, style=piece.style)


def _console() -> Console:
    from rich.console import Console

    class Page(Console):
        def on_broken_pipe(self) -> None:
            to_nowhere(sys.stdout)

    return Page(highlight=False)
