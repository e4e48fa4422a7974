"""The algebra of verdicts (docs/en/verdicts.md).

Four laws hold, and are tested as properties: nothing that concludes nothing (a crash, a skip, an inconclusive outcome,
a missing account) ever improves a verdict; adding a failing outcome never improves one; only a pass that the guide data
name for a part speaks in its favour; a declaration never improves what was seen, and never makes a rule compliant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pgssi_probe.guide.applicability import Answers
from pgssi_probe.guide.model import Coverage, Edge, Guide, Obligation, Part, Rule, RuleClass, Weight
from pgssi_probe.model.declaration import Answer, Contradiction
from pgssi_probe.model.outcome import Outcome, Reason, Status, Strength
from pgssi_probe.model.result import CheckRun, Summary
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.verdict import Applicability, PartVerdict, RuleVerdict, UnevaluatedCheck, Verdict

ASSESSMENT_VERSION = 3

# From the worst to the best. NOT_APPLICABLE stands apart and never hides another part.
ORDER: tuple[Verdict, ...] = (
    Verdict.NON_COMPLIANT,
    Verdict.SUSPECTED,
    Verdict.NOT_EVALUATED,
    Verdict.TO_JUSTIFY,
    Verdict.DECLARED,
    Verdict.NO_DEVIATION,
    Verdict.COMPLIANT,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one edge says of its part."""

    failures: tuple[Outcome, ...] = ()
    passes: tuple[Outcome, ...] = ()
    missing: Reason | None = None
    """Why the check, or some of it, concluded nothing."""
    proved: bool = False
    """A failure here is a proof that counts as such."""
    covers: bool = False
    """Passes, covers the part fully, and every pass is a proof."""


def read_edge(edge: Edge, run: CheckRun | None, outcomes: Sequence[Outcome]) -> Reading:
    """What an edge says, from the run of its check and the outcomes of that check."""
    if run is None:
        return Reading(missing=Reason.NOT_YET_AVAILABLE)
    if run.state != "completed":
        return Reading(missing=run.reason or Reason.CHECK_FAILED)
    failures = tuple(outcome for outcome in outcomes if outcome.failed and edge.concerns(outcome.slug))
    said = [outcome for outcome in outcomes if outcome.status is Status.PASS]
    passes = tuple(outcome for outcome in said if outcome.slug in edge.clears)
    unsure = [outcome.reason or Reason.NO_SAMPLE for outcome in outcomes if outcome.status is Status.INCONCLUSIVE]
    if failures:
        proof = edge.weight is Weight.VERDICT and any(outcome.strength is Strength.PROOF for outcome in failures)
        return Reading(failures=failures, passes=passes, missing=unsure[0] if unsure else None, proved=proof)
    # A failure that does not concern this edge neither accuses nor clears it, and neither does a pass that it does not
    # name: an announcement, or a pass about another part.
    inapplicable = bool(outcomes) and all(outcome.status is Status.NOT_APPLICABLE for outcome in outcomes)
    inapplicable = inapplicable or any(outcome.slug in edge.voids for outcome in said)
    silent = Reason.OTHER_DEVIATION if any(outcome.failed for outcome in outcomes) else Reason.NO_SAMPLE
    missing = unsure[0] if unsure else None if passes or inapplicable else silent
    covers = (
        bool(passes)
        and edge.coverage is Coverage.FULL
        and edge.weight is Weight.VERDICT
        and missing is None
        and all(outcome.strength is Strength.PROOF for outcome in passes)
    )
    return Reading(passes=passes, missing=missing, covers=covers)


Answered = Mapping[str, Answer]
"""By part, the answers of declarations that count."""

ADVISED = frozenset({Obligation.RECOMMENDED, Obligation.STRONGLY_RECOMMENDED})
"""Not to follow a recommendation is no breach: it is to be justified."""


def judge_part(
    part: Part,
    runs: Mapping[str, CheckRun],
    outcomes: Mapping[str, Sequence[Outcome]],
    declared: Answered = MappingProxyType({}),
    *,
    advised: bool = False,
) -> PartVerdict:
    """`advised`: the rule is a recommendation."""
    seen = judge_seen(part, runs, outcomes)
    answer = declared.get(part.id)
    return seen if answer is None else with_declared(seen, answer, advised=advised)


