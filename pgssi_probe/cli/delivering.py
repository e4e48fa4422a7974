"""From the result of a run to files on the disk, a summary and an exit code: rendering, sealing, telling."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgssi_probe.cli.exits import Exit, Stop, explained, stop
from pgssi_probe.cli.formats import reporters as reporters_for
from pgssi_probe.cli.sealing import SealChoice, lowered, seal_for
from pgssi_probe.cli.stale import NOTHING, Sealed, SetAside
from pgssi_probe.cli.streams import err, program
from pgssi_probe.cli.watching import JsonLines
from pgssi_probe.engine.fault import diagnostics
from pgssi_probe.engine.folder import RunFolder
from pgssi_probe.model.outcome import Status
from pgssi_probe.model.rendering import Reporter, SealError
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

if TYPE_CHECKING:
    from pgssi_probe.declarations.file import Loaded


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was left in the folder. `unrendered` names the renderings that failed, `unsealed` says why no seal, and
    `lowered` why a seal of a lower level than asked for."""

    files: tuple[Path, ...]
    unrendered: tuple[str, ...] = ()
    unsealed: str | None = None
    lowered: str | None = None
    aside: SetAside = NOTHING


def deliver(
    result: RunResult,
    folder: Path,
    lang: Lang,
    *,
    reporters: Sequence[Reporter],
    choice: SealChoice | None,
    before: Sealed,
) -> Delivered:
    """Write the renderings asked for and seal them. A failure takes nothing away from what is already written.

    `before` is what the folder held: without a new seal, the earlier one is set aside where it no longer holds.
    """
    written = [folder / "report.json"]
    failed = []
    for reporter in reporters:
        try:
            content = reporter.render(result, lang)
        except Exception as error:  # noqa: BLE001 (a rendering is third-party code as well)
            failed.append(f"{reporter.name}: {diagnostics(error)}")
            continue
        written.append(RunFolder(folder).write(reporter.file_name, content))
    RunFolder(folder).write("engagement.json", result.engagement)
    if choice is None:
        return Delivered(tuple(written), tuple(failed), aside=before.set_aside(folder))
    try:
        summary = choice.run(folder, tuple(written))
    except SealError as error:
        why = seal_for(lang).explain(error, lang)
        return Delivered(tuple(written), tuple(failed), why, aside=before.set_aside(folder))
    signatures = [folder / file.signature for file in summary.files]
    files = (*written, *(path for path in signatures if path not in written))
    return Delivered(files, tuple(failed), lowered=lowered(summary, lang))


def exit_code(result: RunResult, fail_on: str, *, strict: bool) -> Exit:
    """The documented exit code of a finished run."""
    if result.run.state != "completed":
        return Exit.UNREACHABLE
    if fail_on != "never":
        threshold = Severity(fail_on).rank
        if any(one.failed and one.severity and one.severity.rank >= threshold for one in result.outcomes):
            return Exit.DEVIATIONS
    if strict:
        unsettled = any(outcome.status is Status.INCONCLUSIVE for outcome in result.outcomes)
        planned = {entry.check for entry in result.plan.entries if entry.runs}
        unfinished = any(run.state != "completed" for run in result.checks if run.id in planned)
        refused = any(
            not entry.runs and entry.reason not in {"deselected", "not_https", "level_excluded"}
            for entry in result.plan.entries
        )
        if unsettled or unfinished or refused:
            return Exit.NOT_EVALUATED
    return Exit.OK


