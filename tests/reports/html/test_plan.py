"""The action plan: what comes first, what is a pépite, and that each action is said once."""

from __future__ import annotations

import itertools

import pytest

from pgssi_probe.model.action import Action, Attacker, Delay, Effort
from pgssi_probe.model.outcome import Strength
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Bilingual
from pgssi_reports.html.plan import FINDINGS_MAX, FIRST_MAX, first_actions, plan
from pgssi_reports.html.priority import is_light, is_pepite, priority, qualities
from pgssi_reports.html.source import Source
from pgssi_reports.html.view import build
from pgssi_reports.words import Words

FR = Words("fr")


def action(
    cost: Effort = Effort.LOW, complexity: Effort = Effort.LOW, delay: Delay = Delay.DAYS, *, unobtrusive: bool = True
) -> Action:
    words = Bilingual(fr="x", en="x")
    return Action(
        check="a.b", slug="c", title=words, attacker=Attacker.VISITOR, scenario=words, conditions=words,
        cost=cost, complexity=complexity, delay=delay, unobtrusive=unobtrusive,
    )  # fmt: skip


LIGHT, HEAVY = action(), action(Effort.HIGH, Effort.HIGH, Delay.MONTHS, unobtrusive=False)
EVERY = [action(*traits) for traits in itertools.product(Effort, Effort, Delay)]


class TestPriority:
    @pytest.mark.parametrize(
        ("severity", "light", "heavy"),
        [(Severity.CRITICAL, 1, 1), (Severity.MAJOR, 1, 2), (Severity.IMPORTANT, 2, 3), (Severity.MINOR, 3, 4)],
    )
    def test_what_is_light_to_mend_goes_one_step_before_its_severity(self, severity, light: int, heavy: int) -> None:
        assert priority(severity, LIGHT, proved=True) == light
        assert priority(severity, HEAVY, proved=True) == heavy

    def test_light_means_cheap_and_simple_and_quick(self) -> None:
        assert [one for one in EVERY if is_light(one)] == [LIGHT]

    @pytest.mark.parametrize("severity", Severity)
    def test_a_clue_never_comes_before_the_proof_and_all_stay_in_range(self, severity: Severity) -> None:
        for one in (None, *EVERY):
            proof, clue = priority(severity, one, proved=True), priority(severity, one, proved=False)
            assert 1 <= proof <= clue <= 4, one
            assert clue == min(4, proof + 1), one

    def test_a_graver_finding_never_waits_longer_for_the_same_effort(self) -> None:
        for one in (None, *EVERY):
            steps = [priority(severity, one, proved=True) for severity in Severity]
            assert steps == sorted(steps, reverse=True), one


class TestPepites:
    """At least two of four qualities (2013 directors' guide, sheet 6)."""

    def test_the_four_qualities(self) -> None:
        assert qualities(LIGHT, Severity.MAJOR, ()) == ("cheap", "quick", "unobtrusive", "beneficial")
        assert qualities(HEAVY, Severity.IMPORTANT, ("A",)) == ()
        assert qualities(None, Severity.CRITICAL, ()) == ("beneficial",)

    def test_bringing_back_two_rules_is_a_high_benefit(self) -> None:
        assert qualities(HEAVY, Severity.MINOR, ("A", "B")) == ("beneficial",)

    def test_a_clue_alone_is_no_benefit(self) -> None:
        assert qualities(HEAVY, None, ()) == ()

    def test_two_make_a_pepite_and_one_does_not(self) -> None:
        assert not is_pepite(("cheap",))
        assert is_pepite(("cheap", "quick"))


class TestPlan:
    def test_each_finding_is_mended_by_one_action(self, sample: RunResult) -> None:
        page = build(sample, FR)
        mended = [finding for action in page.plan for finding in action.findings]
        assert sorted(mended) == sorted(finding.id for finding in page.findings)
        assert [action.number for action in page.plan] == list(range(1, len(page.plan) + 1))
        assert len({action.title for action in page.plan}) == len(page.plan)

    def test_the_most_pressing_comes_first(self, sample: RunResult) -> None:
        found = plan(Source(sample, FR))
        codes = [action.priority.code for action in found]
        assert codes == sorted(codes)
        assert found[0].severity.code == "critical"

    def test_the_direction_decides_on_proofs_only(self, sample: RunResult) -> None:
        found = plan(Source(sample, FR))
        first = first_actions(found)
        assert len(first) == FIRST_MAX
        assert all(action.proved for action in first)
        assert any(not action.proved for action in found)

    def test_a_repeated_weakness_is_one_line_that_counts_them(self, make) -> None:
        found = plan(Source(make(repeat=20), FR))
        assert {action.count for action in found} == {20}
        assert all(len(action.findings) == FINDINGS_MAX for action in found)
        assert all(action.hidden_findings == 20 - FINDINGS_MAX for action in found)

    def test_a_group_is_as_demanding_as_its_most_demanding_member(self, sample: RunResult) -> None:
        proofs = [one for one in sample.outcomes if one.failed and one.strength is Strength.PROOF]
        first, second = proofs[:2]
        same = Bilingual(fr="Tout refaire", en="Do it all again")
        actions = [
            LIGHT.model_copy(update={"check": first.check, "slug": first.slug, "title": same}),
            HEAVY.model_copy(update={"check": second.check, "slug": second.slug, "title": same}),
        ]
        both = sample.model_copy(update={"actions": tuple(actions), "outcomes": (first, second)})
        (found,) = plan(Source(both, FR))
        assert found.efforts.cost == FR.say("html.effort.cost.high")
        assert found.efforts.delay == FR.say("html.effort.delay.months")
        assert FR.say("html.quality.unobtrusive") not in found.qualities

    def test_a_check_that_the_catalogue_does_not_know_still_has_its_line(self, sample: RunResult) -> None:
        found = plan(Source(sample.model_copy(update={"actions": ()}), FR))
        assert len(found) == len({(o.check, o.slug) for o in sample.outcomes if o.failed})
        assert {one.efforts.cost for one in found} == {FR.say("html.effort.unknown")}
        assert all(one.remedies for one in found)

    def test_nothing_found_is_nothing_to_do(self, make) -> None:
        assert plan(Source(make(failures=()), FR)) == ()