def with_declared(seen: PartVerdict, answer: Answer, *, advised: bool) -> PartVerdict:
    """What was seen, and what is declared of it: the worse of the two, and never better than `declared`.

    Only a part of which nothing can be seen becomes `declared`. What could have been seen, and was not, stays so.
    """
    verdict, contradiction = seen.verdict, None
    failing = verdict in {Verdict.NON_COMPLIANT, Verdict.SUSPECTED}
    if answer.admits:
        admission = Verdict.TO_JUSTIFY if advised else Verdict.NON_COMPLIANT
        if verdict in {Verdict.COMPLIANT, Verdict.NO_DEVIATION}:
            contradiction = Contradiction.SEEN_WORKING
        if verdict is Verdict.NOT_APPLICABLE or ORDER.index(admission) < ORDER.index(verdict):
            verdict = admission
    elif failing:
        contradiction = Contradiction.SEEN_FAILING
    elif verdict is Verdict.TO_JUSTIFY:
        verdict = Verdict.DECLARED
    return seen.model_copy(
        update={
            "verdict": verdict,
            "declared": answer,
            "by_declaration": verdict is not seen.verdict or verdict is Verdict.TO_JUSTIFY,
            "contradiction": contradiction,
        }
    )


def judge_seen(part: Part, runs: Mapping[str, CheckRun], outcomes: Mapping[str, Sequence[Outcome]]) -> PartVerdict:
    """What the checks alone say of a part."""
    edges = [edge for edge in part.edges if edge.weight is not Weight.INFORMATION]
    readings = [read_edge(edge, runs.get(edge.check), outcomes.get(edge.check, ())) for edge in edges]
    failures = [outcome for reading in readings for outcome in reading.failures]
    clearing = [reading for edge, reading in zip(edges, readings, strict=True) if part.clears(edge)]
    passes = [outcome for reading in clearing for outcome in reading.passes]
    gaps = {edge.check: reading.missing for edge, reading in zip(edges, readings, strict=True) if reading.missing}
    unevaluated = tuple(UnevaluatedCheck(check=check, reason=reason) for check, reason in gaps.items())
    if any(reading.proved for reading in readings):
        verdict = Verdict.NON_COMPLIANT
    elif failures:
        verdict = Verdict.SUSPECTED
    elif part.rule_class is RuleClass.DECLARATIVE and passes and part.decided_by_edges:
        # What the operator handed over was looked at, and agrees: more than a document, less than seeing it all.
        verdict = Verdict.NO_DEVIATION
    elif part.rule_class is RuleClass.DECLARATIVE or not edges:
        verdict = Verdict.TO_JUSTIFY
    elif passes:
        covered = any(reading.covers for reading in clearing) and not unevaluated
        verdict = Verdict.COMPLIANT if covered and part.rule_class is RuleClass.OBSERVABLE else Verdict.NO_DEVIATION
    elif unevaluated:
        verdict = Verdict.NOT_EVALUATED
    else:
        verdict = Verdict.NOT_APPLICABLE
    return PartVerdict(
        part=part.id,
        point=part.point,
        verdict=verdict,
        outcomes=tuple(dict.fromkeys(outcome.id for outcome in (*failures, *passes))),
        unevaluated=unevaluated,
    )


def combine(parts: Iterable[Verdict]) -> Verdict:
    """The verdict of a rule from those of its parts.

    One observable part that nobody could evaluate leaves the rule not evaluated, whatever the others say; a part that
    only a document supports leaves it at "no deviation" when the observed parts pass.
    """
    applicable = [verdict for verdict in parts if verdict is not Verdict.NOT_APPLICABLE]
    if not applicable:
        return Verdict.NOT_APPLICABLE
    worst = min(applicable, key=ORDER.index)
    if worst in {Verdict.NON_COMPLIANT, Verdict.SUSPECTED, Verdict.NOT_EVALUATED, Verdict.COMPLIANT}:
        return worst
    if any(verdict in {Verdict.COMPLIANT, Verdict.NO_DEVIATION} for verdict in applicable):
        return Verdict.NO_DEVIATION
    return worst


