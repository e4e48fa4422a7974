"""A plan carried out in a folder: the gate opened, the checks conducted, the result assembled and written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pgssi_probe import __version__
from pgssi_probe.clock import Clock
from pgssi_probe.engine.asked import Scan
from pgssi_probe.engine.bounds import limits_of, scope_of, with_time_to_wait, within_the_window
from pgssi_probe.engine.folder import INVENTORY_FILE, RunFolder, Settings
from pgssi_probe.engine.gathered import Gathered, redactor_of
from pgssi_probe.engine.preflight import preflight
from pgssi_probe.engine.progress import Progress
from pgssi_probe.engine.report import assemble
from pgssi_probe.engine.run import Conductor
from pgssi_probe.engine.signals import stop_on_signals
from pgssi_probe.guide import guide
from pgssi_probe.model.declaration import Declarations
from pgssi_probe.model.inventory import InventorySummary
from pgssi_probe.model.outcome import Reason
from pgssi_probe.model.result import HostAddresses, Plan, Run, RunResult
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.governor import GateEvent
from pgssi_probe.redact import redact_url
from pgssi_probe.registry import checks


@dataclass(frozen=True, slots=True)
class Scanned:
    """`earlier`: what was declared in the report of a run that goes on."""

    result: RunResult
    folder: RunFolder
    earlier: Declarations | None = None


async def conducted(
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
        with stop_on_signals(conductor):
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
    gathered = conductor.collections.gathered("inventory")
    if gathered is None:
        return room.earlier_inventory()
    from pgssi_probe.inventory.summary import summary

    told = summary(gathered, (account.username for account in conductor.accounts.values()))
    room.write(INVENTORY_FILE, told)
    return told
