"""The 65 rules, their parts, and the edges from a part to the checks that speak of it."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from pgssi_probe.guide.applicability import Answers, ApplicabilityBook
from pgssi_probe.guide.source import Reference
from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.result import References
from pgssi_probe.model.text import Bilingual
from pgssi_probe.model.verdict import Applicability


class RuleClass(StrEnum):
    """How far a rule, or a part, can be judged from outside."""

    OBSERVABLE = "observable"
    PARTIAL = "partial"
    DECLARATIVE = "declarative"


class Weight(StrEnum):
    """What a failing outcome does to the part.

    `verdict`: a proof makes it non-compliant, a hint suspected. `hint`: any failure makes it suspected at most.
    `information`: shown beside the rule, never changes the verdict.
    """

    VERDICT = "verdict"
    HINT = "hint"
    INFORMATION = "information"


class Coverage(StrEnum):
    """Whether a pass of the check covers the whole part or some of it."""

    FULL = "full"
    PARTIAL = "partial"


class Obligation(StrEnum):
    """The verb of the guide, in its own words."""

    MUST = "doit"
    RECOMMENDED = "recommande"
    STRONGLY_RECOMMENDED = "fortement_recommande"
    MUST_AND_RECOMMENDED = "doit_et_recommande"


HANDED_OVER: Final = "assist."
"""Checks of this family compare what the probe did with what the operator hands over."""

Actor = Literal["responsable", "maitre_oeuvre", "hebergeur_exploitant"]


class Edge(Frozen):
    """One check speaks of one part.

    `outcomes`: the only failing slugs of the check that concern the part; None means all of them. A failure
    with another slug neither accuses nor clears the part. `clears`: the only slugs whose pass speaks in favour of the
    part; a pass that is not named (a remark, a pass about another part) clears nothing. `voids`: slugs whose pass means
    that the part has no object here.
    """

    check: str = Field(pattern=r"^[a-z]+(\.[a-z][a-z-]*)?$")
    weight: Weight
    coverage: Coverage = Coverage.PARTIAL
    outcomes: tuple[str, ...] | None = Field(default=None, min_length=1)
    clears: tuple[str, ...] = ()
    voids: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_meaning_a_pass(self) -> Self:
        if self.weight is Weight.INFORMATION and (self.clears or self.voids):
            raise ValueError(f"an edge of weight information clears nothing: {self.check}")
        if both := set(self.clears) & set(self.voids):
            raise ValueError(f"a pass clears a part or voids it, not both: {sorted(both)}")
        return self

    def concerns(self, slug: str) -> bool:
        """Whether a failing outcome of the check, of this slug, speaks of the part."""
        return self.outcomes is None or slug in self.outcomes


class Part(Frozen):
    """A sub-point of a rule that gets a verdict of its own. Ids are permanent: `AA7.1`."""

    id: str = Field(pattern=r"^[A-Z]{2}\d{1,2}\.\d$")
    rule_class: RuleClass = Field(alias="class")
    point: Bilingual
    edges: tuple[Edge, ...] = ()

    @model_validator(mode="after")
    def _no_verdict_on_declarations(self) -> Self:
        deciding = [edge.check for edge in self.edges if edge.weight is Weight.VERDICT]
        if self.rule_class is RuleClass.DECLARATIVE and any(not check.startswith(HANDED_OVER) for check in deciding):
            raise ValueError("a declarative part is decided by nothing but what the operator hands over")
        return self

    @model_validator(mode="after")
    def _one_edge_a_check(self) -> Self:
        checks = [edge.check for edge in self.edges]
        if len(set(checks)) != len(checks):
            raise ValueError(f"{self.id} has two edges to the same check")
        return self

    def clears(self, edge: Edge) -> bool:
        """Whether a pass of this edge may clear the part.

        A hint that finds nothing is no reassurance where a check that decides has not run: hints clear only the
        parts that no check decides.
        """
        if any(other.weight is Weight.VERDICT for other in self.edges):
            return edge.weight is Weight.VERDICT
        return edge.weight is Weight.HINT

    @property
    def decided_by_edges(self) -> bool:
        """Whether a check decides it: for a declarative part, one that reads what the operator handed over."""
        return any(edge.weight is Weight.VERDICT for edge in self.edges)

    @property
    def decidable(self) -> bool:
        """Whether something can give it a verdict: a declaration, or an edge that weighs."""
        return self.rule_class is RuleClass.DECLARATIVE or any(
            edge.weight is not Weight.INFORMATION for edge in self.edges
        )


class Rule(Frozen):
    """One of the 65. Title, text, reading and notes are our own wording.

    `dicp`: what is at stake, of D availability, I integrity, C confidentiality, P proof. `evidence`: how far
    an observation from outside can carry. `reading`: how to read what the probe saw. `addressed_basis`: whether
    the actors are named by the rule or follow from its chapter (section 3.2 of the guide).
    """

    id: str = Field(pattern=r"^[A-Z]{2}\d{1,2}$")
    title: Bilingual
    text: Bilingual
    page: int = Field(ge=1, le=24)
    page_end: int | None = None
    rule_class: RuleClass = Field(alias="class")
    evidence: Literal["strong", "medium", "weak", "none"]
    obligation: Obligation
    obligation_note: Bilingual | None = None
    addressed_to: tuple[Actor, ...] = Field(min_length=1)
    addressed_basis: Literal["text", "chapter"]
    dicp: str = Field(min_length=1, pattern=r"^D?I?C?P?$")
    refers_to: tuple[str, ...] = ()
    reading: Bilingual
    note: Bilingual | None = None
    documents: tuple[Bilingual, ...] = ()
    parts: tuple[Part, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        wanted = [f"{self.id}.{number}" for number in range(1, len(self.parts) + 1)]
        if [part.id for part in self.parts] != wanted:
            raise ValueError(f"the parts of {self.id} are numbered {wanted[0]}, and so on")
        if not any(part.decidable for part in self.parts):
            raise ValueError(f"{self.id} has no path to a verdict")
        return self

    @property
    def family(self) -> str:
        return self.id.rstrip("0123456789")

    @property
    def checks(self) -> tuple[str, ...]:
        """Every check that an edge names, each once, in the order of the parts."""
        return tuple(dict.fromkeys(edge.check for part in self.parts for edge in part.edges))


class Family(Frozen):
    """A chapter of rules, e.g. AA, section 4.2.2."""

    id: str = Field(pattern=r"^[A-Z]{2}$")
    section: str
    title: Bilingual


class PlannedCheck(Frozen):
    """A check that is announced and not shipped yet. The title states the passing condition."""

    id: str
    title: Bilingual
    references: References = References()


class PlannedChecks(Frozen):
    schema_version: Literal[1]
    checks: tuple[PlannedCheck, ...]


class RuleBook(Reference):
    """`rules.yaml`: the guide as a document, its families and its rules in order."""

    families: tuple[Family, ...]
    informative_passes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By check: passes that clear no part, by decision."""
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _closed(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) != len(ids):
            raise ValueError("a rule is given twice")
        order = [family.id for family in self.families]
        if list(dict.fromkeys(rule.family for rule in self.rules)) != order:
            raise ValueError("families and rules are not in the same order")
        for rule in self.rules:
            if unknown := set(rule.refers_to) - set(ids):
                raise ValueError(f"{rule.id} refers to unknown rules: {sorted(unknown)}")
        return self


