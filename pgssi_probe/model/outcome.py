"""What a check says about a subject: facts and a slug of a closed list, never text."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from pgssi_probe.model.severity import Ease, Impact, Severity
from pgssi_probe.model.text import Bilingual


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(StrEnum):
    """How intrusive a check is."""

    PASSIVE = "passive"
    ACTIVE = "active"
    INTRUSIVE = "intrusive"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


class Status(StrEnum):
    """XCCDF and EARL equivalents: pass/passed, fail/failed, unknown/cantTell, notapplicable/inapplicable."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"


class Strength(StrEnum):
    """`proof` is a deterministic observation, `hint` a heuristic that people must confirm."""

    PROOF = "proof"
    HINT = "hint"


class Reason(StrEnum):
    """Why something could not be concluded. The list is closed; the texts are in the catalogues."""

    TIMEOUT = "timeout"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    PROTOCOL_ERROR = "protocol_error"
    RATE_LIMITED = "rate_limited"
    BLOCKED = "blocked"
    SERVER_ERROR = "server_error"
    UNSTABLE_TARGET = "unstable_target"
    NO_SAMPLE = "no_sample"
    OTHER_DEVIATION = "other_deviation"
    BODY_TRUNCATED = "body_truncated"
    SCAN_INCOMPLETE = "scan_incomplete"
    UNDECLARED = "undeclared"
    OUT_OF_SCOPE = "out_of_scope"
    BUDGET_EXHAUSTED = "budget_exhausted"
    MANDATE_MISSING = "mandate_missing"
    LEVEL_EXCLUDED = "level_excluded"
    ACCOUNT_MISSING = "account_missing"
    SESSION_LOST = "session_lost"
    BROWSER_MISSING = "browser_missing"
    TOOL_MISSING = "tool_missing"
    INTERRUPTED = "interrupted"
    RUN_ABORTED = "run_aborted"
    DESELECTED = "deselected"
    NOT_YET_AVAILABLE = "not_yet_available"
    CHECK_FAILED = "check_failed"
    NOT_HTTPS = "not_https"


SubjectKind = Literal["site", "url", "host", "endpoint", "cookie", "header", "form", "file", "account", "service"]


class Subject(Frozen):
    """What an outcome is about. `name` identifies it, e.g. an URL, `host:port`, or a cookie's name."""

    kind: SubjectKind
    name: str = Field(max_length=2048)

    def __str__(self) -> str:
        return self.name


class Observation(Frozen):
    """What a check returns: a slug that its YAML declares, or `reason` when it could not conclude.

    `facts` fills the sentence of the slug; `evidence` holds ids given by the context.
    """

    slug: str
    subject: Subject
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    reason: Reason | None = None


INCONCLUSIVE = "inconclusive"


def inconclusive(
    subject: Subject, reason: Reason, *, evidence: tuple[str, ...] = (), **facts: JsonValue
) -> Observation:
    """An observation that concludes nothing, and says why. Every check may return it."""
    return Observation(slug=INCONCLUSIVE, subject=subject, facts=facts, evidence=evidence, reason=reason)


class Outcome(Frozen):
    """An observation made official by the engine: status, strength, severity and words are the declaration's."""

    id: str
    check: str
    slug: str
    status: Status
    strength: Strength
    subject: Subject
    facts: dict[str, JsonValue]
    evidence: tuple[str, ...]
    reason: Reason | None = None
    severity: Severity | None = Field(description="only for a failure")
    impact: Impact | None = Field(None, description="only for a failure; severity is impact by ease")
    ease: Ease | None = Field(None, description="only for a failure")
    sentence: Bilingual
    remedy: Bilingual | None = None

    @property
    def failed(self) -> bool:
        return self.status is Status.FAIL


def stable_id(check: str, slug: str, subject: Subject) -> str:
    """The same weakness of the same subject keeps its id from one run to the next, whatever the wording."""
    digest = hashlib.sha256("\0".join((check, slug, subject.kind, subject.name)).encode()).hexdigest()
    return f"PGP-{digest[:10].upper()}"
