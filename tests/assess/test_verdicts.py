"""The two laws of the verdict algebra, and its cases one by one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.assess import assess
from pgssi_probe.assess.verdicts import ORDER, combine, judge_part
from pgssi_probe.guide import guide
from pgssi_probe.guide.model import Coverage, Edge, Part, RuleClass, Weight
from pgssi_probe.model.declaration import Answer
from pgssi_probe.model.outcome import Level, Outcome, Reason, Status, Strength, Subject, stable_id
from pgssi_probe.model.result import CheckRun
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Bilingual
from pgssi_probe.model.verdict import Verdict

TEXT = Bilingual(fr="é", en="e")
CHECKS = ("alpha.one", "beta.two")


def outcome(check: str, status: Status, slug: str = "slug", strength: Strength = Strength.PROOF, n: int = 0) -> Outcome:
    subject = Subject(kind="url", name=f"https://portal.example/{n}")
    return Outcome(
        id=stable_id(check, f"{slug}-{status}", subject),
        check=check,
        slug=slug,
        status=status,
        strength=strength,
        subject=subject,
        facts={},
        evidence=(),
        reason=Reason.TIMEOUT if status is Status.INCONCLUSIVE else None,
        severity=Severity.MAJOR if status is Status.FAIL else None,
        sentence=TEXT,
    )


def ran(check: str, state: str = "completed", reason: Reason | None = None) -> CheckRun:
    return CheckRun(id=check, version=1, title=TEXT, level=Level.PASSIVE, state=state, reason=reason)  # type: ignore[arg-type]


def part(*edges: Edge, rule_class: RuleClass = RuleClass.OBSERVABLE) -> Part:
    return Part.model_validate({"id": "AA1.1", "class": rule_class, "point": TEXT, "edges": edges})


def edge(check: str = "alpha.one", **values: object) -> Edge:
    return Edge.model_validate(
        {"check": check, "weight": Weight.VERDICT, "coverage": Coverage.FULL, **clearing(values), **values}
    )


def clearing(values: dict[str, object]) -> dict[str, object]:
    """What edges of these tests clear, when nothing else is said."""
    return {} if values.get("weight") == "information" else {"clears": ["slug"]}


def judged(
    what: Part,
    outcomes: list[Outcome],
    runs: list[CheckRun] | None = None,
    declared: Mapping[str, Answer] | None = None,
) -> Verdict:
    by_check = {name: [one for one in outcomes if one.check == name] for name in CHECKS}
    known = {run.id: run for run in (runs if runs is not None else [ran(name) for name in CHECKS])}
    return judge_part(what, known, by_check, declared or {}).verdict


PASS, FAIL, NON_COMPLIANT = Status.PASS, Status.FAIL, Verdict.NON_COMPLIANT


@pytest.mark.parametrize(
    ("what", "outcomes", "expected"),
    [
        (part(edge()), [outcome("alpha.one", PASS)], Verdict.COMPLIANT),
        (part(edge(coverage="partial")), [outcome("alpha.one", PASS)], Verdict.NO_DEVIATION),
        (part(edge(), rule_class=RuleClass.PARTIAL), [outcome("alpha.one", PASS)], Verdict.NO_DEVIATION),
        (part(edge()), [outcome("alpha.one", PASS, strength=Strength.HINT)], Verdict.NO_DEVIATION),
        (part(edge()), [outcome("alpha.one", FAIL), outcome("alpha.one", PASS)], Verdict.NON_COMPLIANT),
        (part(edge()), [outcome("alpha.one", FAIL, strength=Strength.HINT)], Verdict.SUSPECTED),
        (part(edge(weight="hint")), [outcome("alpha.one", FAIL)], Verdict.SUSPECTED),
        (part(edge(weight="information")), [outcome("alpha.one", FAIL)], Verdict.TO_JUSTIFY),
        (part(edge()), [outcome("alpha.one", Status.INCONCLUSIVE)], Verdict.NOT_EVALUATED),
        (part(edge()), [outcome("alpha.one", Status.NOT_APPLICABLE)], Verdict.NOT_APPLICABLE),
        (part(edge()), [], Verdict.NOT_EVALUATED),
        (part(edge(), edge("beta.two")), [outcome("alpha.one", PASS)], Verdict.NO_DEVIATION),
        (part(edge(outcomes=["other"])), [outcome("alpha.one", FAIL)], Verdict.NOT_EVALUATED),
        (part(edge(), edge("beta.two", weight="hint")), [outcome("beta.two", PASS)], Verdict.NOT_EVALUATED),
        (part(edge(weight="hint")), [outcome("alpha.one", PASS)], Verdict.NO_DEVIATION),
        (part(edge(outcomes=["slug"])), [outcome("alpha.one", FAIL)], Verdict.NON_COMPLIANT),
        (part(edge()), [outcome("alpha.one", PASS, "remark")], Verdict.NOT_EVALUATED),
        (part(edge()), [outcome("alpha.one", PASS, "remark"), outcome("alpha.one", PASS)], Verdict.COMPLIANT),
        (part(edge(clears=[])), [outcome("alpha.one", PASS)], Verdict.NOT_EVALUATED),
        (part(edge(voids=["moot"])), [outcome("alpha.one", PASS, "moot")], Verdict.NOT_APPLICABLE),
        (part(edge(voids=["moot"])), [outcome("alpha.one", PASS, "moot"), outcome("alpha.one", FAIL)], NON_COMPLIANT),
        (
            part(edge(voids=["moot"])),
            [outcome("alpha.one", PASS, "moot"), outcome("alpha.one", Status.INCONCLUSIVE)],
            Verdict.NOT_EVALUATED,
        ),
        (part(edge(voids=["moot"]), edge("beta.two")), [outcome("alpha.one", PASS, "moot")], Verdict.NOT_EVALUATED),
        (part(rule_class=RuleClass.DECLARATIVE), [], Verdict.TO_JUSTIFY),
    ],
)
def test_cases(what: Part, outcomes: list[Outcome], expected: Verdict) -> None:
    assert judged(what, outcomes) is expected


def test_a_declared_part_is_declared_and_a_contradiction_wins() -> None:
    what = part(edge(weight="hint"), rule_class=RuleClass.DECLARATIVE)
    assert judged(what, [], declared={"AA1.1": Answer.YES}) is Verdict.DECLARED
    assert judged(what, [outcome("alpha.one", FAIL)], declared={"AA1.1": Answer.YES}) is Verdict.SUSPECTED


@pytest.mark.parametrize(
    ("state", "reason"), [("not_run", Reason.ACCOUNT_MISSING), ("error", None), ("interrupted", None)]
)
def test_a_check_that_did_not_complete_is_not_evaluated_with_its_reason(state: str, reason: Reason | None) -> None:
    verdict = judge_part(part(edge()), {"alpha.one": ran("alpha.one", state, reason)}, {})
    assert verdict.verdict is Verdict.NOT_EVALUATED
    assert verdict.unevaluated[0].reason is (reason or Reason.CHECK_FAILED)


# --- the laws -----------------------------------------------------------------------------------------------------

edges = st.lists(
    st.builds(
        lambda check, weight, coverage: edge(check, weight=weight, coverage=coverage),
        st.sampled_from(CHECKS),
        st.sampled_from(list(Weight)),
        st.sampled_from(list(Coverage)),
    ),
    max_size=2,
    unique_by=lambda one: one.check,
)
outcomes = st.lists(
    st.builds(
        outcome,
        st.sampled_from(CHECKS),
        st.sampled_from(list(Status)),
        strength=st.sampled_from(list(Strength)),
        n=st.integers(0, 3),
    ),
    max_size=6,
)
classes = st.sampled_from([RuleClass.OBSERVABLE, RuleClass.PARTIAL])


def rank(verdict: Verdict) -> int:
    """Goodness; not applicable is above all, since nothing is owed."""
    return len(ORDER) if verdict is Verdict.NOT_APPLICABLE else ORDER.index(verdict)


@given(edges, classes, outcomes, st.sampled_from(CHECKS), st.sampled_from(list(Strength)))
def test_adding_a_failure_never_improves(
    some: list[Edge], rule_class: RuleClass, seen: list[Outcome], check: str, strength: Strength
) -> None:
    what = part(*some, rule_class=rule_class)
    before = judged(what, seen)
    after = judged(what, [*seen, outcome(check, FAIL, "worse", strength, 9)])
    # A failure may end the ignorance of a part that nobody had looked at, but never in its favour.
    assert rank(after) <= rank(before) or after in {Verdict.NON_COMPLIANT, Verdict.SUSPECTED}
    assert after not in {Verdict.COMPLIANT, Verdict.NO_DEVIATION, Verdict.NOT_APPLICABLE} or after is before


@given(edges, classes, outcomes, st.sampled_from(CHECKS))
def test_adding_an_inconclusive_outcome_never_improves(
    some: list[Edge], rule_class: RuleClass, seen: list[Outcome], check: str
) -> None:
    what = part(*some, rule_class=rule_class)
    after = judged(what, [*seen, outcome(check, Status.INCONCLUSIVE, "inconclusive", n=9)])
    assert rank(after) <= rank(judged(what, seen))


@given(edges, classes, outcomes, st.sampled_from(CHECKS), st.sampled_from(["not_run", "error", "interrupted"]))
def test_a_check_that_crashes_or_is_skipped_is_never_a_pass(
    some: list[Edge], rule_class: RuleClass, seen: list[Outcome], check: str, state: str
) -> None:
    what = part(*some, rule_class=rule_class)
    remaining = [one for one in seen if one.check != check]
    others = [name for name in CHECKS if name != check]
    runs = [ran(name) for name in others] + [ran(check, state, Reason.ACCOUNT_MISSING)]
    after = judge_part(what, {run.id: run for run in runs}, dict.fromkeys(others, remaining))
    passing = {one.id for one in seen if one.check == check}
    assert not passing & set(after.outcomes)
    if any(one.check == check and one.weight is not Weight.INFORMATION for one in some):
        assert after.verdict is not Verdict.COMPLIANT
        assert after.verdict is not Verdict.NOT_APPLICABLE


@given(edges, classes, outcomes, st.sampled_from(CHECKS), st.sampled_from(list(Strength)))
def test_a_pass_that_no_edge_names_changes_nothing(
    some: list[Edge], rule_class: RuleClass, seen: list[Outcome], check: str, strength: Strength
) -> None:
    """Beside something said, that is: alone, it does not even end the ignorance."""
    what = part(*some, rule_class=rule_class)
    remark = outcome(check, PASS, "remark", strength, 9)
    after = judged(what, [*seen, remark])
    assert rank(after) <= rank(judged(what, seen))
    assert judged(what, [remark]) not in {Verdict.COMPLIANT, Verdict.NO_DEVIATION}


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=5))
def test_a_rule_is_never_better_than_its_worst_accusation_and_never_wholly_compliant_by_halves(
    parts: list[Verdict],
) -> None:
    verdict = combine(parts)
    if Verdict.NON_COMPLIANT in parts:
        assert verdict is Verdict.NON_COMPLIANT
    elif Verdict.SUSPECTED in parts:
        assert verdict is Verdict.SUSPECTED
    elif Verdict.NOT_EVALUATED in parts:
        assert verdict is Verdict.NOT_EVALUATED
    if verdict is Verdict.COMPLIANT:
        assert set(parts) <= {Verdict.COMPLIANT, Verdict.NOT_APPLICABLE}
    if verdict is Verdict.NOT_APPLICABLE:
        assert set(parts) == {Verdict.NOT_APPLICABLE}


def test_nothing_run_gives_65_verdicts_and_none_in_favour() -> None:
    verdicts = assess(guide(), [], [])
    assert [verdict.rule for verdict in verdicts] == [rule.id for rule in guide().rules]
    assert len(verdicts) == 65
    assert {verdict.verdict for verdict in verdicts} == {Verdict.NOT_EVALUATED, Verdict.TO_JUSTIFY}
    assert all(verdict.reason for verdict in verdicts if verdict.verdict is Verdict.NOT_EVALUATED)
