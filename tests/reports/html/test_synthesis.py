from __future__ import annotations

import pytest

from pgssi_probe.model.outcome import Reason
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.severity import Ease, Impact
from pgssi_probe.model.verdict import UnevaluatedCheck, Verdict
from pgssi_reports.html.figures import BAR_WIDTH, matrix, verdict_bar
from pgssi_reports.html.source import Source
from pgssi_reports.html.synthesis import overall, stakes
from pgssi_reports.html.view import build, host_of
from pgssi_reports.words import Words

FR, EN = Words("fr"), Words("en")


def source(result: RunResult) -> Source:
    return Source(result, FR)


class TestOverall:
    def test_the_worst_proof_sets_the_tone(self, make) -> None:
        assert overall(source(make()))[0] == FR.say("html.overall.critical")
        assert overall(source(make(failures=make_only(make, "tls.config"))))[0] == FR.say("html.overall.major")

    def test_a_clue_is_no_proof(self, make) -> None:
        said = overall(source(make(failures=make_only(make, "exposure.waf"))))
        assert said[0] == FR.say("html.overall.none")
        assert FR.count("html.overall.suspected", 1) in said

    def test_what_was_not_seen_is_always_said(self, make) -> None:
        for result in (make(), make(failures=(), passes=())):
            assert overall(source(result))[-1] == FR.say("html.overall.not_seen")


def make_only(make, check: str):
    """The rows of failures of one check, from the sample's own table."""
    table = make.__globals__["FAILURES"]
    return [row for row in table if row[0] == check]


class TestStakes:
    def test_each_stake_counts_the_rules_that_name_it(self, sample: RunResult) -> None:
        by_letter = {stake.letter: stake for stake in stakes(source(sample))}
        assert list(by_letter) == ["D", "I", "C", "P"]
        for letter, stake in by_letter.items():
            failing = [
                rule.rule for rule in sample.verdicts if letter in rule.dicp and rule.verdict is Verdict.NON_COMPLIANT
            ]
            assert list(stake.rules) == failing

    def test_the_worst_proof_is_shown(self, sample: RunResult) -> None:
        by_letter = {stake.letter: stake for stake in stakes(source(sample))}
        assert by_letter["C"].worst is not None
        assert by_letter["C"].worst.code == "critical"

    def test_nothing_seen_is_no_reassurance(self, make) -> None:
        for stake in stakes(source(make(failures=(), passes=()))):
            assert stake.worst is None
            assert stake.rules == ()
            assert not stake.settled

    def test_what_remains_open_is_counted_and_all_must_be_seen_to_settle(self, sample: RunResult) -> None:
        def judged(*verdicts: Verdict) -> RunResult:
            given = [*verdicts, *[verdicts[-1]] * (len(sample.verdicts) - len(verdicts))]
            rules = [
                rule.model_copy(update={"verdict": verdict, "dicp": "D", "outcomes": ()})
                for rule, verdict in zip(sample.verdicts, given, strict=True)
            ]
            return sample.model_copy(update={"verdicts": tuple(rules)})

        partly = stakes(source(judged(Verdict.NO_DEVIATION, Verdict.COMPLIANT, Verdict.NOT_EVALUATED)))[0]
        assert "63" in partly.answer
        assert not partly.settled
        assert stakes(source(judged(Verdict.NO_DEVIATION, Verdict.COMPLIANT)))[0].settled
        assert stakes(source(judged(Verdict.NOT_APPLICABLE, Verdict.COMPLIANT)))[0].settled
        assert not stakes(source(judged(Verdict.SUSPECTED, Verdict.COMPLIANT)))[0].settled
        assert not stakes(source(judged(Verdict.TO_JUSTIFY)))[0].settled


class TestFigures:
    def test_the_bar_holds_every_rule_once(self, sample: RunResult) -> None:
        segments = verdict_bar((rule.verdict for rule in sample.verdicts), FR)
        assert sum(segment.count for segment in segments) == 65
        assert sum(segment.width for segment in segments) == pytest.approx(BAR_WIDTH, abs=0.1)
        assert all(segment.count for segment in segments)

    def test_the_matrix_places_each_failure(self, sample: RunResult) -> None:
        figure = matrix(source(sample).proved, FR)
        assert len(figure.cells) == len(Impact) * len(Ease)
        assert figure.total == sum(cell.count for cell in figure.cells) == len(source(sample).proved)
        worst = next(cell for cell in figure.filled if cell.severity.code == "critical")
        assert worst.count == 1
        assert worst.y == min(cell.y for cell in figure.cells)

    def test_failures_without_impact_are_left_out(self, sample: RunResult) -> None:
        bare = [outcome.model_copy(update={"impact": None, "ease": None}) for outcome in source(sample).proved]
        assert matrix(bare, FR).total == 0


