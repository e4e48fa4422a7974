"""What a declaration does to a verdict: never better than what was seen, never compliant."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.assess import assess
from pgssi_probe.assess.verdicts import ORDER, with_declared
from pgssi_probe.guide import guide
from pgssi_probe.model.declaration import Answer, Contradiction
from pgssi_probe.model.outcome import Level, Outcome, Status, Strength, Subject, stable_id
from pgssi_probe.model.result import CheckRun
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Bilingual
from pgssi_probe.model.verdict import PartVerdict, RuleVerdict, Verdict

TEXT = Bilingual(fr="é", en="e")
PARTS = tuple(part.id for rule in guide().rules for part in rule.parts)
EDGES = tuple((edge.check, slug) for rule in guide().rules for part in rule.parts for edge in part.edges
              for slug in (*(edge.outcomes or ("any",)), *edge.clears))  # fmt: skip


def judged(verdict: Verdict, answer: Answer, *, advised: bool = False) -> PartVerdict:
    return with_declared(PartVerdict(part="GP3.1", point=TEXT, verdict=verdict), answer, advised=advised)


@pytest.mark.parametrize(
    ("seen", "answer", "expected", "contradiction"),
    [
        (Verdict.TO_JUSTIFY, Answer.YES, Verdict.DECLARED, None),
        (Verdict.TO_JUSTIFY, Answer.NOT_APPLICABLE, Verdict.DECLARED, None),
        (Verdict.TO_JUSTIFY, Answer.NO, Verdict.NON_COMPLIANT, None),
        (Verdict.TO_JUSTIFY, Answer.PARTLY, Verdict.NON_COMPLIANT, None),
        (Verdict.NON_COMPLIANT, Answer.YES, Verdict.NON_COMPLIANT, Contradiction.SEEN_FAILING),
        (Verdict.SUSPECTED, Answer.YES, Verdict.SUSPECTED, Contradiction.SEEN_FAILING),
        (Verdict.SUSPECTED, Answer.NO, Verdict.NON_COMPLIANT, None),
        (Verdict.COMPLIANT, Answer.NO, Verdict.NON_COMPLIANT, Contradiction.SEEN_WORKING),
        (Verdict.NO_DEVIATION, Answer.PARTLY, Verdict.NON_COMPLIANT, Contradiction.SEEN_WORKING),
        (Verdict.NOT_EVALUATED, Answer.YES, Verdict.NOT_EVALUATED, None),
        (Verdict.COMPLIANT, Answer.YES, Verdict.COMPLIANT, None),
    ],
)
def test_cases(seen: Verdict, answer: Answer, expected: Verdict, contradiction: Contradiction | None) -> None:
    found = judged(seen, answer)
    assert (found.verdict, found.contradiction) == (expected, contradiction)
    assert found.declared is answer


def test_a_recommendation_that_is_not_followed_is_to_be_justified() -> None:
    assert judged(Verdict.TO_JUSTIFY, Answer.NO, advised=True).verdict is Verdict.TO_JUSTIFY
    assert judged(Verdict.NOT_EVALUATED, Answer.NO, advised=True).verdict is Verdict.NOT_EVALUATED


def rank(verdict: Verdict) -> int:
    return len(ORDER) if verdict is Verdict.NOT_APPLICABLE else ORDER.index(verdict)


outcomes = st.lists(
    st.builds(
        lambda edge, status, strength: Outcome(
            id=stable_id(edge[0], edge[1], Subject(kind="site", name=f"{status}{strength}")),
            check=edge[0], slug=edge[1], status=status, strength=strength, subject=Subject(kind="site", name="s"),
            facts={}, evidence=(), severity=Severity.MAJOR if status is Status.FAIL else None, sentence=TEXT,
        ),
        st.sampled_from(EDGES),
        st.sampled_from([Status.PASS, Status.FAIL, Status.NOT_APPLICABLE]),
        st.sampled_from(list(Strength)),
    ),
    max_size=25,
)  # fmt: skip
answers = st.dictionaries(st.sampled_from(PARTS), st.sampled_from(list(Answer)), max_size=60)


def verdicts(seen: list[Outcome], declared: dict[str, Answer]) -> dict[str, RuleVerdict]:
    names = sorted({outcome.check for outcome in seen})
    runs = [CheckRun(id=name, version=1, title=TEXT, level=Level.PASSIVE, state="completed") for name in names]
    return {rule.rule: rule for rule in assess(guide(), runs, seen, MappingProxyType(declared))}


@settings(max_examples=40, deadline=None)
@given(outcomes, answers)
def test_a_declaration_never_improves_what_was_seen_and_never_makes_compliant(
    seen: list[Outcome], declared: dict[str, Answer]
) -> None:
    before, after = verdicts(seen, {}), verdicts(seen, declared)
    for name, rule in after.items():
        for old, new in zip(before[name].parts, rule.parts, strict=True):
            if old.verdict is Verdict.TO_JUSTIFY:  # the one verdict that a declaration is there to replace
                assert new.verdict in {Verdict.TO_JUSTIFY, Verdict.DECLARED, Verdict.NON_COMPLIANT}
            else:
                assert rank(new.verdict) <= rank(old.verdict)
        if rule.verdict in {Verdict.COMPLIANT, Verdict.NOT_APPLICABLE}:
            assert before[name].verdict is rule.verdict
        if before[name].verdict in {Verdict.NON_COMPLIANT, Verdict.SUSPECTED, Verdict.NOT_EVALUATED}:
            assert rank(rule.verdict) <= rank(before[name].verdict)
        assert rule.outcomes == before[name].outcomes or rule.verdict is Verdict.NOT_APPLICABLE


@settings(max_examples=30, deadline=None)
@given(outcomes, answers, st.sampled_from(PARTS))
def test_admitting_a_gap_never_improves_a_verdict(seen: list[Outcome], declared: dict[str, Answer], part: str) -> None:
    declared.pop(part, None)
    rule = part.split(".")[0]
    before, after = verdicts(seen, declared)[rule], verdicts(seen, {**declared, part: Answer.NO})[rule]
    assert rank(after.verdict) <= rank(before.verdict)
