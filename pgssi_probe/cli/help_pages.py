"""The help pages, rendered once and kept as text: `--help` then imports nothing (see `pgssi_probe.__main__`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    yield from _pages(build(lang), (), lang, None)


def _pages(command: Any, path: tuple[str, ...], lang: Lang, parent: Any) -> Iterator[tuple[str, str]]:
    # The library bundles its own copy of click in some versions: only duck typing holds in all of them.
    context = command.context_class(
        command,
        info_name=path[-1] if path else "pgssi-probe",
        parent=parent,
        max_content_width=WIDTH,
        terminal_width=WIDTH,
    )
    text = command.get_help(context) + "\n"
    for english, key in FURNITURE.items():
        text = text.replace(english, say(lang, f"help.furniture.{key}"))
    yield "-".join(path) or "index", text
    for name, inner in getattr(command, "commands", {}).items():
        yield from _pages(inner, (*path, name), lang, context)


def files() -> dict[Path, str]:
    """Every page of every language, by file."""
    return {FOLDER / lang / f"{name}.txt": text for lang in LANGS for name, text in pages(lang)}
