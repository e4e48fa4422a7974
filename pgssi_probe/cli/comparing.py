"""`diff`: what changed from one run to another, in words or in JSON, and an exit code."""

from __future__ import annotations

from pathlib import Path

from pgssi_probe.cli.exits import Exit
from pgssi_probe.cli.page import Styled, heading, line, table, write_json
from pgssi_probe.cli.safe import plain
from pgssi_probe.cli.watching import STYLES
from pgssi_probe.history.diff import Change, Difference, Entry, difference
from pgssi_probe.history.reading import read_report
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

_STYLES = {Change.NEW: "bold red", Change.WORSE: "bold red", Change.FIXED: "green", Change.BETTER: "green"}


def compare(old: Path, new: Path, lang: Lang, *, strict: bool, json: bool) -> Exit:
    """1 when something is new or worse; 2, when `strict`, when something cannot be compared; 0 otherwise."""
    found = difference(read_report(old), read_report(new))
    if json:
        write_json(found.model_dump(mode="json"))
    else:
        show(found, lang)
    if found.regressed:
        return Exit.DEVIATIONS
    return Exit.NOT_EVALUATED if strict and found.counts[Change.NOT_COMPARABLE] else Exit.OK


def show(found: Difference, lang: Lang) -> None:
    """The counts, then every change but what is unchanged, then the rules."""
    heading(say(lang, "diff.title", old=plain(found.old.id), new=plain(found.new.id)))
    if found.same_target:
        line(say(lang, "diff.same_target", target=plain(found.new.target)))
    else:
        line(say(lang, "diff.two_targets", old=plain(found.old.target), new=plain(found.new.target)), "yellow")
    if found.old.level != found.new.level:
        levels = {side: say(lang, f"level.{run.level}") for side, run in (("old", found.old), ("new", found.new))}
        line(say(lang, "diff.levels", **levels), "yellow")
    if not found.entries:
        line(say(lang, "diff.none"))
    table(
        (),
        (
            (Styled(f"{count:>4}"), Styled(say(lang, f"diff.change.{change}"), _STYLES.get(change, "")))
            for change, count in found.counts.items()
            if count
        ),
    )
    for change in Change:
        entries = [entry for entry in found.entries if entry.change is change]
        if entries and change is not Change.UNCHANGED:
            heading(say(lang, f"diff.changes.{change}"))
            table((), (_row(entry, lang) for entry in entries))
    if not found.same_target:
        return
    heading(say(lang, "diff.rules"))
    if not found.rules:
        line(say(lang, "diff.no_rules"))
    table(
        (),
        (
            (
                Styled(plain(rule.rule)),
                Styled(f"{say(lang, f'verdict.{rule.old}')} → {say(lang, f'verdict.{rule.new}')}", style),
                plain(rule.title.in_(lang), 120),
            )
            for rule in found.rules
            for style in [{"worse": "bold red", "better": "green"}.get(rule.direction, "")]
        ),
    )


def _row(entry: Entry, lang: Lang) -> tuple[Styled, Styled, Styled]:
    shown = entry.new or entry.old
    assert shown is not None  # noqa: S101 (narrowing)
    severity = Styled(say(lang, f"severity.{shown.severity}"), STYLES[shown.severity])
    said = [plain(shown.sentence.in_(lang), 220)]
    if entry.new and entry.old and entry.old.id != entry.new.id:
        said.append(say(lang, "diff.before", sentence=plain(entry.old.sentence.in_(lang), 220)))
    if entry.why:
        if not (entry.old and entry.new):
            said.append(say(lang, "diff.only_old" if entry.old else "diff.only_new"))
        reason = say(lang, f"reason.{entry.reason}") if entry.reason else ""
        said.append(say(lang, f"diff.why.{entry.why}", reason=reason).rstrip(" :"))
    return severity, Styled(plain(shown.id)), Styled(" — ".join(said))
