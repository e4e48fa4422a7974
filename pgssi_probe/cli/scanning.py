"""`scan` and `demo`: from options to a run, from a run to files on the disk and an exit code."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pgssi_probe.cli.exits import Exit, Stop, explained, readable, stop
from pgssi_probe.cli.watching import JsonLines, Lines, Live
from pgssi_probe.engine.folder import FolderError
from pgssi_probe.engine.progress import Progress, Silent
from pgssi_probe.engine.run import diagnostics
from pgssi_probe.model.outcome import Level, Status
from pgssi_probe.model.rendering import Reporter, Seal, SealError
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say


def loaded(group: str) -> dict[str, Any]:
    """One instance of each entry point of a group, by name."""
    return {entry.name: entry.load()() for entry in entry_points(group=group)}


def seal_for(lang: Lang) -> Seal:
    found: Seal | None = next(iter(loaded("pgssi_probe.seals").values()), None)
    if found is None:
        stop(lang, "error.registry", Exit.INTERNAL, detail="pgssi_probe.seals")
    return found


def watcher(lang: Lang, *, json: bool, quiet: bool) -> Progress:
    if json:
        return JsonLines()
    if quiet:
        return Silent()
    return Live(lang) if sys.stderr.isatty() else Lines(lang)


def split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def make_scan(
    lang: Lang,
    url: str,
    *,
    engagement_file: Path | None,
    level: str | None,
    only: str | None,
    skip: str | None,
    ca: Path | None,
    http_url: str | None,
    rate: float | None,
    contact: str | None,
    command_line: tuple[str, ...],
) -> Any:
    """A `Scan` from options; Stop with one sentence for each mistake that a person can make."""
    from pgssi_probe.check.context import Target
    from pgssi_probe.engagement import Engagement, load_engagement
    from pgssi_probe.engine.plan import Selection
    from pgssi_probe.engine.scan import Scan, normalised_url

    def address(text: str) -> str:
        try:
            return normalised_url(text)
        except ValueError as error:
            stop(lang, f"error.{error}", url=text)

    if level is not None and level not in set(Level):
        stop(lang, "error.bad_choice", value=level, option="--level", choices=", ".join(Level))
    target_url = address(url)
    with explained(lang):
        engagement = load_engagement(engagement_file) if engagement_file else Engagement()
    if rate is not None:
        if not 0 < rate <= 1000:
            stop(lang, "error.bad_choice", value=rate, option="--rate", choices="0.1 … 1000")
        limits = engagement.limits.model_copy(update={"requests_per_second": rate})
        engagement = engagement.model_copy(update={"limits": limits})
    ca_file = ca or (Path(engagement.scope.ca_file) if engagement.scope.ca_file else None)
    if not readable(ca_file) or (ca_file and not _is_pem(ca_file)):
        stop(lang, "error.ca_file", file=ca_file)
    plain = http_url or engagement.scope.plain_http
    return Scan(
        target=Target(target_url, str(ca_file.resolve()) if ca_file else None, address(plain) if plain else None),
        engagement=engagement,
        selection=Selection(Level(level) if level else None, split(only), split(skip)),
        engagement_file=engagement_file,
        contact=contact or "",
        command_line=command_line,
    )


def _is_pem(path: Path) -> bool:
    import ssl

    try:
        ssl.create_default_context(cafile=str(path))
    except (ssl.SSLError, OSError, ValueError):
        return False
    return True


def password_for(lang: Lang, key: Path | None) -> Callable[[], str] | None:
    if key is None:
        return None

    def ask() -> str:
        given = os.environ.get("PGSSI_KEY_PASSWORD")
        if given is not None:
            return given
        import getpass

        return getpass.getpass(say(lang, "summary.password", file=key.name) + " : ")

    return ask


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was left in the folder. `unrendered` names the renderings that failed, `unsealed` says why no seal."""

    files: tuple[Path, ...]
    unrendered: tuple[str, ...] = ()
    unsealed: str | None = None