class TestView:
    def test_counts_agree_with_the_result(self, sample: RunResult) -> None:
        page = build(sample, EN)
        assert sum(count.count for count in page.verdicts) == 65
        assert sum(count.count for count in page.severities) + page.suspected == len(page.findings)
        assert [finding.number for finding in page.findings] == list(range(1, len(page.findings) + 1))
        assert [finding.proved for finding in page.findings] == sorted((f.proved for f in page.findings), reverse=True)

    def test_a_finding_names_the_rules_it_speaks_against(self, sample: RunResult) -> None:
        rules = {finding.check: [rule.rule for rule in finding.rules] for finding in build(sample, FR).findings}
        assert rules["https.enforcement"] == ["DT6"]
        assert rules["exposure.waf"] == ["DT12"]

    def test_a_piece_of_evidence_is_shown_once(self, make) -> None:
        page = build(make(repeat=3), FR)
        shown = [ref.id for finding in page.findings for ref in finding.evidence if ref.view is not None]
        assert len(shown) == len(set(shown))
        assert all(finding.evidence for finding in page.findings)

    def test_what_did_not_run_is_grouped_by_reason(self, sample: RunResult) -> None:
        groups = {group.reason: group.checks for group in build(sample, FR).not_run}
        assert groups["Ce contrôle demande un mandat valable maintenant."] == (
            ("La déconnexion ferme la session", "session.logout", "[mandate] reference"),
        )

    def test_checks_that_rules_call_for_in_vain_are_listed(self, sample: RunResult) -> None:
        gap = UnevaluatedCheck(check="session.idle", reason=Reason.NOT_YET_AVAILABLE)
        rule = sample.verdicts[0]
        parts = (rule.parts[0].model_copy(update={"unevaluated": (gap,)}), *rule.parts[1:])
        changed = rule.model_copy(update={"parts": parts})
        page = build(sample.model_copy(update={"verdicts": (changed, *sample.verdicts[1:])}), FR)
        assert (None, "session.idle", None) in [check for group in page.not_run for check in group.checks]

    def test_rules_without_a_verdict_are_listed_with_the_reason(self, sample: RunResult) -> None:
        listed = {item.rule: item.reason for item in build(sample, EN).unevaluated}
        assert list(listed) == [r.rule for r in sample.verdicts if r.verdict is Verdict.NOT_EVALUATED]
        assert set(listed.values()) == {"This level of check was not asked for."}

    def test_facts_become_rows(self, sample: RunResult) -> None:
        page = build(sample, FR)
        views = [ref.view for item in page.observed for ref in item.evidence if ref.view]
        rows = {name: value for view in views for name, value in view.rows}
        assert rows["Versions"] == "TLS 1.0, TLS 1.2, TLS 1.3"
        assert rows["certificate · trusted"] == "oui"
        assert "session_ticket" not in rows
        assert rows["Protocole négocié (ALPN)"] == "présent, sans valeur"
        assert rows["Groupes d’échange de clés 1"] == "Nom\u00a0: X25519MLKEM768\u202f; Ordre des certificats\u00a0: 1"

    def test_a_mandate_shows_and_so_does_its_absence(self, make) -> None:
        assert dict(build(make(), EN).mandate_rows)["Reference"] == "CHX-2026-117"
        assert build(make(mandate=None), EN).mandate_rows == ()

    @pytest.mark.parametrize(
        ("target", "host"),
        [("https://a.example:8443/x", "a.example"), ("https://[::1]:8443/", "::1"), ("http://[", "http://["), ("", "")],
    )
    def test_the_host_names_the_report(self, target: str, host: str) -> None:
        assert host_of(target) == host


@pytest.mark.parametrize(
    ("seconds", "fr"),
    [(0.41, "0,4\u00a0s"), (12.2, "12\u00a0s"), (207, "3\u00a0min 27\u00a0s"), (7500, "2\u00a0h 05\u00a0min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, fr: str) -> None:
    assert FR.duration(seconds) == fr


def test_numbers_follow_the_language() -> None:
    assert (FR.number(12345), EN.number(12345)) == ("12\u202f345", "12,345")
    assert (FR.size(3_482_113), EN.size(3_482_113)) == ("3,5\u00a0Mo", "3.5\u00a0MB")
    assert FR.count("html.matrix.findings", 0) == "0 constat"
    assert EN.count("html.matrix.findings", 0) == "0 findings"
