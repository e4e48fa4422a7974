"""The whole of a scan, for whoever calls it: the command line, a test, a campaign."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pgssi_probe.check.context import Target
from pgssi_probe.clock import Clock, SystemClock
from pgssi_probe.engagement import Engagement, load_engagement
from pgssi_probe.engine.asked import Scan, labels_needed, plan_of
from pgssi_probe.engine.conducted import Scanned, conducted
from pgssi_probe.engine.folder import FolderError, RunFolder, Settings
from pgssi_probe.engine.plan import Selection, allowed_level
from pgssi_probe.engine.preflight import Unreachable
from pgssi_probe.engine.progress import Progress, Silent
from pgssi_probe.model.account import Account

__all__ = ["Accounts", "Scan", "Scanned", "Unreachable", "default_folder", "new_run_id", "resume", "run_scan"]

Accounts = Callable[[Engagement, frozenset[str]], Mapping[str, Account]]
"""Resolves the secrets of the accounts of an engagement, by label."""


def new_run_id(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def default_folder(target: Target, run_id: str, root: Path) -> Path:
    host = "".join(char if char.isalnum() or char in ".-" else "_" for char in target.host)
    return root / f"{host}-{run_id}"


async def run_scan(
    scan: Scan,
    folder: Callable[[str], Path],
    *,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> Scanned:
    """Run a scan in a new folder, which `folder` names from the run id.

    Raises Unreachable before anything is gathered, FolderError when the folder cannot be written.
    """
    clock = clock or SystemClock()
    plan = plan_of(scan, clock)
    started = clock.now()
    run_id = new_run_id(started)
    settings = Settings(
        run_id=run_id,
        target=scan.target.url,
        level=allowed_level(scan.target, scan.engagement, scan.selection, started),
        only=scan.selection.only,
        skip=scan.selection.skip,
        engagement_file=str(scan.engagement_file.resolve()) if scan.engagement_file else None,
        engagement_sha256=scan.engagement.file_sha256,
        ca_file=scan.target.ca_file,
        plain_http_url=scan.target.plain_http_url,
        requests_per_second=scan.engagement.limits.requests_per_second,
        contact=scan.contact,
        started=started.isoformat(),
    )
    room = RunFolder.create(folder(run_id), settings)
    try:
        return await conducted(scan, room, settings, plan, started, clock, progress or Silent())
    except Unreachable:
        room.discard()
        raise


async def resume(
    path: Path,
    *,
    command_line: Sequence[str] = (),
    progress: Progress | None = None,
    clock: Clock | None = None,
    accounts: Accounts | None = None,
) -> Scanned:
    """Go on with an interrupted run: only the checks without outcome run, as they were asked for.

    Secrets are never kept in a run: `accounts` resolves those of the engagement that are needed, again.
    The engagement file must be the same. The level is never above what the mandate allows now.
    Raises Unreachable with the target that was recorded, FolderError, EngagementError.
    """
    clock = clock or SystemClock()
    room, settings = RunFolder.reopen(path)
    engagement = Engagement()
    if settings.engagement_file:
        engagement = load_engagement(Path(settings.engagement_file))
        if engagement.file_sha256 != settings.engagement_sha256:
            raise FolderError("engagement_changed", Path(settings.engagement_file))
    limits = engagement.limits.model_copy(update={"requests_per_second": settings.requests_per_second})
    scan = Scan(
        target=Target(settings.target, settings.ca_file, settings.plain_http_url),
        engagement=engagement.model_copy(update={"limits": limits}),
        selection=Selection(settings.level, settings.only, settings.skip),
        engagement_file=Path(settings.engagement_file) if settings.engagement_file else None,
        contact=settings.contact,
        command_line=tuple(command_line),
    )
    started = datetime.fromisoformat(settings.started)
    level = allowed_level(scan.target, scan.engagement, scan.selection, clock.now())
    settings = settings.model_copy(update={"level": level})
    if accounts is not None and (needed := labels_needed(scan, clock)):
        scan = replace(scan, accounts=accounts(engagement, needed))
    return await conducted(scan, room, settings, plan_of(scan, clock), started, clock, progress or Silent())