def deliver(result: RunResult, folder: Path, lang: Lang, *, key: Path | None, sealed: bool) -> Delivered:
    """Write every rendering and seal them. A failure takes nothing away from what is already written."""
    written = [folder / "report.json"]
    failed = []
    reporters: dict[str, Reporter] = loaded("pgssi_probe.reporters")
    for name, reporter in sorted(reporters.items()):
        path = folder / reporter.file_name
        try:
            content = reporter.render(result, lang)
        except Exception as error:  # noqa: BLE001 (a rendering is third-party code as well)
            failed.append(f"{name}: {diagnostics(error)}")
            continue
        try:
            path.write_bytes(content)
            path.chmod(0o600)
        except OSError as error:
            raise FolderError("unwritable", path, error.strerror or "") from None
        written.append(path)
    if not sealed:
        return Delivered(tuple(written), tuple(failed))
    seal = seal_for(lang)
    try:
        summary = seal.sign(written, key=key, password=password_for(lang, key))
    except SealError as error:
        return Delivered(tuple(written), tuple(failed), seal.explain(error, lang))
    return Delivered((*written, *(folder / file.signature for file in summary.files)), tuple(failed))


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


def finish(scanned: Any, lang: Lang, *, key: Path | None, sealed: bool, json: bool, fail_on: str, strict: bool) -> Exit:
    """Render, seal, summarise; the exit code."""
    result, folder = scanned.result, scanned.folder.path
    with explained(lang):
        delivered = deliver(result, folder, lang, key=key, sealed=sealed)
    if json:
        JsonLines().delivered(result, delivered.files, delivered.unsealed)
    else:
        local_key = sealed and key is None and delivered.unsealed is None
        show_result(result, folder, delivered.files, lang, local_key=local_key)
    if delivered.unrendered:
        detail = "; ".join(delivered.unrendered)
        raise Stop(Exit.INTERNAL, say(lang, "error.internal", kind="render", detail=detail))
    if delivered.unsealed is not None:
        raise Stop(Exit.USAGE, say(lang, "summary.unsealed", why=delivered.unsealed))
    return exit_code(result, fail_on, strict=strict)


def render_again(folder: Path, lang: Lang, *, key: Path | None, sealed: bool) -> Exit:
    """Render the report of a finished run once more, e.g. in the other language, from its report.json."""
    from pgssi_probe.model.result import RunResult

    try:
        result = RunResult.model_validate_json((folder / "report.json").read_bytes())
    except (OSError, ValueError):
        stop(lang, "folder.error.not_a_run", path=folder)
    with explained(lang):
        delivered = deliver(result, folder, lang, key=key, sealed=sealed)
    show_result(result, folder, delivered.files, lang, local_key=sealed and key is None and delivered.unsealed is None)
    if delivered.unsealed is not None:
        raise Stop(Exit.USAGE, say(lang, "summary.unsealed", why=delivered.unsealed))
    return Exit.OK


def show_result(result: RunResult, folder: Path, files: tuple[Path, ...], lang: Lang, *, local_key: bool) -> None:
    from pgssi_probe.cli.showing import heading, line, show_summary

    show_summary(result, lang)
    heading(say(lang, "summary.files"))
    keys = {".html": "report", ".json": "data", ".p7s": "seal"}
    for path in files:
        line("  " + say(lang, f"summary.{keys.get(path.suffix, 'data')}", path=path))
    if any(path.suffix == ".p7s" for path in files):
        line("  " + say(lang, "summary.verify", path=folder))
    if local_key:
        line("  " + say(lang, "summary.local_key"))
    if result.run.state != "completed":
        line("  " + say(lang, "summary.resume", path=folder), "yellow")


def scan_now(
    scan: Any, lang: Lang, *, out: Path | None, resumed: Path | None, progress: Progress, command: tuple[str, ...]
) -> Any:
    """Run or resume, with every foreseeable mistake said in one sentence."""
    from pgssi_probe.engine.scan import default_folder, resume, run_scan

    if resumed is not None:
        with explained(lang, host=str(resumed)):
            return asyncio.run(resume(resumed, command_line=command, progress=progress))
    target = scan.target
    with explained(lang, host=target.host, port=target.port):
        return asyncio.run(
            run_scan(
                scan,
                lambda run_id: out or default_folder(target, run_id, Path("runs")),
                progress=progress,
            )
        )
