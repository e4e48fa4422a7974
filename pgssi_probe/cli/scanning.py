"""`scan` and `demo`: from options to a run, from a run to files on the disk and an exit code."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pgssi_probe.cli.exits import Exit, Stop, explained, readable, stop
from pgssi_probe.cli.formats import reporters as reporters_for
from pgssi_probe.cli.sealing import SealChoice, lowered, seal_for
from pgssi_probe.cli.stale import NOTHING, Sealed, SetAside
from pgssi_probe.cli.streams import err, program
from pgssi_probe.cli.watching import JsonLines, watching
from pgssi_probe.engine.fault import diagnostics
from pgssi_probe.engine.folder import RunFolder
from pgssi_probe.model.outcome import Level, Status
from pgssi_probe.model.rendering import Reporter, SealError
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Lang
from pgssi_probe.packages import plugins
from pgssi_probe.words import say

if TYPE_CHECKING:
    from pgssi_probe.declarations.file import Loaded
    from pgssi_probe.engagement import Limits


def loaded(group: str) -> dict[str, Any]:
    """One instance of each entry point of a group, by name."""
    return {entry.name: entry.load()() for entry in plugins(group)}


def make_scan(
    lang: Lang,
    url: str,
    *,
    command_line: tuple[str, ...] = (),
    engagement_file: Path | None = None,
    level: str | None = None,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    ca: Path | None = None,
    http_url: str | None = None,
    rate: float | None = None,
    contact: str | None = None,
) -> Any:
    """A `Scan` from options; Stop with one sentence for each mistake that a person can make."""
    from pgssi_probe.check.context import Target
    from pgssi_probe.engagement import Engagement, load_engagement
    from pgssi_probe.engine.address import normalised_url
    from pgssi_probe.engine.asked import Scan
    from pgssi_probe.engine.plan import Selection

    def address(text: str) -> str:
        try:
            return normalised_url(text)
        except ValueError as error:
            stop(lang, f"error.{error}", url=text)

    if level is not None and level not in set(Level):
        stop(lang, "error.bad_choice", value=level, option="--level", choices=", ".join(Level))
    if contact is not None and not (contact.isprintable() and contact.isascii() and len(contact) <= 200):
        stop(lang, "error.contact")
    target_url = address(url)
    with explained(lang):
        engagement = load_engagement(engagement_file) if engagement_file else Engagement()
    if rate is not None:
        if not 0 < rate <= 1000:
            stop(lang, "error.bad_choice", value=rate, option="--rate", choices="0.1 … 1000")
        engagement = engagement.model_copy(update={"limits": at_rate(engagement.limits, rate)})
    ca_file = ca or (Path(engagement.scope.ca_file) if engagement.scope.ca_file else None)
    if not readable(ca_file) or (ca_file and not _is_pem(ca_file)):
        stop(lang, "error.ca_file", file=ca_file)
    plain = http_url or engagement.scope.plain_http
    plain_url = address(plain) if plain else None
    if plain_url is not None and urlsplit(plain_url).scheme != "http":
        stop(lang, "error.plain_scheme", url=plain_url)
    target = Target(target_url, str(ca_file.resolve()) if ca_file else None, plain_url)
    if plain_url is not None and not engagement.scope.names(plain_url) and urlsplit(plain_url).hostname != target.host:
        stop(lang, "error.plain_host", url=plain_url, host=target.host)
    return Scan(
        target=target,
        engagement=engagement,
        selection=Selection(Level(level) if level else None, only, skip),
        engagement_file=engagement_file,
        contact=contact or "",
        command_line=command_line,
    )


def at_rate(limits: Limits, rate: float) -> Limits:
    """The limits with another rate. Connections follow it upwards, unless the engagement says how many it bears."""
    wanted = {"requests_per_second": rate}
    if "connections_per_second" not in limits.model_fields_set:
        wanted["connections_per_second"] = max(rate, limits.connections_per_second)
    return limits.model_copy(update=wanted)


def _is_pem(path: Path) -> bool:
    import ssl

    try:
        ssl.create_default_context(cafile=str(path))
    except (ssl.SSLError, OSError, ValueError):
        return False
    return True


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


def show_plan_of(scan: Any, lang: Lang, *, json: bool) -> None:
    """`--dry-run`: the plan, and nothing sent."""
    from pgssi_probe.cli.page import write_json
    from pgssi_probe.cli.showing import show_plan
    from pgssi_probe.clock import SystemClock
    from pgssi_probe.engine.asked import plan_of
    from pgssi_probe.engine.plan import allowed_level

    with explained(lang):
        plan = plan_of(scan)
    if json:
        write_json(plan.model_dump(mode="json"))
        return
    level = allowed_level(scan.target, scan.engagement, scan.selection, SystemClock().now())
    show_plan(plan, scan.target.url, level, lang)


def scan_now(scan: Any, lang: Lang, *, out: Path | None, json: bool, quiet: bool) -> Any:
    """Run, with every foreseeable mistake said in one sentence."""
    from pgssi_probe.cli.secrets import resolver
    from pgssi_probe.engine.asked import labels_needed
    from pgssi_probe.engine.scan import default_folder, run_scan

    target = scan.target
    with explained(lang):
        if needed := labels_needed(scan):
            scan = replace(scan, accounts=resolver(lang)(scan.engagement, needed))

    def folder(run_id: str) -> Path:
        return out or default_folder(target, run_id, Path("runs"))

    with explained(lang, host=target.host, port=target.port), watching(lang, json=json, quiet=quiet) as progress:
        return asyncio.run(run_scan(scan, folder, progress=progress))


def resume_now(
    path: Path, lang: Lang, *, given: Mapping[str, object], command_line: tuple[str, ...], json: bool, quiet: bool
) -> Any:
    """Go on with a run as it was asked for. `given` are the options that would change it: none may have a value."""
    from pgssi_probe.check.context import Target
    from pgssi_probe.cli.secrets import resolver
    from pgssi_probe.engine.scan import resume

    refused = [name for name, value in given.items() if value]
    if refused:
        stop(lang, "error.resume_alone", names=", ".join(refused))
    with explained(lang):
        _, settings = RunFolder.reopen(path)
    if not readable(Path(settings.ca_file) if settings.ca_file else None):
        stop(lang, "error.ca_file", file=settings.ca_file)
    target = Target(settings.target)
    with explained(lang, host=target.host, port=target.port), watching(lang, json=json, quiet=quiet) as progress:
        return asyncio.run(resume(path, command_line=command_line, progress=progress, accounts=resolver(lang)))
