"""The whole of a scan, for whoever calls it: the command line, a test, a campaign."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pgssi_probe import __version__
from pgssi_probe.check.context import Collector, Target
from pgssi_probe.clock import Clock, SystemClock
from pgssi_probe.engagement import Engagement, load_engagement
from pgssi_probe.engine.folder import INVENTORY_FILE, FolderError, RunFolder, Settings
from pgssi_probe.engine.plan import Selection, accounts_needed, allowed_level, make_plan
from pgssi_probe.engine.preflight import Unreachable, preflight
from pgssi_probe.engine.progress import Progress, Silent
from pgssi_probe.engine.report import assemble
from pgssi_probe.engine.run import Conductor, Gathered, redactor_of
from pgssi_probe.guide import guide
from pgssi_probe.model.account import Account
from pgssi_probe.model.declaration import Declarations
from pgssi_probe.model.inventory import InventorySummary
from pgssi_probe.model.outcome import Level, Reason
from pgssi_probe.model.result import HostAddresses, Plan, Run, RunResult
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.governor import GateEvent, Limits
from pgssi_probe.net.scope import Scope, canonical_host
from pgssi_probe.redact import redact_url
from pgssi_probe.registry import RegisteredCheck, UnknownCheck, checks

LONGEST_RUNG = 1.6
"""A declared delay is watched for half as long again (`session.timeout-idle`), and the run goes on a little after."""

__all__ = ["Scan", "Scanned", "Unreachable", "labels_needed", "plan_of", "resume", "run_scan"]


@dataclass(frozen=True, slots=True)
class Scan:
    """What to scan and how. `command_line` is shown in the report: it must hold no secret.

    `accounts` are those that `labels_needed` names, their secrets resolved: a run asks nobody.
    """

    target: Target
    engagement: Engagement = field(default_factory=Engagement)
    selection: Selection = field(default_factory=Selection)
    engagement_file: Path | None = None
    contact: str = ""
    command_line: tuple[str, ...] = ()
    accounts: Mapping[str, Account] = field(default_factory=dict)


Accounts = Callable[[Engagement, frozenset[str]], Mapping[str, Account]]
"""Resolves the secrets of the accounts of an engagement, by label."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """`earlier`: what was declared in the report of a run that goes on."""

    result: RunResult
    folder: RunFolder
    earlier: Declarations | None = None


IN_A_BROWSER = frozenset(
    {
        "browser.obsolete-tech",
        "browser.residual-data",
        "browser.sri",
        "browser.storage",
        "browser.third-party",
        "components.js-libraries",
        "content.cookies-consent",
        "content.help",
        "content.security-advice",
        "https.mixed-content",
    }
)
"""Checks that look at what a browser shows, where there is one."""


WALKED = ("authz.", "input.")
"""Families that look at what each account can reach."""
ALSO_WALKED = frozenset(
    {
        "components.js-libraries",
        "disclosure.banners",
        "disclosure.files",
        "disclosure.secrets",
        "disclosure.verbose-errors",
        "exposure.admin-interfaces",
    }
)
"""Checks that do so besides, where the mandate allows more than reading."""


def shared_collections(running: frozenset[str], level: Level) -> tuple[Collector[Any], ...]:
    """What checks that run at a level fetch together, for the count of the plan: each is made once at most."""
    from pgssi_probe.browser import RENDERED, missing
    from pgssi_probe.compare.absence import ABSENCE
    from pgssi_probe.discovery.collect import SITE
    from pgssi_probe.identity import ORACLE, SIGN_IN
    from pgssi_probe.inventory.collect import INVENTORY
    from pgssi_probe.tls.collector import TLS, TLS_FULL

    handshakes = {name for name in running if name.startswith("tls.")}
    walked = bool(running & ALSO_WALKED) and Level.ACTIVE.rank <= level.rank
    pages = running - handshakes
    signs_in = accounts_needed(checks()[name].metadata for name in running)
    return (
        *((SITE, ABSENCE) if pages else ()),
        *((RENDERED,) if running & IN_A_BROWSER and not missing() else ()),
        *((SIGN_IN, ORACLE) if signs_in else ()),
        *((INVENTORY,) if any(name.startswith(WALKED) for name in running) or walked else ()),
        *((TLS,) if handshakes else ()),
        *((TLS_FULL,) if "tls.config" in running and Level.ACTIVE.rank <= level.rank else ()),
    )


def plan_of(scan: Scan, clock: Clock | None = None) -> Plan:
    """The plan of a scan; UnknownCheck when the selection names a check or family that does not exist."""
    known = checks()
    families = {identifier.split(".")[0] for identifier in known}
    for name in (*scan.selection.only, *scan.selection.skip):
        if name not in known and name not in families:
            from difflib import get_close_matches

            raise UnknownCheck(name, tuple(get_close_matches(name, [*known, *families], n=3)))
    declared = {name: check.metadata for name, check in known.items()}
    now = (clock or SystemClock()).now()
    return make_plan(declared.values(), scan.target, scan.engagement, scan.selection, now, shared_collections)


def labels_needed(scan: Scan, clock: Clock | None = None) -> frozenset[str]:
    """Labels of the accounts whose secrets the scan needs: none when no check that signs in would run."""
    running = (entry.check for entry in plan_of(scan, clock).entries if entry.runs)
    return accounts_needed(checks()[name].metadata for name in running)


def scope_of(target: Target, engagement: Engagement) -> Scope:
    """The origin of the target, the plain-HTTP port of the same host, and what the engagement declares."""
    endpoints = [target.url]
    plain = target.plain_http_url or (f"http://{_bracketed(target.host)}:80/" if target.port == 443 else None)
    if plain:
        endpoints.append(plain)
    endpoints += [host if ":" in host or host.endswith("*") else f"{host}:443" for host in engagement.scope.hosts]
    return Scope.of(
        *endpoints,
        addresses=engagement.scope.addresses,
        excluded=engagement.scope.excluded_paths,
        probed=(target.host,) if engagement.scope.ports else (),
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def limits_of(engagement: Engagement) -> Limits:
    own = engagement.limits
    return Limits(
        rate_per_host=own.requests_per_second,
        burst_per_host=max(1, int(own.requests_per_second)),
        concurrency_per_host=own.concurrency,
        connect_rate=own.connections_per_second,
        connect_burst=max(1, int(own.connections_per_second)),
        max_requests=own.max_requests,
        max_connections=own.max_connections,
        max_seconds=own.max_seconds,
        request_timeout=own.request_seconds,
        connect_timeout=min(own.request_seconds, Limits().connect_timeout),
    )


def with_time_to_wait(
    limits: Limits, engagement: Engagement, plan: Plan, known: Mapping[str, RegisteredCheck]
) -> Limits:
    """The same, with time for the longest waits of the plan and of what is declared, unless the engagement says how
    long the run may last: a budget must not cut short the wait that was asked for."""
    if "max_seconds" in engagement.limits.model_fields_set:
        return limits
    timed = [known[entry.check].metadata for entry in plan.entries if entry.runs and entry.check in known]
    waits = [metadata.sends.seconds for metadata in timed if "time" in metadata.needs]
    if not waits:
        return limits
    minutes = [value for name, value in engagement.told.items() if name.endswith("-minutes")]
    declared = [60.0 * value for value in minutes if isinstance(value, (int, float)) and not isinstance(value, bool)]
    longest = max([*waits, *(LONGEST_RUNG * seconds for seconds in declared)])
    return replace(limits, max_seconds=limits.max_seconds + longest)


def within_the_window(limits: Limits, engagement: Engagement, level: Level, now: datetime) -> Limits:
    """The same, ending with the hours or the dates of the mandate: what it allows at `now`, it does not allow after."""
    end = engagement.mandate.window_end(now) if engagement.mandate and level is not Level.PASSIVE else None
    if end is None:
        return limits
    return replace(limits, max_seconds=min(limits.max_seconds, max(0.0, (end - now).total_seconds())))


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
        return await _run(scan, room, settings, plan, started, clock, progress or Silent())
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
    return await _run(scan, room, settings, plan_of(scan, clock), started, clock, progress or Silent())


async def _run(
    scan: Scan,
    room: RunFolder,
    settings: Settings,
    plan: Plan,
    started: datetime,
    clock: Clock,
    progress: Progress,
) -> Scanned:
    book = guide()
    user_agent = f"pgssi-probe/{__version__} (run {settings.run_id}{f'; {scan.contact}' if scan.contact else ''})"
    conductor: Conductor | None = None

    def heard(event: GateEvent) -> None:
        if conductor is None:
            return
        if event.kind == "aborted":
            conductor.stop(event.reason)
        kinds = {"paused": "paused", "held": "paused", "resumed": "resumed", "aborted": "aborted"}
        conductor.note(kinds.get(event.kind, "refused"), event.host, str(event.reason))

    limits = with_time_to_wait(limits_of(scan.engagement), scan.engagement, plan, checks())
    redactor = redactor_of(scan.accounts)
    async with open_gate(
        scope=scope_of(scan.target, scan.engagement),
        limits=within_the_window(limits, scan.engagement, settings.level, clock.now()),
        clock=clock,
        journal=room.journal,
        user_agent=user_agent,
        run_id=settings.run_id,
        ca_file=scan.target.ca_file,
        on_event=heard,
        proxies=scan.engagement.proxies,
        token_key=room.token_key(),
        redactor=redactor,
    ) as gate:
        level = settings.level
        conductor = Conductor(
            checks=checks(),
            plan=plan,
            target=scan.target,
            level=level,
            engagement=scan.engagement,
            folder=room,
            gate=gate,
            clock=clock,
            progress=progress,
            rules_of=book.rules_of,
            accounts=scan.accounts,
            redactor=redactor,
            gathered=Gathered(events=list(room.earlier_events())),
        )
        earlier = room.earlier_declarations()
        room.write("plan.json", plan)
        conductor.note("started", scan.target.origin, settings.run_id)
        with _stop_on_signals(conductor):
            addresses = await preflight(scan.target, gate)
            gathered = await conductor.conduct(room.finished())
        conductor.evidence.settle()
        finished = clock.now()
        stopped = gate.stopped or conductor.stopped_because
        state = "completed" if stopped is None else "interrupted" if stopped is Reason.INTERRUPTED else "aborted"
        conductor.note(
            {"completed": "finished", "interrupted": "interrupted", "aborted": "aborted"}[state],
            scan.target.origin,
            str(stopped or ""),
        )
        usage = gate.usage
        result = assemble(
            run=Run(
                id=settings.run_id,
                tool_version=__version__,
                target=redact_url(scan.target.url),
                addresses=(HostAddresses(host=scan.target.host, port=scan.target.port, addresses=addresses),),
                level=level,
                started=started,
                finished=finished,
                state=state,
                stopped_because=stopped,
                command_line=scan.command_line,
                user_agent=user_agent,
                requests=usage.requests,
                connections=usage.connections,
                bytes_received=usage.bytes,
                journal_head=gate.journal_head,
            ),
            engagement=scan.engagement,
            plan=plan,
            runs=list(gathered.runs.values()),
            outcomes=gathered.outcomes,
            evidence=conductor.evidence.pieces(),
            events=gathered.events,
            guide=book,
            now=started.astimezone(UTC),
            inventory=_listed(conductor, room),
        )
    room.write("report.json", result)
    return Scanned(result, room, earlier)


def _listed(conductor: Conductor, room: RunFolder) -> InventorySummary | None:
    """What the run learned of the application, kept for the report of a resumed one."""
    from pgssi_probe.inventory.collect import INVENTORY
    from pgssi_probe.inventory.summary import summary

    gathered = conductor.collections.gathered(INVENTORY)
    if gathered is None:
        return room.earlier_inventory()
    told = summary(gathered, (account.username for account in conductor.accounts.values()))
    room.write(INVENTORY_FILE, told)
    return told


class _stop_on_signals:  # noqa: N801 (read as a statement)
    """While open, SIGINT and SIGTERM end the run cleanly; a second SIGINT kills as usual."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread, or no signals here
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self._heard)

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _heard(self) -> None:
        if self._conductor.stopped_because is not None:
            os._exit(130)
        self._conductor.stop(Reason.INTERRUPTED)


def normalised_url(text: str) -> str:
    """An absolute http(s) URL from what a person typed; ValueError with a catalogue key otherwise.

    A missing scheme is an error, not a guess: `http` and `https` do not ask the same question.
    """
    text = text.strip()
    if "://" not in text:
        raise ValueError("no_scheme")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("no_host") from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValueError("other_scheme")
    if parts.username or parts.password:
        raise ValueError("credentials")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("bad_port") from None
    if port == 0:
        raise ValueError("bad_port")
    if not host or any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError("no_host")
    try:
        name = canonical_host(host)
    except ValueError:
        raise ValueError("no_host") from None
    scheme = parts.scheme.lower()
    default = {"http": 80, "https": 443}[scheme]
    netloc = _bracketed(name) + (f":{port}" if port and port != default else "")
    return parts._replace(scheme=scheme, netloc=netloc, path=parts.path or "/", fragment="").geturl()
