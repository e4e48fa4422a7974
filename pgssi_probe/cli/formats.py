"""`--format`: which renderings are wanted, and whether this machine can make them, asked before anything is sent."""

from __future__ import annotations

from pgssi_probe.cli.exits import Exit, stop
from pgssi_probe.model.extra import ExtraMissing
from pgssi_probe.model.rendering import Reporter
from pgssi_probe.model.text import Lang
from pgssi_probe.packages import plugins

GROUP = "pgssi_probe.reporters"
DEFAULT = "html"
EVERYTHING = "all"
DATA = "json"  # report.json is always written


def reporters(lang: Lang, asked: tuple[str, ...] = (DEFAULT,)) -> tuple[Reporter, ...]:
    """The reporters of the names asked for. Stop for an unknown one, or one that lacks a part."""
    known = {entry.name: entry for entry in plugins(GROUP)}
    for name in asked:
        if name not in {*known, EVERYTHING, DATA}:
            choices = ", ".join([*sorted({*known, DATA}), EVERYTHING])
            stop(lang, "error.bad_choice", value=name, option="--format", choices=choices)
    if not asked:
        stop(lang, "error.bad_choice", value="", option="--format", choices=", ".join([*sorted(known), EVERYTHING]))
    wanted = sorted(known) if EVERYTHING in asked else [name for name in dict.fromkeys(asked) if name != DATA]
    found = []
    for name in wanted:
        reporter: Reporter = known[name].load()()
        try:
            getattr(reporter, "ready", bool)()
        except ExtraMissing as missing:
            lacking(lang, name, missing)
        found.append(reporter)
    return tuple(found)


def lacking(lang: Lang, name: str, missing: ExtraMissing) -> None:
    """Stop with what to install."""
    if missing.library:
        stop(lang, "error.missing_library", Exit.USAGE, name=name, library=missing.library)
    stop(lang, "error.missing_format", Exit.USAGE, name=name, extra=missing.extra)
