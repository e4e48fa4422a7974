"""Which rules have an object in a declared context: only what the guide itself says removes one, and it is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.assess import assess
from pgssi_probe.engagement.context import Context
from pgssi_probe.guide import guide
from pgssi_probe.guide.applicability import Answers, Condition, Line
from pgssi_probe.model.text import Bilingual
from pgssi_probe.model.verdict import Verdict

BOOK = guide().applicability
YES_NO = [question.id for question in BOOK.questions if question.id != "users"]
contexts = st.builds(
    lambda yes_no, users: {**yes_no, **({"users": users} if users else {})},
    st.dictionaries(st.sampled_from(YES_NO), st.booleans()),
    st.lists(st.sampled_from(["patients", "professionals", "entities", "staff"]), unique=True).map(tuple),
)


def void(answers: Answers) -> set[str]:
    """Rules and parts without object in a context."""
    book = guide()
    found = {rule.id for rule in book.rules if (one := book.applies(rule, answers)) and not one.applies}
    for rule in book.rules:
        found |= {part.id for part in rule.parts if (one := book.part_applies(rule, part, answers)) and not one.applies}
    return found


def test_unanswered_means_applicable() -> None:
    assert void({}) == set()
    assert all(verdict.verdict is not Verdict.NOT_APPLICABLE for verdict in assess(guide(), [], []))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"personal_data": False}, {"GA1", "CR2.4", "DT4", "DT5", "HE1.2", "HE8"}),
        ({"personal_data": True}, set()),
        ({"digital_health_service": False}, {"GA2", "GA9"}),
        ({"health_data": True}, {"GA3"}),
        ({"health_data": False}, {"DT4", "DT5", "HE1.2"}),
        ({"users": ("patients",)}, {"GA3"}),
        ({"users": ("patients", "professionals")}, set()),
        ({"third_party_hosting": False}, {"HE1.2"}),
        ({"sis_exchange": False}, {"AA5"}),
        ({"public_authority": False}, set()),
        ({"public_authority": True}, set()),
        ({"telemedicine": True, "online_commerce": True}, set()),
    ],
)
def test_what_each_answer_removes(answers: Answers, expected: set[str]) -> None:
    assert void(answers) == expected


@pytest.mark.parametrize(
    ("answers", "reserves"),
    [
        ({}, []),
        ({"telemedicine": True}, ["telemedicine"]),
        ({"telemedicine": False}, []),
        ({"online_commerce": True, "sis_exchange": False}, ["online-commerce", "no-exchange"]),
        ({"users": ("staff",)}, ["staff"]),
        ({"users": ("staff", "patients")}, []),
        ({"public_authority": True}, ["rgs"]),
        ({"personal_data": False, "sensitive_data": False}, ["no-data"]),
        ({"personal_data": False, "sensitive_data": True}, []),
    ],
)
def test_what_is_out_of_scope_is_a_reserve(answers: Answers, reserves: list[str]) -> None:
    assert [one.id for one in BOOK.reserves_of(answers)] == reserves


def test_a_rule_that_does_not_apply_says_why_and_where() -> None:
    verdicts = {verdict.rule: verdict for verdict in assess(guide(), [], [], context={"digital_health_service": False})}
    ga2 = verdicts["GA2"]
    assert ga2.verdict is Verdict.NOT_APPLICABLE
    assert ga2.reason is None
    assert ga2.applicability is not None
    assert (ga2.applicability.section, ga2.applicability.page) == ("4.1.2", 12)
    assert "digital_health_service = non" in ga2.applicability.reason.fr
    assert "digital_health_service = no)" in ga2.applicability.reason.en
    assert {part.verdict for part in ga2.parts} == {Verdict.NOT_APPLICABLE}


def test_a_rule_that_applies_by_default_says_which_answer_is_missing() -> None:
    found = guide().applies(guide().rule("GA3"), {"health_data": False})
    assert found is not None
    assert found.applies
    assert "personal_data, sensitive_data, users" in found.reason.fr
    answered = guide().applies(
        guide().rule("GA3"), {"health_data": False, "personal_data": True, "users": ("professionals",)}
    )
    assert answered is not None
    assert answered.reason.fr.endswith("Applicable d'après le contexte déclaré.")


def test_rules_that_cite_the_rgs_apply_whatever_the_answer() -> None:
    for answer in (True, False):
        found = guide().applies(guide().rule("GC1"), {"public_authority": answer})
        assert found is not None
        assert found.applies
        assert "quelle que soit" in found.reason.fr


@settings(deadline=None)
@given(contexts, st.sampled_from(YES_NO))
def test_forgetting_an_answer_never_removes_a_rule(answers: dict[str, bool], name: str) -> None:
    assert void({one: value for one, value in answers.items() if one != name}) <= void(answers)


@settings(deadline=None, max_examples=40)
@given(contexts)
def test_only_rules_with_a_condition_are_ever_removed_and_the_others_keep_their_verdict(answers: Answers) -> None:
    before = {verdict.rule: verdict.verdict for verdict in assess(guide(), [], [])}
    for verdict in assess(guide(), [], [], context=answers):
        touched = {verdict.rule, *(part.part for part in verdict.parts)} & set(BOOK.by_target)
        assert touched or verdict.verdict is before[verdict.rule]
        if verdict.verdict is Verdict.NOT_APPLICABLE:
            assert verdict.applicability is not None
            assert not verdict.applicability.applies


def test_every_question_of_the_file_is_one_of_the_guide() -> None:
    assert [question.id for question in BOOK.questions] == list(Context.model_fields)


def test_the_answers_of_a_context_are_those_given() -> None:
    assert Context().answers == {}
    assert Context(users=("patients",), telemedicine=False).answers == {"users": ("patients",), "telemedicine": False}
    with pytest.raises(ValueError, match="health_personal"):
        Context(health_data=True, personal_data=False)


def test_two_conditions_on_one_rule_are_refused() -> None:
    text = Bilingual(fr="é", en="e")
    one = Condition(targets=("GA1",), concerns=text, not_when=(Line(answers={"personal_data": False}),))
    with pytest.raises(ValueError, match="two conditions"):
        type(BOOK).model_validate({**BOOK.model_dump(), "conditions": [one, one]})
