"""The pictures say what was measured, and nothing when nothing was."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.model.outcome import Status
from pgssi_probe.model.result import RunResult
from pgssi_reports.html.pictures import pictures
from pgssi_reports.html.pictures.axis import Linear, Logarithmic
from pgssi_reports.html.pictures.facts import number
from pgssi_reports.html.pictures.lifelines import lifelines
from pgssi_reports.html.pictures.storage import storage
from pgssi_reports.html.pictures.throttling import curve, guide_delay
from pgssi_reports.html.pictures.tls import endpoints
from pgssi_reports.html.source import Source
from pgssi_reports.words import Words

FR, EN = Words("fr"), Words("en")
ANY = settings(max_examples=60, deadline=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def with_facts(result: RunResult, check: str, **facts) -> Source:
    """The result with the facts of a check's outcomes and evidence changed."""
    outcomes = [
        one.model_copy(update={"facts": {**one.facts, **facts}}) if one.check == check else one
        for one in result.outcomes
    ]
    return Source(result.model_copy(update={"outcomes": tuple(outcomes)}), FR)


def with_evidence(result: RunResult, check: str, data: dict) -> Source:
    evidence = [one.model_copy(update={"data": data}) if one.check == check else one for one in result.evidence]
    return Source(result.model_copy(update={"evidence": tuple(evidence)}), FR)


@pytest.fixture(scope="module")
def run(measured) -> RunResult:
    return measured()


def test_a_run_without_measures_has_no_picture(sample: RunResult) -> None:
    assert not pictures(Source(sample, FR))


class TestThrottling:
    def test_the_guide_doubles_from_two_seconds_to_five_minutes_at_the_ninth(self) -> None:
        assert [guide_delay(n) for n in range(1, 12)] == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]

    def test_failures_are_counted_in_a_row_and_the_slowest_answer_is_kept(self, measured) -> None:
        drawn = curve(Source(measured(), EN))
        assert drawn is not None
        assert [row.measured for row in drawn.rows[:4]] == ["0.4\u00a0s", "0.9\u00a0s", "0.1\u00a0s", "—"]
        assert [row.guide for row in drawn.rows[:3]] == ["2\u00a0s", "4\u00a0s", "8\u00a0s"]
        assert drawn.rows[8].guide == "5\u00a0min"

    def test_the_wait_is_bracketed_where_it_begins(self, measured) -> None:
        drawn = curve(Source(measured(), FR))
        assert drawn is not None
        assert drawn.bracket is not None
        assert not drawn.bracket.open
        assert drawn.bracket.x == drawn.guide[4].x
        assert drawn.rows[4].imposed == "entre 2\u00a0min et 5\u00a0min 1\u00a0s"
        assert "Après 5 échecs" in drawn.caption

    def test_a_wait_whose_end_was_not_seen_is_open(self, measured) -> None:
        drawn = curve(with_facts(measured(), "login.throttling", free_seconds=None, blocked_seconds=4000.0))
        assert drawn is not None
        assert drawn.bracket is not None
        assert drawn.bracket.open
        assert "plus de 1\u00a0h 6\u00a0min" in drawn.caption

    def test_no_brake_is_said_in_words(self, measured) -> None:
        drawn = curve(with_facts(measured(), "login.throttling", after=None, in_a_row=10))
        assert drawn is not None
        assert drawn.bracket is None
        assert "Après 10 échecs" in drawn.caption
        assert "encore accepté aussitôt" in drawn.caption

    def test_points_stay_in_the_frame_and_slower_is_higher(self, measured) -> None:
        drawn = curve(Source(measured(), FR))
        assert drawn is not None
        for point in (*drawn.guide, *drawn.measured):
            assert drawn.left <= point.x <= drawn.right
            assert drawn.top <= point.y <= drawn.bottom
        heights = [point.y for point in drawn.guide]
        assert heights == sorted(heights, reverse=True)

    @ANY
    @given(facts=st.fixed_dictionaries(dict.fromkeys(("after", "in_a_row", "delays", "free_seconds"), JSON)), rows=JSON)
    def test_no_fact_can_break_it(self, run, facts, rows) -> None:
        source = with_facts(run, "login.throttling", **facts)
        curve(source)
        curve(with_evidence(source.result, "login.throttling", {"attempts": rows}))


