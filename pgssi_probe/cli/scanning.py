"""`scan` and `demo`: from options to a run, from a run to files on the disk and an exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pgssi_probe.cli.exits import explained, readable, stop
from pgssi_probe.cli.watching import watching
from pgssi_probe.engine.folder import RunFolder
from pgssi_probe.model.outcome import Level
from pgssi_probe.model.text import Lang

if TYPE_CHECKING:
    from pgssi_probe.engagement import Limits


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
