"""`purge`: destroy a run, and leave a sealed record of it."""

from __future__ import annotations

import getpass
import shlex
import sys
from pathlib import Path

from pgssi_probe.cli.exits import Exit, Stop, explained, stop
from pgssi_probe.cli.page import line, path_line, write_json
from pgssi_probe.cli.sealing import SealChoice, lowered, seal_for
from pgssi_probe.clock import SystemClock
from pgssi_probe.engine.purge import before, purge
from pgssi_probe.model.dates import said_iso
from pgssi_probe.model.destruction import RECORD, Destruction, Remains
from pgssi_probe.model.rendering import SealError
from pgssi_probe.model.text import Lang
from pgssi_probe.packages import plugins
from pgssi_probe.words import say

SHOWN = 20
TEXT_MAX = 500


def purge_run(
    path: Path, lang: Lang, choice: SealChoice | None, *, yes: bool, reason: str, by: str | None, json: bool
) -> Exit:
    """0 when all is gone and recorded, 1 when something had to be left, 4 when the seal is lower than asked for.

    Stop with USAGE when nobody said yes, when it is not the folder of a run, or when it was purged before.
    """
    with explained(lang):
        run = before(path)
    if any(len(text) > TEXT_MAX or not text.isprintable() for text in (reason, by or "")):
        stop(lang, "purge.text")
    if not yes:
        _confirmed(path, run, lang)
    with explained(lang):
        record = purge(path, SystemClock(), by=by or _somebody(), reason=reason, renderings=_renderings())
    trouble = None if choice is None else _sealed(path, choice, lang)
    if json:
        write_json(record.model_dump(mode="json"))
    else:
        show(path, record, lang, sealed=choice is not None)
    if trouble is not None:
        raise Stop(Exit.UNREACHABLE, say(lang, "summary.lowered", why=trouble))
    return Exit.DEVIATIONS if record.left else Exit.OK


def show(path: Path, record: Destruction, lang: Lang, *, sealed: bool) -> None:
    line(say(lang, "purge.done", run=record.run.run_id, count=len(record.gone)))
    if any(file.fate == "unlinked" for file in record.files):
        line(say(lang, "purge.unlinked"), "yellow")
    for file in record.left[:SHOWN]:
        path_line("  " + say(lang, f"purge.left.{file.why}", path=file.path))
    if len(record.left) > SHOWN:
        line("  " + say(lang, "purge.more", count=len(record.left) - SHOWN))
    path_line(say(lang, "purge.record", path=path / RECORD))
    if sealed:
        path_line(say(lang, "purge.verify", path=shlex.quote(str(path))))
    line(say(lang, "purge.limits"))


def _confirmed(path: Path, run: Remains, lang: Lang) -> None:
    """Stop unless a person at a terminal says yes."""
    if not (sys.stdin and sys.stdin.isatty()):
        stop(lang, "purge.nobody")
    started = said_iso(run.started, lang) or run.started
    path_line(say(lang, "purge.ask", path=path, run=run.run_id, target=run.origin, started=started))
    try:
        answer = input(say(lang, "purge.question") + " ")
    except EOFError:
        answer = ""
    if answer.strip().casefold() != say(lang, "purge.yes"):
        stop(lang, "purge.refused")


def _somebody() -> str:
    """The account of the system that runs the command; nothing where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def _renderings() -> tuple[str, ...]:
    """The names of the files that the installed reporters write."""
    return tuple(entry.load()().file_name for entry in plugins("pgssi_probe.reporters"))


def _sealed(path: Path, choice: SealChoice, lang: Lang) -> str | None:
    """Seal the record; why the seal is lower than asked for, if it is. Stop when there is no seal: the run is gone."""
    try:
        return lowered(choice.sign(path / RECORD), lang)
    except SealError as error:
        raise Stop(Exit.UNREACHABLE, say(lang, "purge.unsealed", why=seal_for(lang).explain(error, lang))) from None
