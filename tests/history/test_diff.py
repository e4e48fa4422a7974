"""Comparing two runs: what is new, worse, fixed, unchanged, and what nobody can tell."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.history.comparable import Why
from pgssi_probe.history.diff import Change, Difference, difference
from pgssi_probe.model.outcome import Level, Outcome, Reason, Status, Strength, Subject, stable_id
from pgssi_probe.model.result import CheckRun, HostAddresses, RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Bilingual
from pgssi_probe.model.verdict import Verdict
from tests.reports.html.conftest import make_result  # type: ignore[import-not-found]

HOST = "portail-patients.ch-exemple.test"
CHECKS = ("headers.csp", "cookie.flags", "tls.config")


@cache
def base() -> RunResult:
    result: RunResult = make_result(failures=(), passes=())
    return result


def failure(
    check: str = "headers.csp",
    slug: str = "missing",
    subject: Subject | None = None,
    severity: Severity = Severity.IMPORTANT,
    strength: Strength = Strength.PROOF,
    words: str = "x",
) -> Outcome:
    subject = subject or Subject(kind="site", name=f"https://{HOST}")
    return Outcome(
        id=stable_id(check, slug, subject), check=check, slug=slug, status=Status.FAIL, strength=strength,
        subject=subject, facts={}, evidence=(), severity=severity, sentence=Bilingual(fr=words, en=words),
    )  # fmt: skip


def unsure(check: str, subject: Subject) -> Outcome:
    return failure(check, "inconclusive", subject).model_copy(
        update={"status": Status.INCONCLUSIVE, "severity": None, "reason": Reason.TIMEOUT}
    )


def run(*outcomes: Outcome, checks: dict[str, Any] | None = None, **changes: Any) -> RunResult:
    """A run in which the three checks completed, but for `checks`, with changes of the run itself."""
    states = {name: {"state": "completed"} for name in CHECKS} | (checks or {})
    entries = tuple(
        CheckRun(**{"id": name, "version": 1, "title": Bilingual(fr=name, en=name), "level": Level.PASSIVE} | fields)
        for name, fields in states.items()
        if fields
    )
    engagement = base().engagement.model_copy(update=changes.pop("engagement", {}))
    addresses = (HostAddresses(host=HOST, port=443, addresses=("192.0.2.1",)),)
    update = {"addresses": addresses, "target": f"https://{HOST}/", **changes}
    return base().model_copy(
        update={
            "run": base().run.model_copy(update=update),
            "engagement": engagement,
            "checks": entries,
            "outcomes": outcomes,
        }
    )


def only(found: Difference) -> tuple[Change, Why | None]:
    (entry,) = found.entries
    return entry.change, entry.why


def test_what_appears_is_new_and_what_goes_is_fixed() -> None:
    assert only(difference(run(), run(failure()))) == (Change.NEW, None)
    assert only(difference(run(failure()), run())) == (Change.FIXED, None)


def test_words_do_not_matter() -> None:
    assert only(difference(run(failure(words="avant")), run(failure(words="après")))) == (Change.UNCHANGED, None)


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (failure(severity=Severity.MINOR), failure(severity=Severity.MAJOR), Change.WORSE),
        (failure(severity=Severity.MAJOR), failure(severity=Severity.MINOR), Change.BETTER),
        (failure(strength=Strength.HINT), failure(), Change.WORSE),
        (failure(), failure(strength=Strength.HINT), Change.BETTER),
    ],
)
def test_the_same_finding_may_weigh_more_or_less(old: Outcome, new: Outcome, change: Change) -> None:
    assert only(difference(run(old), run(new))) == (change, None)


def test_a_graver_weakness_in_the_same_place_is_worse() -> None:
    weak, missing = failure(slug="weak", severity=Severity.MINOR), failure(slug="missing", severity=Severity.MAJOR)
    found = difference(run(weak), run(missing))
    assert only(found) == (Change.WORSE, None)
    assert found.entries[0].old is not None
    assert found.entries[0].old.id == weak.id
    assert found.regressed


def test_a_lesser_weakness_in_the_same_place_may_be_another_one() -> None:
    found = difference(run(failure(severity=Severity.MAJOR)), run(failure(slug="weak", severity=Severity.MINOR)))
    assert {entry.change for entry in found.entries} == {Change.NEW, Change.FIXED}
    assert found.regressed


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (run(checks={"headers.csp": None}), Why.CHECK_ABSENT),
        (run(checks={"headers.csp": {"state": "not_run", "reason": Reason.LEVEL_EXCLUDED}}), Why.CHECK_NOT_RUN),
        (run(checks={"headers.csp": {"state": "error"}}), Why.CHECK_NOT_RUN),
        (run(checks={"headers.csp": {"state": "interrupted", "reason": Reason.INTERRUPTED}}), Why.CHECK_NOT_RUN),
        (run(checks={"headers.csp": {"state": "completed", "version": 2}}), Why.CHECK_VERSION),
        (run(unsure("headers.csp", Subject(kind="site", name=f"https://{HOST}"))), Why.INCONCLUSIVE),
        (run(unsure("headers.csp", Subject(kind="host", name=HOST))), Why.INCONCLUSIVE),
        (run(level=Level.PASSIVE), Why.LEVEL),
        (run(target="https://another.test/"), Why.TARGET),
        (run(target=f"http://{HOST}/"), Why.TARGET),
    ],
)
def test_silence_is_no_repair(other: RunResult, why: Why) -> None:
    seen = run(failure(), level=Level.ACTIVE)
    assert only(difference(seen, other)) == (Change.NOT_COMPARABLE, why)
    assert only(difference(other, seen)) == (Change.NOT_COMPARABLE, why)
    assert not difference(other, seen).regressed


def test_a_lower_level_does_not_hide_what_the_higher_one_does_not_see() -> None:
    assert only(difference(run(failure(), level=Level.PASSIVE), run(level=Level.ACTIVE))) == (Change.FIXED, None)


@pytest.mark.parametrize(
    ("kind", "name", "changes", "covered"),
    [
        ("url", "https://b.test/x", {}, False),
        ("url", "https://b.test/x", {"hosts": ("b.test:443",)}, True),
        ("url", f"https://{HOST}/admin/x", {"excluded_paths": ("/admin",)}, False),
        ("url", f"https://{HOST}/administration", {"excluded_paths": ("/admin",)}, True),
        ("endpoint", "b.test:443", {}, False),
        ("endpoint", f"{HOST}:8443", {}, True),
        ("host", HOST, {}, True),
        ("host", "b.test", {}, False),
        ("cookie", "SID", {}, True),
        ("url", "https://[::1", {}, False),
        ("url", f"http://{HOST}/connexion", {}, True),
        ("url", f"http://{HOST}:8080/connexion", {}, False),
        ("url", f"http://{HOST}/admin/x", {"excluded_paths": ("/admin",)}, False),
    ],
)
def test_what_is_out_of_scope_is_not_fixed(kind: Any, name: str, changes: dict[str, Any], covered: bool) -> None:
    found = difference(run(failure(subject=Subject(kind=kind, name=name))), run(engagement=changes))
    assert only(found) == ((Change.FIXED, None) if covered else (Change.NOT_COMPARABLE, Why.SCOPE))


def test_an_inconclusive_examination_of_something_else_does_not_matter() -> None:
    other = run(unsure("headers.csp", Subject(kind="url", name=f"https://{HOST}/else")))
    assert only(difference(run(failure()), other)) == (Change.FIXED, None)


def test_verdicts_that_changed_are_listed_with_their_direction() -> None:
    def with_verdicts(first: Verdict, second: Verdict, third: Verdict) -> RunResult:
        some = zip(base().verdicts[:3], (first, second, third), strict=True)
        changed = tuple(rule.model_copy(update={"verdict": verdict}) for rule, verdict in some)
        return base().model_copy(update={"verdicts": changed + base().verdicts[3:]})

    old = with_verdicts(Verdict.NO_DEVIATION, Verdict.NON_COMPLIANT, Verdict.NOT_EVALUATED)
    new = with_verdicts(Verdict.NON_COMPLIANT, Verdict.SUSPECTED, Verdict.COMPLIANT)
    assert [change.direction for change in difference(old, new).rules] == ["worse", "better", "other"]
    assert difference(old, old).rules == ()


def test_a_verdict_is_no_better_because_the_deviation_could_not_be_seen() -> None:
    def ruled(result: RunResult, verdict: Verdict, *outcomes: str) -> RunResult:
        rule = result.verdicts[0].model_copy(update={"verdict": verdict, "outcomes": outcomes})
        return result.model_copy(update={"verdicts": (rule, *result.verdicts[1:])})

    seen = failure()
    old = ruled(run(seen), Verdict.NON_COMPLIANT, seen.id)
    blind = ruled(run(checks={seen.check: None}), Verdict.NO_DEVIATION)
    assert only(difference(old, blind))[0] is Change.NOT_COMPARABLE
    assert [change.direction for change in difference(old, blind).rules] == ["other"]
    assert [change.direction for change in difference(old, ruled(run(), Verdict.NO_DEVIATION)).rules] == ["better"]


def test_verdicts_of_two_targets_are_not_compared() -> None:
    def aimed(result: RunResult, verdict: Verdict, target: str) -> RunResult:
        rule = result.verdicts[0].model_copy(update={"verdict": verdict})
        moved = result.run.model_copy(update={"target": target})
        return result.model_copy(update={"run": moved, "verdicts": (rule, *result.verdicts[1:])})

    old = aimed(base(), Verdict.NON_COMPLIANT, "https://a.example/")
    assert difference(old, aimed(base(), Verdict.COMPLIANT, "https://b.example/")).rules == ()
    assert difference(old, aimed(base(), Verdict.COMPLIANT, "https://a.example/autre")).rules != ()


SUBJECTS = st.sampled_from([Subject(kind="site", name=f"https://{HOST}"), Subject(kind="cookie", name="SID")])
FAILURES = st.builds(
    failure,
    check=st.sampled_from(CHECKS),
    slug=st.sampled_from(["missing", "weak"]),
    subject=SUBJECTS,
    severity=st.sampled_from(list(Severity)),
    strength=st.sampled_from(list(Strength)),
)
STATES = st.sampled_from([{"state": "completed"}, {"state": "completed", "version": 2}, {"state": "error"}, None])
RUNS = st.builds(
    lambda outcomes, states, level: run(*outcomes, checks=dict(zip(CHECKS, states, strict=True)), level=level),
    st.lists(FAILURES, max_size=6, unique_by=lambda outcome: outcome.id),
    st.lists(STATES, min_size=3, max_size=3),
    st.sampled_from(list(Level)),
)


@given(RUNS)
@settings(max_examples=60, deadline=None)
def test_a_run_does_not_differ_from_itself(one: RunResult) -> None:
    found = difference(one, one)
    assert {entry.change for entry in found.entries} <= {Change.UNCHANGED}
    assert not found.regressed
    assert found.rules == ()


def sides(found: Difference, change: Change, side: str) -> set[str]:
    shown = (getattr(entry, side) for entry in found.entries if entry.change is change)
    return {one.id for one in shown if one is not None}


def replaced(found: Difference, side: str) -> set[str]:
    """Those of the pairs in which a graver weakness took the place of another."""
    pairs = [(entry.old, entry.new) for entry in found.entries if entry.change is Change.WORSE]
    return {(old if side == "old" else new).id for old, new in pairs if old and new and old.id != new.id}


@given(RUNS, RUNS)
@settings(max_examples=120, deadline=None)
def test_swapping_the_runs_swaps_new_and_fixed(one: RunResult, other: RunResult) -> None:
    there, back = difference(one, other), difference(other, one)
    appeared = sides(there, Change.NEW, "new") | replaced(there, "new")
    assert appeared == sides(back, Change.FIXED, "old") | replaced(back, "old")
    assert sides(there, Change.UNCHANGED, "new") == sides(back, Change.UNCHANGED, "new")
    for change, opposite in ((Change.NOT_COMPARABLE, Change.NOT_COMPARABLE), (Change.BETTER, Change.WORSE)):
        ours = sides(there, change, "old") | sides(there, change, "new")
        theirs = sides(back, opposite, "old") | sides(back, opposite, "new")
        assert ours == theirs - replaced(back, "old") - replaced(back, "new") or opposite is Change.WORSE


@given(RUNS, RUNS)
@settings(max_examples=60, deadline=None)
def test_every_finding_of_both_is_told_once(one: RunResult, other: RunResult) -> None:
    found = difference(one, other)
    # An entry that has both sides of one finding tells it once.
    told = [name for entry in found.entries for name in {side.id for side in (entry.old, entry.new) if side}]
    assert sorted(told) == sorted({outcome.id for outcome in (*one.outcomes, *other.outcomes)})
    assert sum(found.counts.values()) == len(found.entries)
    assert Difference.model_validate_json(found.model_dump_json()) == found
