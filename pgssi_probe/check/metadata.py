"""The declaration of a check: the YAML beside its module, readable by an auditor, validated once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from pgssi_probe.model.account import Label
from pgssi_probe.model.outcome import INCONCLUSIVE, Frozen, Level, Status, Strength
from pgssi_probe.model.result import References
from pgssi_probe.model.severity import Ease, Impact, Severity, severity
from pgssi_probe.model.text import Bilingual, Template

Need = Literal["https", "account", "two_accounts", "second_role", "sacrifice", "browser", "time", "mailbox", "ports"]

SUBJECT_FIELD = "subject"

CollectorName = Annotated[str, Field(pattern=r"^[a-z]+([-_][a-z0-9]+)*$")]


class Sends(Frozen):
    """What a check adds to the shared collection: an upper bound that the engine enforces, and the methods."""

    requests: int = Field(ge=0)
    connections: int = Field(0, ge=0, description="besides those of the requests, e.g. TLS handshakes")
    methods: tuple[str, ...] = ("GET",)
    seconds: float = Field(30.0, gt=0, description="upper bound of the duration at the default rate")
    note: Bilingual | None = None


class Setting(Frozen):
    """A threshold by name, with where it comes from ("ours" when it is our judgement)."""

    value: JsonValue
    source: str
    meaning: Bilingual


class OutcomeDeclaration(Frozen):
    """One slug of the closed table. A failure states impact, ease and remedy; nothing else does."""

    status: Status
    strength: Strength = Strength.PROOF
    impact: Impact | None = None
    ease: Ease | None = None
    sentence: Template
    remedy: Template | None = None
    optional_fields: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _failure_is_complete(self) -> OutcomeDeclaration:
        if self.status is Status.FAIL:
            if self.impact is None or self.ease is None or self.remedy is None:
                raise ValueError("a failure states its impact, its ease and its remedy")
        elif self.impact is not None or self.ease is not None:
            raise ValueError("only a failure has an impact and an ease")
        if self.status is Status.INCONCLUSIVE:
            raise ValueError(f"{INCONCLUSIVE!r} is open to every check and is not declared")
        return self

    @property
    def severity(self) -> Severity | None:
        return severity(self.impact, self.ease) if self.impact and self.ease else None

    @property
    def fields(self) -> frozenset[str]:
        """Facts that an observation must bring for the sentences to be complete."""
        remedy = self.remedy.fields if self.remedy else frozenset()
        return (self.sentence.fields | remedy) - {SUBJECT_FIELD}


class CheckMetadata(Frozen):
    """Everything about a check but its code. `title` states the passing condition.

    `after_everything` is for checks that judge the headers of every exchange of the run, or that may upset later ones.
    `needs_declared` are values of the engagement without which there is nothing to judge: it does not run then.
    `also_uses` are labels of accounts that it signs in with when the engagement has them, and does without otherwise.
    `collects` are the shared collections that it asks for; those that they build on follow.
    """

    id: str = Field(pattern=r"^[a-z]+(\.[a-z0-9]+(-[a-z0-9]+)*)?$")
    version: int = Field(ge=1)
    since: str
    level: Level
    title: Bilingual
    summary: Bilingual
    needs: tuple[Need, ...] = ()
    also_uses: tuple[Label, ...] = ()
    collects: tuple[CollectorName, ...] = ()
    needs_declared: tuple[str, ...] = ()
    after_everything: bool = False
    sends: Sends
    settings: dict[str, Setting] = Field(default_factory=dict)
    references: References = References()
    words: dict[str, dict[str, Bilingual]] = Field(
        default_factory=dict, description="how values of a closed list are said in sentences: field, value, text"
    )
    evidence: dict[str, Template] = Field(
        default_factory=dict, description="titles of what it keeps: key, text; fields are given with the key"
    )
    labels: dict[str, Bilingual] = Field(
        default_factory=dict,
        description="its facts as people read them, where the report knows no general name",
    )
    outcomes: dict[str, OutcomeDeclaration] = Field(min_length=1)

    @field_validator("outcomes")
    @classmethod
    def _slugs(cls, outcomes: dict[str, OutcomeDeclaration]) -> dict[str, OutcomeDeclaration]:
        for slug in outcomes:
            if not slug.replace("-", "").isalnum() or slug != slug.lower() or slug == INCONCLUSIVE:
                raise ValueError(f"not a slug: {slug!r}")
        return outcomes
