"""One run: from a plan to a result. Whatever happens on the way, what was gathered is in the folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pgssi_probe.check.context import CheckContext, Collector, Target
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.check.official import official, unique
from pgssi_probe.clock import Clock
from pgssi_probe.collectors import reachable
from pgssi_probe.engagement import Engagement
from pgssi_probe.engine.collected import Collections
from pgssi_probe.engine.evidence import EvidenceRoom
from pgssi_probe.engine.facts import fit_to_print
from pgssi_probe.engine.fault import diagnostics
from pgssi_probe.engine.folder import Finished, FolderError, RunFolder
from pgssi_probe.engine.gathered import Gathered, redactor_of
from pgssi_probe.engine.plan import ACCOUNT_NEEDS, methods_at
from pgssi_probe.engine.progress import Progress
from pgssi_probe.engine.waiting import OwnTime, WatchedClock
from pgssi_probe.model.account import Account
from pgssi_probe.model.outcome import Level, Observation, Outcome, Reason
from pgssi_probe.model.result import CheckRun, Event, Plan, PlanEntry
from pgssi_probe.net.gate import Gate
from pgssi_probe.net.target_network import TargetNetwork
from pgssi_probe.redact import Redactor
from pgssi_probe.registry import RegisteredCheck

AT_ONCE = 8
"""Checks under way together: the governor paces what they send."""
CHECK_BODY = 400_000
"""Bytes of body that a check reads of an answer: enough for any signature. The shared walk reads pages further."""
PATIENCE = 6.0
"""A check may last this many times its declared duration, and never less than PATIENCE_FLOOR seconds."""
PATIENCE_FLOOR = 120.0
RECHECK = 300.0
"""Seconds after which names are resolved again, before a check goes on: an address may be somebody else's by then."""
RECHECK_PATIENCE = 10.0
MEASURES = 3
"""Times that a check is begun when a wait of its own ended late: what it measured then is not the wait."""


def _turn(metadata: CheckMetadata) -> int:
    """0 for most checks, 1 for those that judge what the others received, 2 for the one that may lock an account."""
    return 2 if "sacrifice" in metadata.needs else int(metadata.after_everything)


