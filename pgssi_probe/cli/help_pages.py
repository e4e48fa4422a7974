"""The help pages, rendered once and kept as text: `--help` then imports nothing (see `pgssi_probe.__main__`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pgssi_probe.cli.app import build
from pgssi_probe.model.text import LANGS, Lang
from pgssi_probe.words import say

FOLDER = Path(__file__).parent / "help"
WIDTH = 100
ROOM = 4
"""Columns that French needs more than English where the library writes by itself."""
KINDS = {
    "<str>": "text",
    "<path>": "path",
    "<list[Path]>": "path",
    "<float>": "number",
    "<int>": "number",
}
"""What the library calls the kinds of values, and how `help.metavar` names them."""
GLUED = re.compile(r" (?=[;:!?»])|(?<=«) ")
"""Spaces that French typography does not break at."""
# What the command-line library writes by itself, in English.
FURNITURE = {
    "Usage:": "usage",
    "Options:": "options",
    "Commands:": "commands",
    "Arguments:": "arguments",
    "Show this message and exit.": "show",
    "[default:": "default",
    "[required]": "required",
}


def pages(lang: Lang) -> Iterator[tuple[str, str]]:
    """Name and text of each page: `index`, `scan`, `rules`, `rules-show`…"""
    yield from _pages(build(lang), (), lang, None)


def _pages(command: Any, path: tuple[str, ...], lang: Lang, parent: Any) -> Iterator[tuple[str, str]]:
    # The library bundles its own copy of click in some versions: only duck typing holds in all of them.
    glue(command)
    name_kinds(command, lang)
    context = command.context_class(
        command,
        info_name=path[-1] if path else "pgssi-probe",
        parent=parent,
        max_content_width=WIDTH - ROOM,
        terminal_width=WIDTH - ROOM,
    )
    text = command.get_help(context).replace("\u00a0", " ").replace("\u2011", "-") + "\n"
    for english, key in FURNITURE.items():
        text = text.replace(english, say(lang, f"help.furniture.{key}"))
    yield "-".join(path) or "index", text
    for name, inner in getattr(command, "commands", {}).items():
        yield from _pages(inner, (*path, name), lang, context)


def glue(command: Any) -> None:
    """Hold a sign of punctuation to its word, and a name with hyphens together: the library folds at plain ones."""
    for named in (command, *command.params):
        for part in ("help", "short_help", "epilog"):
            if text := getattr(named, part, None):
                setattr(named, part, GLUED.sub("\u00a0", text).replace("-", "\u2011"))


def name_kinds(command: Any, lang: Lang) -> None:
    """Say the kind of a value in the language of the person; an argument has its name, and needs none."""
    for parameter in command.params:
        if (by_library := getattr(parameter, "display_type_rich", None)) is not None:
            parameter.display_type_rich = partial(_kind, by_library, parameter.param_type_name, lang)


def _kind(by_library: Any, of: str, lang: Lang, ctx: Any) -> str:
    if of == "argument":
        return ""
    said = str(by_library(ctx=ctx))
    return say(lang, f"help.metavar.{KINDS[said]}") if said in KINDS else said


def files() -> dict[Path, str]:
    """Every page of every language, by file."""
    return {FOLDER / lang / f"{name}.txt": text for lang in LANGS for name, text in pages(lang)}