def finish(
    scanned: Any,
    lang: Lang,
    *,
    reporters: Sequence[Reporter],
    choice: SealChoice | None,
    json: bool,
    fail_on: str,
    strict: bool,
    declared: Loaded | None = None,
) -> Exit:
    """Render, seal, summarise; the exit code. `declared` enters the verdicts before anything is rendered."""
    result, folder = scanned.result, scanned.folder.path
    before = Sealed.of(folder)
    if declared is not None or scanned.earlier is not None:
        from pgssi_probe.cli.declaring import declared as merged

        with explained(lang):
            result = merged(result, folder, declared, scanned.earlier)
    with explained(lang):
        delivered = deliver(result, folder, lang, reporters=reporters, choice=choice, before=before)
    if json:
        JsonLines().delivered(result, delivered.files, delivered.unsealed)
    else:
        show_result(result, folder, delivered.files, lang, local_key=_by_local_key(choice, delivered))
    complain(delivered, lang)
    return exit_code(result, fail_on, strict=strict)


def complain(delivered: Delivered, lang: Lang) -> None:
    """Say which earlier seals were set aside; stop with what could not be delivered, if anything."""
    tell_aside(delivered.aside, lang)
    if delivered.unrendered:
        detail = "; ".join(delivered.unrendered)
        raise Stop(Exit.INTERNAL, say(lang, "error.internal", kind="render", detail=detail))
    if delivered.unsealed is not None:
        raise Stop(Exit.USAGE, say(lang, "summary.unsealed", why=delivered.unsealed))
    if delivered.lowered is not None:
        raise Stop(Exit.UNREACHABLE, say(lang, "summary.lowered", why=delivered.lowered))


def tell_aside(aside: SetAside, lang: Lang) -> None:
    """What is no longer sealed, on standard error: it must not pass unseen in a script either."""
    if aside.removed:
        where = shlex.quote(str(aside.folder))
        err(say(lang, "summary.aside", names=", ".join(aside.removed), folder=where) + "\n")
    if aside.kept is not None:
        err(say(lang, "summary.aside_dossier", path=aside.kept) + "\n")


def _by_local_key(choice: SealChoice | None, delivered: Delivered) -> bool:
    return choice is not None and choice.key is None and delivered.unsealed is None


def render_again(
    path: Path,
    lang: Lang,
    *,
    formats: tuple[str, ...],
    choice: SealChoice | None,
    declared: Loaded | None = None,
) -> Exit:
    """Render a run once more, in another language or another format, from its report.json alone.

    `path` is the folder of the run, or its report.json: the renderings are written beside it. With declarations, the
    verdicts are made again from what was seen, and report.json is written anew: nothing is sent to the target.
    """
    from pgssi_probe.history.reading import read_report

    reporters = reporters_for(lang, formats)
    with explained(lang):
        result = read_report(path)
    folder = path if path.is_dir() else path.parent
    before = Sealed.of(folder)
    if declared is not None:
        from pgssi_probe.cli.declaring import declared as merged

        if not (folder / "report.json").is_file():
            stop(lang, "declarations.no_folder", path=path)
        with explained(lang):
            result = merged(result, folder, declared)
    with explained(lang):
        delivered = deliver(result, folder, lang, reporters=reporters, choice=choice, before=before)
    show_result(result, folder, delivered.files, lang, local_key=_by_local_key(choice, delivered))
    complain(delivered, lang)
    return Exit.OK


def show_result(result: RunResult, folder: Path, files: tuple[Path, ...], lang: Lang, *, local_key: bool) -> None:
    from pgssi_probe.cli.page import heading, line, path_line
    from pgssi_probe.cli.showing import show_summary

    show_summary(result, lang)
    heading(say(lang, "summary.files"))
    keys = {".html": "report", ".pdf": "report", ".json": "data", ".p7s": "seal", ".asice": "dossier"}
    for path in files:
        path_line("  " + say(lang, f"summary.{keys.get(path.suffix, 'data')}", path=path))
    if any(path.suffix == ".p7s" for path in files):
        path_line("  " + say(lang, "summary.verify", program=program(), path=shlex.quote(str(folder))))
    if local_key:
        line("  " + say(lang, "summary.local_key"))
    if result.run.state != "completed":
        path_line("  " + say(lang, "summary.resume", program=program(), path=shlex.quote(str(folder))))