class TestLifeLines:
    def test_each_kind_that_was_followed_has_its_panel(self, measured) -> None:
        assert [panel.code for panel in lifelines(Source(measured(), FR))] == [
            "idle",
            "absolute",
            "logout",
            "concurrent",
        ]

    def test_a_session_open_past_the_declared_delay_is_unexpected(self, measured) -> None:
        idle = lifelines(Source(measured(), FR))[0]
        assert [(lane.open, lane.expected) for lane in idle.lanes] == [(True, True), (True, False), (False, True)]
        assert idle.mark is not None
        assert idle.lanes[0].end < idle.mark.at < idle.lanes[1].end

    def test_a_copy_that_still_opens_outlives_the_session(self, measured) -> None:
        logout = lifelines(Source(measured(), FR))[2]
        own, copy = logout.lanes
        assert not own.open
        assert copy.open
        assert not copy.expected
        assert copy.end > own.end
        assert "1\u00a0min" in copy.word

    def test_of_two_sessions_the_first_was_closed(self, measured) -> None:
        first, second = lifelines(Source(measured(), FR))[3].lanes
        assert (first.open, second.open) == (False, True)
        assert first.expected

    @ANY
    @given(sessions=JSON, declared=JSON)
    def test_no_fact_can_break_them(self, run, sessions, declared) -> None:
        data = {"sessions": sessions, "declared_minutes": declared}
        lifelines(with_evidence(run, "session.timeout-idle", data))
        for check in ("session.timeout-absolute", "session.logout", "session.concurrent"):
            lifelines(with_facts(run, check, minutes=sessions, seconds=sessions, declared=declared))


class TestStorage:
    def test_what_is_left_is_counted_and_named(self, measured) -> None:
        (drawn,) = storage(Source(measured(), FR))
        assert [(kind.name, kind.before, kind.after, kind.left) for kind in drawn.kinds] == [
            ("cookies", 2, 1, "lang"),
            ("stockage local", 2, 1, "nom"),
        ]
        assert "2 éléments" in drawn.caption

    def test_nothing_left_is_said_in_words(self, run) -> None:
        data = next(one.data for one in run.evidence if one.check == "browser.residual-data")
        (drawn,) = storage(with_evidence(run, "browser.residual-data", {**data, "after": []}))
        assert drawn.caption.startswith("Rien ne reste")

    @ANY
    @given(before=JSON, after=JSON)
    def test_no_dump_can_break_it(self, run, before, after) -> None:
        storage(with_evidence(run, "browser.residual-data", {"before": before, "after": after}))


class TestTls:
    def test_one_box_a_recommendation_and_the_worse_grade_counts(self, measured) -> None:
        (drawn,) = endpoints(Source(measured(), FR))
        assert [(box.recommendation, box.grade.code) for box in drawn.boxes] == [
            ("R3", "tls-recommended"),
            ("R10", "tls-forbidden"),
            ("R20", "tls-unknown"),
        ]
        assert drawn.worst.code == "tls-forbidden"
        assert sum(item.count for item in drawn.counts) == len(drawn.boxes)

    def test_an_endpoint_of_which_nothing_is_known_is_not_drawn(self, measured) -> None:
        result = measured()
        left = tuple(o for o in result.outcomes if o.check != "tls.config" or o.status is Status.INCONCLUSIVE)
        assert endpoints(Source(result.model_copy(update={"outcomes": left}), FR)) == ()

    @ANY
    @given(recommendation=JSON, grade=JSON, several=JSON)
    def test_no_fact_can_break_it(self, run, recommendation, grade, several) -> None:
        facts = {"recommendation": recommendation, "grade": grade, "recommendations": several}
        endpoints(with_facts(run, "tls.config", **facts))


class TestAxes:
    @ANY
    @given(end=st.floats(0.5, 1e6), value=st.floats(-1e9, 1e9))
    def test_nothing_leaves_a_linear_axis(self, end: float, value: float) -> None:
        axis = Linear(end, 100, 500)
        assert 100 <= axis.at(value) <= 600
        assert 1 <= len(axis.steps()) <= 10

    @ANY
    @given(value=st.floats(0, 1e9))
    def test_nothing_leaves_a_logarithmic_axis(self, value: float) -> None:
        assert 10 <= Logarithmic(0.1, 3600, 10, 300).at(value) <= 310

    @pytest.mark.parametrize("value", [None, True, "3", math.nan, math.inf, -1, [1], {}])
    def test_only_numbers_are_numbers(self, value) -> None:
        assert number(value) is None


@pytest.mark.parametrize(
    ("seconds", "fr"),
    [
        (0.24, "0,2\u00a0s"),
        (60, "1\u00a0min"),
        (256, "4\u00a0min 16\u00a0s"),
        (3600, "1\u00a0h"),
        (86_400, "24\u00a0h"),
    ],
)
def test_waits_are_said_without_what_is_nought(seconds: float, fr: str) -> None:
    assert FR.wait(seconds) == fr
