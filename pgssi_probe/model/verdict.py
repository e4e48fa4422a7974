"""What is concluded for a rule, or for one part of it."""

from __future__ import annotations

from enum import StrEnum

from pgssi_probe.model.declaration import Answer, Contradiction
from pgssi_probe.model.outcome import Frozen, Reason
from pgssi_probe.model.text import Bilingual


class Verdict(StrEnum):
    """See docs/en/verdicts.md. `no_deviation` is a pass with partial coverage: never called compliant."""

    NON_COMPLIANT = "non_compliant"
    SUSPECTED = "suspected"
    NOT_EVALUATED = "not_evaluated"
    TO_JUSTIFY = "to_justify"
    DECLARED = "declared"
    NO_DEVIATION = "no_deviation"
    COMPLIANT = "compliant"
    NOT_APPLICABLE = "not_applicable"


class Applicability(Frozen):
    """Whether a rule, or a part of one, has an object in the declared context, why, and where the guide says so."""

    applies: bool
    reason: Bilingual
    section: str
    page: int


class Reserve(Frozen):
    """What the declared context says of the scope of the guide. No rule is removed by it."""

    id: str
    text: Bilingual
    section: str
    page: int


class UnevaluatedCheck(Frozen):
    """A check that a part relies on and that concluded nothing, with why."""

    check: str
    reason: Reason


class PartVerdict(Frozen):
    """`declared` is the answer of a declaration that counts. `by_declaration`: the verdict rests on it, not on what was
    seen. `contradiction`: what was declared and what was seen do not agree; what is worse decides."""

    part: str
    point: Bilingual
    verdict: Verdict
    outcomes: tuple[str, ...] = ()
    unevaluated: tuple[UnevaluatedCheck, ...] = ()
    applicability: Applicability | None = None
    declared: Answer | None = None
    by_declaration: bool = False
    contradiction: Contradiction | None = None


class RuleVerdict(Frozen):
    """One of the 65. `reason` says in a closed vocabulary why it is not evaluated, when it is not.

    `applicability` is None when the guide sets no condition: the rule applies. What was seen of a rule that has no
    object is under `informative`.
    """

    rule: str
    family: str
    title: Bilingual
    text: Bilingual
    rule_class: str
    obligation: str
    addressed_to: tuple[str, ...]
    dicp: str
    verdict: Verdict
    reason: Reason | None = None
    parts: tuple[PartVerdict, ...]
    outcomes: tuple[str, ...]
    informative: tuple[str, ...] = ()
    documents: tuple[Bilingual, ...] = ()
    applicability: Applicability | None = None
    page: int
