"""The result of a run: the one model that every rendering reads. Its JSON form is `report.json`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from pgssi_probe.model.action import Action
from pgssi_probe.model.declaration import Declarations
from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.inventory import InventorySummary
from pgssi_probe.model.outcome import Frozen, Level, Outcome, Reason
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Bilingual
from pgssi_probe.model.verdict import Reserve, RuleVerdict, Verdict

SCHEMA_VERSION: Literal["1.0"] = "1.0"

CheckState = Literal["completed", "not_run", "error", "interrupted"]
RunState = Literal["completed", "interrupted", "aborted"]


class HostAddresses(Frozen):
    host: str
    port: int
    addresses: tuple[str, ...]


class Run(Frozen):
    id: str
    tool_version: str
    target: str
    addresses: tuple[HostAddresses, ...]
    level: Level
    started: datetime
    finished: datetime
    state: RunState
    stopped_because: Reason | None = None
    command_line: tuple[str, ...] = Field(description="without any secret")
    user_agent: str
    requests: int
    connections: int
    bytes_received: int
    journal_head: str = Field(description="hash of the last line of the journal's chain")


class MandateSummary(Frozen):
    """The mandate as the report shows it. Contacts are kept: they are part of the mandate."""

    reference: str
    organisation: str
    signatory: str
    signed: str
    valid_from: str
    valid_until: str
    hours: str | None = None
    source_addresses: tuple[str, ...] = ()
    hosting_agreement: str | None = None
    emergency_contact: str | None = None


class EngagementSummary(Frozen):
    """None of its secrets. `mandate` is None when the run had no engagement file."""

    file_sha256: str | None = None
    mandate: MandateSummary | None = None
    hosts: tuple[str, ...] = ()
    excluded_paths: tuple[str, ...] = ()
    levels: tuple[Level, ...] = (Level.PASSIVE,)
    limits: dict[str, float] = Field(default_factory=dict)
    context: dict[str, bool | tuple[str, ...]] = Field(
        default_factory=dict, description="answers that decide which rules apply; what is absent was not answered"
    )
    reserves: tuple[Reserve, ...] = Field((), description="what the context says of the scope of the guide")


class PlanEntry(Frozen):
    """One check of the plan. `reason` and `missing` say why it does not run: `missing` names the line to write."""

    check: str
    level: Level
    runs: bool
    reason: Reason | None = None
    missing: str | None = None
    requests_max: int
    methods: tuple[str, ...] = ()
    connections_max: int = 0
    seconds_max: float


class PlannedCollection(Frozen):
    """What the checks that run collect together, once, and what it may send."""

    name: str
    title: Bilingual
    requests_max: int
    methods: tuple[str, ...] = ()
    connections_max: int = 0


class Plan(Frozen):
    """`connections_max` counts those besides the requests': TLS handshakes, ports."""

    entries: tuple[PlanEntry, ...]
    collections: tuple[PlannedCollection, ...] = ()
    requests_max: int
    connections_max: int = 0
    seconds_max: float
    reserves: tuple[Reserve, ...] = ()


class References(Frozen):
    wstg: tuple[str, ...] = ()
    asvs: tuple[str, ...] = ()
    cwe: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()
    anssi: tuple[str, ...] = ()
    other: tuple[str, ...] = ()


class CheckRun(Frozen):
    """What became of one check. `diagnostics` is for developers and holds no target text."""

    id: str
    version: int
    title: Bilingual
    level: Level
    state: CheckState
    reason: Reason | None = None
    missing: str | None = None
    requests: int = 0
    connections: int = 0
    bytes: int = 0
    started: datetime | None = Field(None, description="None when it did not run")
    duration: float = Field(0.0, description="seconds")
    references: References = References()
    rules: tuple[str, ...] = Field((), description="rules whose verdict may rest on this check")
    diagnostics: str | None = None
    labels: dict[str, Bilingual] = Field(default_factory=dict, description="names of facts of its evidence")
    words: dict[str, dict[str, Bilingual]] = Field(
        default_factory=dict, description="how values of a closed list are said: fact, value, text"
    )


class Event(Frozen):
    """One line of the chronology: phases, checks, pauses, aborts, refusals. Requests are in the journal.

    `detail` of a check is `begun`, `late_wait`, or the state that it ended in; elsewhere a reason of the closed list.
    """

    at: datetime
    kind: Literal["started", "check", "paused", "resumed", "refused", "aborted", "interrupted", "finished"]
    subject: str = ""
    detail: str = ""


class Summary(Frozen):
    """Counts. `worst` is None when nothing failed."""

    verdicts: dict[Verdict, int]
    findings: dict[Severity, int]
    suspected: int
    inconclusive: int
    checks_run: int
    checks_not_run: int
    worst: Severity | None


class Chapter(Frozen):
    """A chapter of the guide: `id` is the letters that its rules begin with."""

    id: str
    section: str
    title: Bilingual


class RunResult(Frozen):
    schema_version: Literal["1.0"] = SCHEMA_VERSION
    run: Run
    engagement: EngagementSummary
    plan: Plan
    checks: tuple[CheckRun, ...]
    outcomes: tuple[Outcome, ...]
    evidence: tuple[Evidence, ...]
    verdicts: tuple[RuleVerdict, ...] = Field(min_length=65, max_length=65)
    chronology: tuple[Event, ...]
    summary: Summary
    reasons: dict[Reason, Bilingual] = Field(description="the words of the closed list of reasons")
    guide: str = Field(description="title and edition of the guide that the verdicts refer to")
    chapters: tuple[Chapter, ...] = Field((), description="chapters of the guide, in its order")
    actions: tuple[Action, ...] = Field((), description="what to do about each pair of check and slug that failed")
    declarations: Declarations | None = Field(None, description="None when no file of declarations was given")
    inventory: InventorySummary | None = Field(None, description="None when no check looked at what accounts can reach")

    def outcome(self, identifier: str) -> Outcome:
        return next(outcome for outcome in self.outcomes if outcome.id == identifier)
