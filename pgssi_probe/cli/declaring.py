"""`declarations new|check|status`, and the option `--declarations` of `scan` and `report`."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pgssi_probe.assess import reassess
from pgssi_probe.cli.draft import comment, write_new
from pgssi_probe.cli.exits import Exit, explained
from pgssi_probe.cli.page import heading, line, path_line, table, write_json
from pgssi_probe.cli.safe import plain
from pgssi_probe.clock import SystemClock
from pgssi_probe.declarations.diagnosis import diagnosis
from pgssi_probe.declarations.expected import Expected, expected
from pgssi_probe.declarations.file import Loaded, load_declarations, restated
from pgssi_probe.engine.folder import RunFolder
from pgssi_probe.guide import guide
from pgssi_probe.history.reading import read_report
from pgssi_probe.model.dates import said_day
from pgssi_probe.model.declaration import Declaration, Declarations, Seen, Standing
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Bilingual, Lang
from pgssi_probe.words import say

TEMPLATES = Path(__file__).parents[1] / "declarations" / "templates"
KEPT = "declarations.toml"
"""The name of the file in the folder of a run: listed and sealed with the rest."""
SOON = timedelta(days=90)


def today() -> date:
    """The day of the person who runs the command."""
    return SystemClock().now().astimezone().date()


def load(path: Path | None, lang: Lang) -> Loaded | None:
    """The declarations that an option names; Stop with every mistake of the file."""
    if path is None:
        return None
    with explained(lang):
        return load_declarations(path, today())


def declared(result: RunResult, folder: Path, given: Loaded | None, earlier: Declarations | None = None) -> RunResult:
    """The result with its verdicts made again, written to the folder with the file; the same when nothing was declared.

    `earlier` are those of an interrupted run that goes on: they hold until others are given.
    """
    found = given.declarations if given else restated(earlier, today()) if earlier else None
    if found is None:
        return result
    again = reassess(result, guide(), found)
    room = RunFolder(folder)
    if given is not None:
        room.write(KEPT, given.raw)
    room.write("report.json", again)
    return again


def new(run: Path | None, engagement: Path | None, out: Path, lang: Lang) -> Exit:
    """Write a file with an entry for each part that only a document can support; never over an existing one."""
    from pgssi_probe.engagement import load_engagement

    with explained(lang):
        result = read_report(run) if run is not None else None
        context = load_engagement(engagement).context.answers if engagement is not None else {}
    parts = expected(guide(), context, result)
    write_new(out, draft(parts, result, lang, today()), lang)
    path_line(say(lang, "declarations.written", path=out, count=len(parts)))
    path_line(say(lang, "declarations.next", path=out))
    return Exit.OK


def draft(parts: tuple[Expected, ...], run: RunResult | None, lang: Lang, day: date) -> str:
    """The text of the file. What a target says stands in comments of one line only."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (TOML: only comments hold values)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["comment"] = comment
    families = [
        {"title": family.title, "parts": [_item(one, lang) for one in parts if one.rule.family == family.id]}
        for family in guide().families
    ]
    return environment.get_template(f"{lang}.toml.j2").render(
        families=[family for family in families if family["parts"]],
        run=run,
        date=day.isoformat(),
        prepared=said_day(day, lang).replace("\u00a0", " "),
        diagnosis=diagnosis(),
    )


def _item(one: Expected, lang: Lang) -> dict[str, Any]:
    documents = one.rule.documents
    return {
        "rule": one.rule,
        "part": one.part,
        "documents": Bilingual(
            fr=" ; ".join(text.fr for text in documents), en="; ".join(text.en for text in documents)
        ),
        "verdict": say(lang, f"verdict.{one.seen.verdict}") if one.seen else "",
    }


def check(file: Path, lang: Lang, *, json: bool) -> Exit:
    """Mistakes stop with their lines. 1 when an answer does not count: expired, not yet valid, document altered."""
    loaded = load(file, lang)
    assert loaded is not None  # noqa: S101 (narrowing)
    entries = loaded.declarations.entries
    idle = [entry for entry in entries if not entry.counts]
    if json:
        write_json(as_data(loaded))
    else:
        line(say(lang, "declarations.answered", count=len(entries), open=len(loaded.open)))
        for entry in entries:
            said = say(lang, f"declarations.seen.{entry.document_seen}")
            if entry.document_seen in {Seen.VERIFIED, Seen.ALTERED}:
                line(f"  {entry.part} — {plain(entry.document, 120)} — {said}", _style(entry))
        _show_idle(idle, lang)
        if entries and not idle:
            line(say(lang, "declarations.all_count"), "green")
    return Exit.DEVIATIONS if idle else Exit.OK


def status(file: Path, run: Path | None, lang: Lang, *, json: bool) -> Exit:
    """Answers, what expires soon, what is open; with a run, which verdicts change and what contradicts it."""
    loaded = load(file, lang)
    assert loaded is not None  # noqa: S101 (narrowing)
    with explained(lang):
        before = read_report(run) if run is not None else None
    after = reassess(before, guide(), loaded.declarations) if before is not None else None
    if json:
        write_json({**as_data(loaded), **(_changes(before, after) if before and after else {})})
        return Exit.OK
    found = loaded.declarations
    line(say(lang, "declarations.answered", count=len(found.entries), open=len(loaded.open)))
    counts = Counter(entry.answer for entry in found.entries if entry.counts)
    table((), ((f"  {count:>3}", say(lang, f"declarations.answer.{answer}")) for answer, count in counts.items()))
    _show_idle([entry for entry in found.entries if not entry.counts], lang)
    soon = [one for one in found.entries if one.counts and one.valid_until - found.judged_on <= SOON]
    for entry in soon:
        line(say(lang, "declarations.soon", part=entry.part, date=entry.valid_until), "yellow")
    if found.diagnosis:
        line(say(lang, "declarations.diagnosis", count=len(found.diagnosis), total=len(diagnosis().questions)))
    if before is not None and after is not None:
        _show_changes(before, after, lang)
    return Exit.OK


def _show_idle(idle: list[Declaration], lang: Lang) -> None:
    for entry in idle:
        until = entry.signed if entry.standing is Standing.NOT_YET else entry.valid_until
        line(say(lang, f"declarations.standing.{entry.standing}", part=entry.part, date=until), "yellow")


def _show_changes(before: RunResult, after: RunResult, lang: Lang) -> None:
    changes = _changes(before, after)
    heading(say(lang, "declarations.changes"))
    if not changes["changes"]:
        line("  " + say(lang, "declarations.no_change"))
    table(
        (),
        (
            (f"  {one['rule']}", f"{say(lang, 'verdict.' + one['old'])} → {say(lang, 'verdict.' + one['new'])}")
            for one in changes["changes"]
        ),
    )
    for one in changes["contradictions"]:
        line("  " + say(lang, f"declarations.contradiction.{one['kind']}", part=one["part"]), "bold red")


def _changes(before: RunResult, after: RunResult) -> dict[str, Any]:
    return {
        "changes": [
            {"rule": new.rule, "old": old.verdict, "new": new.verdict}
            for old, new in zip(before.verdicts, after.verdicts, strict=True)
            if old.verdict is not new.verdict
        ],
        "contradictions": [
            {"part": part.part, "kind": part.contradiction}
            for rule in after.verdicts
            for part in rule.parts
            if part.contradiction
        ],
    }


def _style(entry: Declaration) -> str:
    return "green" if entry.document_seen is Seen.VERIFIED else "bold red"


def as_data(loaded: Loaded) -> dict[str, Any]:
    return {**loaded.declarations.model_dump(mode="json"), "open": loaded.open}
