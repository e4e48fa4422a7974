"""The shipped rules are themselves under test: complete, closed, and pointing at checks that exist."""

from collections import Counter

from pgssi_probe.guide import Coverage, RuleClass, Weight, guide
from pgssi_probe.guide.load import labels
from pgssi_probe.guide.model import HANDED_OVER
from pgssi_probe.model.outcome import Status
from pgssi_probe.registry import checks

GUIDE = guide()
RULES = {rule.id: rule for rule in GUIDE.rules}
SIZES = {"GP": 9, "GA": 9, "GC": 3, "CR": 6, "AA": 13, "DT": 13, "TR": 3, "HE": 9}
EDGES = [(part, edge) for rule in GUIDE.rules for part in rule.parts for edge in part.edges]


def test_the_65_rules_are_there_in_the_order_of_the_guide() -> None:
    assert [rule.id for rule in GUIDE.rules] == [
        f"{family}{number}" for family, size in SIZES.items() for number in range(1, size + 1)
    ]


def test_classes_count_as_the_guide_was_read() -> None:
    assert Counter(rule.rule_class for rule in GUIDE.rules) == {
        RuleClass.OBSERVABLE: 9,
        RuleClass.PARTIAL: 32,
        RuleClass.DECLARATIVE: 24,
    }


def test_sections_and_pages_follow_the_guide() -> None:
    assert {family.id: family.section for family in GUIDE.families} == {
        "GP": "4.1.1",
        "GA": "4.1.2",
        "GC": "4.1.3",
        "CR": "4.2.1",
        "AA": "4.2.2",
        "DT": "4.2.3",
        "TR": "4.2.4",
        "HE": "4.3",
    }
    pages = [rule.page for rule in GUIDE.rules]
    assert pages == sorted(pages)
    assert (pages[0], pages[-1]) == (11, 20)
    assert all(rule.page_end in {None, rule.page + 1} for rule in GUIDE.rules)


def test_part_ids_are_unique_and_a_rule_is_at_least_as_observable_as_its_parts() -> None:
    parts = [part for rule in GUIDE.rules for part in rule.parts]
    assert len({part.id for part in parts}) == len(parts)
    for rule in GUIDE.rules:
        classes = {part.rule_class for part in rule.parts}
        if rule.id != "HE9":  # a declarative rule of which the probe may see a reaction
            assert rule.rule_class in classes, rule.id
        if rule.rule_class is RuleClass.PARTIAL:
            assert RuleClass.OBSERVABLE not in classes, rule.id


def test_every_edge_points_at_a_shipped_or_a_planned_check() -> None:
    known = set(checks()) | GUIDE.planned_ids
    assert sorted({edge.check for _, edge in EDGES} - known) == []


def test_a_planned_check_is_not_shipped() -> None:
    assert sorted(GUIDE.planned_ids & set(checks())) == []


def test_every_shipped_or_planned_check_speaks_of_a_rule() -> None:
    assert sorted(check for check in {*checks(), *GUIDE.planned_ids} if not GUIDE.rules_of(check)) == []


def test_filtered_outcomes_are_failures_that_the_check_declares() -> None:
    for part, edge in EDGES:
        if edge.check not in checks():
            assert edge.outcomes is None, f"{part.id}: {edge.check} has no declaration to filter"
            continue
        declared = checks()[edge.check].metadata.outcomes
        for slug in edge.outcomes or ():
            assert slug in declared, f"{part.id}: {edge.check} declares no {slug}"
            assert declared[slug].status is Status.FAIL, f"{part.id}: {edge.check}/{slug} is not a failure"


def test_every_failure_that_a_check_declares_reaches_a_rule() -> None:
    for identifier, check in checks().items():
        edges = [edge for _, edge in EDGES if edge.check == identifier]
        for slug, outcome in check.metadata.outcomes.items():
            if outcome.status is Status.FAIL:
                assert any(edge.concerns(slug) for edge in edges), f"{identifier}/{slug} speaks of no rule"


def test_weights_fit_the_class_of_the_part() -> None:
    for part in (part for rule in GUIDE.rules for part in rule.parts):
        weights = {edge.weight for edge in part.edges if not edge.check.startswith(HANDED_OVER)}
        if part.rule_class is RuleClass.DECLARATIVE:
            assert Weight.VERDICT not in weights, part.id
        if part.rule_class is RuleClass.OBSERVABLE:
            assert any(edge.weight is Weight.VERDICT and edge.coverage is Coverage.FULL for edge in part.edges) or (
                part.id == "AA11.3"  # lifetimes are read from cookies and from signed tokens, neither alone suffices
            ), part.id
        else:
            assert all(edge.coverage is Coverage.PARTIAL for edge in part.edges), part.id


def test_recommendations_without_proof_stay_information() -> None:
    assert {edge.weight for _, edge in EDGES if edge.check == "exposure.waf"} == {Weight.INFORMATION}
    assert {edge.weight for _, edge in EDGES if edge.check == "tls.pqc-readiness"} == {Weight.INFORMATION}
    assert all(
        edge.weight is not Weight.VERDICT
        for rule in GUIDE.rules
        if rule.rule_class is RuleClass.DECLARATIVE
        for part in rule.parts
        for edge in part.edges
        if not edge.check.startswith(HANDED_OVER)  # logs and alerts of the operator are proofs of their own
    )


def test_every_rule_has_a_path_to_a_verdict() -> None:
    assert [rule.id for rule in GUIDE.rules if not any(part.decidable for part in rule.parts)] == []


def test_documents_are_named_wherever_a_part_is_declarative() -> None:
    needing = {rule.id for rule in GUIDE.rules if any(part.rule_class == "declarative" for part in rule.parts)}
    assert sorted(rule for rule in needing if not RULES[rule].documents) == ["DT10"]


def test_stakes_and_references_between_rules() -> None:
    assert RULES["AA7"].dicp == "DCP"
    assert RULES["CR5"].refers_to == ("DT12", "HE2", "HE4")
    assert {rule.obligation.value for rule in GUIDE.rules} == set(labels()["obligation"])


def test_rules_of_a_check_come_in_the_order_of_the_guide() -> None:
    assert GUIDE.rules_of("cookie.flags") == ("GP4", "GP5", "CR2", "AA11", "DT6")
    assert GUIDE.rules_of("no.such-check") == ()
