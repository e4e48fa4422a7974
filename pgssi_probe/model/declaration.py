"""What an organisation declares of what cannot be seen. A declaration is never an observation."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.text import Bilingual


class Answer(StrEnum):
    """`no` and `partly` admit a gap; `not_applicable` needs a reason, and removes no rule."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    NOT_APPLICABLE = "not_applicable"

    @property
    def admits(self) -> bool:
        return self in {Answer.NO, Answer.PARTLY}


class Standing(StrEnum):
    """Whether a declaration counts, on the day when the verdicts were made. Only `valid` does."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    ALTERED = "altered"


class Seen(StrEnum):
    """What was done of the document: its hash found right, wrong, only written down, or no hash at all."""

    VERIFIED = "verified"
    ALTERED = "altered"
    UNREAD = "unread"
    REFERENCE_ONLY = "reference_only"
    NONE = "none"


class Contradiction(StrEnum):
    """Declared in order and seen failing, or admitted missing and seen working."""

    SEEN_FAILING = "seen_failing"
    SEEN_WORKING = "seen_working"


class Declaration(Frozen):
    """One answer for one part. `document` is a reference in the words of the declarant; no document is copied.

    `whole_rule` is true when it was given for the rule as a whole.
    """

    part: str
    answer: Answer
    reason: str = Field("", max_length=2000)
    document: str = Field("", max_length=1000)
    sha256: str = Field("", description="of the document, hexadecimal; empty when none was given")
    document_seen: Seen = Seen.NONE
    signatory: str = Field(max_length=300)
    signed: date
    valid_until: date
    standing: Standing
    whole_rule: bool = False

    @property
    def counts(self) -> bool:
        return self.standing is Standing.VALID


class DiagnosisReply(StrEnum):
    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    UNKNOWN = "unknown"


class DiagnosisAnswer(Frozen):
    """One of the questions of the directors' guide of 2013, in our words. Yes is the favourable answer."""

    id: str
    question: Bilingual
    page: int
    reply: DiagnosisReply
    comment: str = Field("", max_length=2000)


class Declarations(Frozen):
    """What was declared for a run. `judged_on` is the day on which validity was judged."""

    organisation: str
    file_sha256: str
    judged_on: date
    entries: tuple[Declaration, ...] = ()
    diagnosis: tuple[DiagnosisAnswer, ...] = ()
    diagnosis_source: str = Field("", description="title of the guide that the questions come from")

    @property
    def counted(self) -> dict[str, Declaration]:
        """By part, those that count."""
        return {entry.part: entry for entry in self.entries if entry.counts}