class Guide(Frozen):
    """The rules, what they apply to and the checks that are announced, as the program uses them."""

    book: RuleBook
    planned: tuple[PlannedCheck, ...]
    applicability: ApplicabilityBook

    @model_validator(mode="after")
    def _conditions_on_known_rules(self) -> Self:
        known = {name for rule in self.rules for name in (rule.id, *(part.id for part in rule.parts))}
        if unknown := set(self.applicability.by_target) - known:
            raise ValueError(f"conditions on unknown rules: {sorted(unknown)}")
        return self

    @property
    def version(self) -> str:
        return self.book.version

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.book.rules

    @property
    def families(self) -> tuple[Family, ...]:
        return self.book.families

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _by_check(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for rule in self.rules:
            for check in rule.checks:
                found.setdefault(check, []).append(rule.id)
        return {check: tuple(rules) for check, rules in found.items()}

    @cached_property
    def planned_ids(self) -> frozenset[str]:
        return frozenset(check.id for check in self.planned)

    def rule(self, number: str) -> Rule:
        """KeyError when there is none of that id; `view.find` suggests."""
        return self._by_id[number]

    def applies(self, rule: Rule, given: Answers) -> Applicability | None:
        """Whether a rule applies in a context and why; None when the guide sets no condition on it."""
        return self.applicability.of(rule.id, self.family(rule.family).section, rule.page, given)

    def part_applies(self, rule: Rule, part: Part, given: Answers) -> Applicability | None:
        return self.applicability.of(part.id, self.family(rule.family).section, rule.page, given)

    def family(self, letters: str) -> Family:
        return next(family for family in self.families if family.id == letters)

    def rules_of(self, check: str) -> tuple[str, ...]:
        """Ids of the rules that name a check, in the order of the guide; empty when none does."""
        return self._by_check.get(check, ())
