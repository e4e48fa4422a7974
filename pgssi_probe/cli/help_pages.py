"""The help pages, rendered once and kept as text: `--help` then imports nothing (see `pgssi_probe.__main__`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer.main
from typer._click.core import Command, Context, Group

from pgssi_probe.cli.app import build
from pgssi_probe.model.text import LANGS, Lang
from pgssi_probe.words import say

FOLDER = Path(__file__).parent / "help"
WIDTH = 100
# What the command-line library writes by itself, in English.
FURNITURE = {
    "Usage:": "usage",
    "Options:": "options",
    "Commands:": "commands",
    "Arguments:": "arguments",
    "Show this message and exit.": "show",
    "[default: ": "default",
    "[required]": "required",
}


def pages(lang: Lang) -> Iterator[tuple[str, str]]:
    """Name and text of each page: `index`, `scan`, `rules`, `rules-show`…"""
    yield from _pages(typer.main.get_command(build(lang)), (), lang)


def _pages(command: Command, path: tuple[str, ...], lang: Lang) -> Iterator[tuple[str, str]]:
    context: Context | None = None
    for name in ("pgssi-probe", *path):
        context = Context(command, info_name=name, parent=context, max_content_width=WIDTH, terminal_width=WIDTH)
    assert context is not None  # noqa: S101 (the loop runs at least once)
    text = command.get_help(context) + "\n"
    for english in FURNITURE:
        text = text.replace(english, say(lang, f"help.furniture.{FURNITURE[english]}"))
    yield "-".join(path) or "index", text
    if isinstance(command, Group):
        for name, inner in command.commands.items():
            yield from _pages(inner, (*path, name), lang)


def files() -> dict[Path, str]:
    """Every page of every language, by file."""
    return {FOLDER / lang / f"{name}.txt": text for lang in LANGS for name, text in pages(lang)}