def without_object(judged: PartVerdict, applicability: Applicability | None) -> PartVerdict:
    """The part in the declared context: what has no object is not applicable, whatever was seen."""
    if applicability is None or applicability.applies:
        return judged.model_copy(update={"applicability": applicability})
    return PartVerdict(
        part=judged.part,
        point=judged.point,
        verdict=Verdict.NOT_APPLICABLE,
        applicability=applicability,
        declared=judged.declared,
    )


def judge_rule(
    guide: Guide,
    rule: Rule,
    runs: Mapping[str, CheckRun],
    outcomes: Mapping[str, Sequence[Outcome]],
    declared: Answered,
    context: Answers,
) -> RuleVerdict:
    applicability = guide.applies(rule, context)
    void = applicability if applicability and not applicability.applies else None
    advised = rule.obligation in ADVISED
    seen = tuple(judge_part(part, runs, outcomes, declared, advised=advised) for part in rule.parts)
    parts = tuple(
        without_object(judged, void or guide.part_applies(rule, part, context))
        for part, judged in zip(rule.parts, seen, strict=True)
    )
    verdict = combine(part.verdict for part in parts)
    reasons = Counter(
        missing.reason for part in parts if part.verdict is Verdict.NOT_EVALUATED for missing in part.unevaluated
    )
    informative = [
        outcome.id
        for part in rule.parts
        for edge in part.edges
        if edge.weight is Weight.INFORMATION
        for outcome in outcomes.get(edge.check, ())
        if outcome.status is Status.PASS or edge.concerns(outcome.slug)
    ]
    kept = {outcome for part in parts for outcome in part.outcomes}
    informative += [outcome for part in seen for outcome in part.outcomes if outcome not in kept]
    return RuleVerdict(
        rule=rule.id,
        family=rule.family,
        title=rule.title,
        text=rule.text,
        rule_class=rule.rule_class,
        obligation=rule.obligation,
        addressed_to=rule.addressed_to,
        dicp=rule.dicp,
        verdict=verdict,
        reason=reasons.most_common(1)[0][0] if reasons and verdict is Verdict.NOT_EVALUATED else None,
        parts=parts,
        outcomes=tuple(dict.fromkeys(outcome for part in parts for outcome in part.outcomes)),
        informative=tuple(dict.fromkeys(informative)),
        documents=rule.documents,
        applicability=applicability,
        page=rule.page,
    )


def assess(
    guide: Guide,
    runs: Iterable[CheckRun],
    outcomes: Iterable[Outcome],
    declared: Answered = MappingProxyType({}),
    context: Answers = MappingProxyType({}),
) -> tuple[RuleVerdict, ...]:
    """The verdict of each rule, in the order of the guide.

    `declared` holds, by part, the answers of declarations that count; `context` holds the answers that say which rules
    have an object.
    """
    by_check: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_check.setdefault(outcome.check, []).append(outcome)
    by_id = {run.id: run for run in runs}
    return tuple(judge_rule(guide, rule, by_id, by_check, declared, context) for rule in guide.rules)


def summarise(runs: Sequence[CheckRun], outcomes: Sequence[Outcome], verdicts: Sequence[RuleVerdict]) -> Summary:
    """Counts for the first page. Findings are proofs; suspected are failures that a person must confirm."""
    proofs = [outcome for outcome in outcomes if outcome.failed and outcome.strength is Strength.PROOF]
    severities = Counter(outcome.severity for outcome in proofs if outcome.severity)
    counts = Counter(verdict.verdict for verdict in verdicts)
    return Summary(
        verdicts={verdict: counts.get(verdict, 0) for verdict in Verdict},
        findings={severity: severities.get(severity, 0) for severity in Severity},
        suspected=sum(outcome.failed and outcome.strength is Strength.HINT for outcome in outcomes),
        inconclusive=sum(outcome.status is Status.INCONCLUSIVE for outcome in outcomes),
        checks_run=sum(run.state == "completed" for run in runs),
        checks_not_run=sum(run.state != "completed" for run in runs),
        worst=max(severities, key=lambda severity: severity.rank, default=None),
    )