@dataclass
class Conductor:
    """Runs the checks of a plan. `stop` may be called from a signal handler, once or many times."""

    checks: Mapping[str, RegisteredCheck]
    plan: Plan
    target: Target
    level: Level
    engagement: Engagement
    folder: RunFolder
    gate: Gate
    clock: Clock
    progress: Progress
    rules_of: Callable[[str], tuple[str, ...]]
    accounts: Mapping[str, Account] = field(default_factory=dict)
    gathered: Gathered = field(default_factory=Gathered)
    redactor: Redactor | None = field(default=None, repr=False)
    stopped_because: Reason | None = None
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _failure: FolderError | None = None

    def __post_init__(self) -> None:
        self._redactor = self.redactor or redactor_of(self.accounts)
        self._evidence = EvidenceRoom(self.folder.evidence, self.clock, self._redactor)
        self._collections = Collections(
            self.target,
            self._collector_network,
            self.clock,
            self.level,
            self.engagement.told,
            self.gate.scope.excludes,
            self.accounts,
            self.gate.note,
            self._planned_collections(),
        )
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._checked_names = self.clock.monotonic()
        self._account = asyncio.Lock()

    def _planned_collections(self) -> frozenset[str]:
        running = [self.checks[entry.check].metadata for entry in self.plan.entries if entry.runs]
        return reachable((name for metadata in running for name in metadata.collects), self.level)

    @property
    def evidence(self) -> EvidenceRoom:
        return self._evidence

    @property
    def collections(self) -> Collections:
        return self._collections

    def stop(self, reason: Reason) -> None:
        """End the run: nothing more is sent, checks under way are interrupted, the report is still made."""
        if self.stopped_because is None:
            self.stopped_because = reason
        self.gate.stop(reason)
        for task in self._running.values():
            task.cancel()

    def note(self, kind: Any, subject: str = "", detail: str = "", at: datetime | None = None) -> None:
        """Add a line to the chronology, and tell whoever watches."""
        self.progress.event(self._chronicle(kind, subject, detail, at))

    def _chronicle(self, kind: Any, subject: str, detail: str, at: datetime | None = None) -> Event:
        """Add a line to the chronology of which those who watch are told otherwise."""
        event = Event(at=at or self.clock.now(), kind=kind, subject=subject, detail=detail)
        self.gathered.events.append(event)
        return event

    async def conduct(self, already: Iterable[Finished] = ()) -> Gathered:
        """Run what has no outcome yet. Raises FolderError only when nothing more can be written."""
        for finished in already:
            if finished.check.state == "completed" and finished.check.id in self.checks:
                self.gathered.runs[finished.check.id] = finished.check
                self.gathered.outcomes.extend(finished.outcomes)
        self.progress.planned(self.plan)
        waiting = [entry for entry in self.plan.entries if entry.check not in self.gathered.runs]
        for entry in waiting:
            if not entry.runs:
                self._record(self._without_running(entry, entry.reason or Reason.DESELECTED, entry.missing))
        runnable = [entry for entry in waiting if entry.runs]
        try:
            for turn in range(3):
                await self._together([entry for entry in runnable if _turn(self.checks[entry.check].metadata) == turn])
        finally:
            await self._collections.close()
        if self._failure is not None:
            raise self._failure
        return self.gathered

    async def _together(self, entries: list[PlanEntry]) -> None:
        for entry in entries:
            if self.stopped_because is None:
                self._running[entry.check] = asyncio.ensure_future(self._one(entry))
            else:
                self._record(self._without_running(entry, self.stopped_because))
        ended = await asyncio.gather(*self._running.values(), return_exceptions=True)
        for check, end in zip(self._running, ended, strict=True):
            if isinstance(end, Exception):  # a fault of ours, not of the check: said all the same
                self._record(
                    self._run(
                        self.checks[check], state="error", reason=Reason.CHECK_FAILED, diagnostics=diagnostics(end)
                    )
                )
        for entry in entries:  # a task cancelled before its first step has recorded nothing
            if entry.check not in self.gathered.runs:
                self._record(self._without_running(entry, self.stopped_because or Reason.INTERRUPTED))
        self._running.clear()

    async def _one(self, entry: PlanEntry) -> None:
        check = self.checks[entry.check]
        try:
            async with self._lane(check.metadata):
                await self._observe(check)
        except FolderError as error:
            self._failure = error
            self.stop(Reason.RUN_ABORTED)

    def _lane(self, metadata: CheckMetadata) -> AbstractAsyncContextManager[Any]:
        """What a check waits for before it starts. Sign-ins of one check would end the sessions of another where an
        application allows a single session, so those with accounts go one by one; those that mostly wait hold nobody.
        """
        if "time" in metadata.needs:
            return nullcontext()
        return self._account if ACCOUNT_NEEDS & set(metadata.needs) else self._turns

    async def _observe(self, check: RegisteredCheck) -> None:
        metadata = check.metadata
        networks: list[TargetNetwork] = []
        self.progress.started(check.id)
        began, started = self.clock.monotonic(), self.clock.now()
        self._chronicle("check", check.id, "begun", started)
        state: dict[str, Any] = {"state": "completed"}
        outcomes: tuple[Outcome, ...] = ()
        try:
            observations = await self._measured(check, networks)
            outcomes = unique(
                [official(metadata, fit_to_print(observation, self._redactor)) for observation in observations]
            )
        except asyncio.CancelledError:
            reason = self.gate.stopped or self.stopped_because or Reason.INTERRUPTED
            state = {"state": "interrupted", "reason": reason}
        except TimeoutError:
            state = {"state": "error", "reason": Reason.TIMEOUT}
        except FolderError:
            raise
        except Exception as error:  # noqa: BLE001 (a check that raises is an error of the check, said in the report)
            state = {"state": "error", "reason": Reason.CHECK_FAILED, "diagnostics": diagnostics(error)}
        if self.gate.stopped is not None and state["state"] == "completed" and self._saw_the_stop(outcomes):
            # The network closed under the check: what it concluded may rest on refusals of our own.
            state, outcomes = {"state": "interrupted", "reason": self.gate.stopped}, ()
        self._chronicle("check", check.id, state["state"])
        spent = [network.usage for network in networks]
        self._record(
            self._run(
                check,
                requests=sum(usage.requests for usage in spent),
                connections=sum(usage.connections for usage in spent),
                bytes=sum(usage.bytes for usage in spent),
                started=started,
                duration=round(self.clock.monotonic() - began, 3),
                **state,
            ),
            outcomes,
        )

    async def _measured(self, check: RegisteredCheck, networks: list[TargetNetwork]) -> list[Observation]:
        """What a check observes, begun again with a network of its own when a wait ended late. A guess is no measure:
        TimeoutError when it was late each time, or when it takes too long."""
        metadata = check.metadata
        for _ in range(MEASURES):
            network = self.gate.network(
                by=check.id,
                max_requests=metadata.sends.requests,
                max_connections=metadata.sends.connections,
                methods=methods_at(self.level, metadata.sends.methods),
                max_body=CHECK_BODY,
            )
            networks.append(network)
            await self._names_hold()
            clock = WatchedClock(self.clock, lambda until: self.progress.waiting(check.id, until), self._names_hold)
            async with asyncio.timeout(max(PATIENCE * metadata.sends.seconds, PATIENCE_FLOOR)) as limit:
                context = CheckContext(
                    metadata=metadata,
                    target=self.target,
                    network=network,
                    clock=clock,
                    level=self.level,
                    declared=self.engagement.told,
                    evidence=self._evidence,
                    collector=OwnTime(limit).without(self._collections.get),
                    transcript=lambda: self.gate.transcript,
                    accounts=self.accounts,
                    note=self.gate.note,
                )
                observations = await check.observe()(context)
            if not clock.late or "sacrifice" in metadata.needs:  # failures are never sent a second time
                return observations
            self.note("check", check.id, "late_wait")
        raise TimeoutError

    async def _names_hold(self) -> None:
        """See, once in a while, that names still lead to where they did; those that do not are closed by the gate."""
        if self.clock.monotonic() - self._checked_names < RECHECK:
            return
        self._checked_names = self.clock.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(RECHECK_PATIENCE):
                await self.gate.recheck()

    @staticmethod
    def _saw_the_stop(outcomes: tuple[Outcome, ...]) -> bool:
        return not any(outcome.failed for outcome in outcomes)

    def _without_running(self, entry: PlanEntry, reason: Reason, missing: str | None = None) -> CheckRun:
        return self._run(self.checks[entry.check], state="not_run", reason=reason, missing=missing)

    def _run(self, check: RegisteredCheck, **values: Any) -> CheckRun:
        metadata = check.metadata
        return CheckRun(
            id=check.id,
            version=metadata.version,
            title=metadata.title,
            level=metadata.level,
            references=metadata.references,
            rules=self.rules_of(check.id),
            labels=metadata.labels,
            words=metadata.words,
            **values,
        )

    def _record(self, run: CheckRun, outcomes: tuple[Outcome, ...] = ()) -> None:
        self.gathered.runs[run.id] = run
        self.gathered.outcomes.extend(outcomes)
        if run.state == "completed":
            self.folder.add_finished(Finished(check=run, outcomes=outcomes))
        self.progress.finished(run, outcomes)

    def _collector_network(self, collector: Collector[Any]) -> Any:
        return self.gate.network(
            by=f"collector:{collector.name}",
            max_requests=collector.requests,
            max_connections=collector.connections,
            methods=methods_at(self.level, collector.methods),
        )
