"""SARIF: what the schema wants, what code scanning accepts, and that statuses keep their meaning."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from pgssi_probe.model.outcome import Status, Subject
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import LANGS
from pgssi_reports.sarif import FullSarifReporter, SarifReporter
from pgssi_reports.sarif.log import relative
from tests.reports.formats.conftest import sarif_schema, shaped  # type: ignore[import-not-found]


def log(result: RunResult, *, everything: bool = False, lang: Any = "fr") -> dict[str, Any]:
    reporter = FullSarifReporter() if everything else SarifReporter()
    data: dict[str, Any] = json.loads(reporter.render(result, lang))
    return data


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("everything", [False, True])
def test_it_is_valid(result: RunResult, everything: bool, lang: Any) -> None:
    data = log(result, everything=everything, lang=lang)
    sarif_schema().validate(data)
    assert data["version"] == "2.1.0"


@pytest.mark.parametrize("everything", [False, True])
def test_code_scanning_accepts_it(result: RunResult, everything: bool) -> None:
    data = log(result, everything=everything)
    (run,) = data["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) <= 5000
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert len(rule["properties"]["tags"]) <= 10
        assert "security" in rule["properties"]["tags"]
    fingerprints = set()
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["message"]["text"]
        (place,) = one["locations"]
        address = place["physicalLocation"]["artifactLocation"]["uri"]
        # An address with a scheme other than that of the checkout makes code scanning refuse the whole file.
        assert not urlsplit(address).scheme
        assert not address.startswith("/")
        assert re.fullmatch(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", address)
        assert place["physicalLocation"]["region"]["startLine"] == 1
        fingerprints.add(one["partialFingerprints"]["primaryLocationLineHash"])
    assert len(fingerprints) == len(run["results"])


def test_only_failures_become_alerts(sample: RunResult) -> None:
    # Code scanning shows each result as an alert, whatever its kind.
    (run,) = log(sample)["runs"]
    assert {one["kind"] for one in run["results"]} == {"fail"}
    assert len(run["results"]) == sum(outcome.failed for outcome in sample.outcomes)
    for rule in run["tool"]["driver"]["rules"]:
        assert 0 < float(rule["properties"]["security-severity"]) <= 10


def test_statuses_keep_their_meaning(sample: RunResult) -> None:
    (run,) = log(sample, everything=True)["runs"]
    kinds = {"pass": "pass", "fail": "fail", "inconclusive": "open", "not_applicable": "notApplicable"}
    assert len(run["results"]) == len(sample.outcomes)
    for one in run["results"]:
        assert one["kind"] == kinds[one["properties"]["status"]]
        assert (one["level"] == "none") == (one["kind"] != "fail")
    assert {one["kind"] for one in run["results"]} >= {"pass", "fail", "open"}


def test_levels_follow_severities(sample: RunResult) -> None:
    levels = {"critical": "error", "major": "error", "important": "warning", "minor": "note"}
    for one in log(sample)["runs"][0]["results"]:
        assert one["level"] == levels[one["properties"]["severity"]]


def test_fingerprints_hold_neither_words_nor_time(sample: RunResult) -> None:
    def fingerprints(result: RunResult, lang: Any) -> list[Any]:
        return [one["partialFingerprints"] for one in log(result, lang=lang)["runs"][0]["results"]]

    later = sample.model_copy(
        update={"run": sample.run.model_copy(update={"id": "another", "started": sample.run.finished})}
    )
    assert fingerprints(sample, "fr") == fingerprints(later, "en")


def test_what_did_not_run_is_said(sample: RunResult) -> None:
    (invocation,) = log(sample)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is True
    notes = {note["descriptor"]["id"]: note for note in invocation["toolExecutionNotifications"]}
    assert notes["content.cookies-consent"]["level"] == "error"
    assert "[mandate] reference" in notes["session.logout"]["message"]["text"]


def test_a_stopped_run_is_no_success() -> None:
    (invocation,) = log(shaped("aborted"))["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False


def test_the_rules_of_the_guide_are_its_taxonomy(sample: RunResult) -> None:
    (run,) = log(sample)["runs"]
    (taxonomy,) = run["taxonomies"]
    known = {taxon["id"] for taxon in taxonomy["taxa"]}
    assert len(known) == 65
    named = {reference["id"] for one in run["results"] for reference in one["taxa"]}
    assert named
    assert named <= known


def test_more_than_code_scanning_takes_is_cut_and_said(sample: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgssi_reports.sarif.log.RESULTS_MAX", 3)
    (run,) = log(sample)["runs"]
    assert run["results"][0]["properties"]["severity"] == "critical"
    assert len(run["results"]) == 3
    assert "fichier\u00a0: 4" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("url", "https://a.test:8443/x/y?z=é", "a.test_8443/x/y?z=%C3%A9"),
        ("site", "https://a.test", "a.test"),
        ("site", "https://a.test/", "a.test"),
        ("cookie", "SID", "t.test/cookie/SID"),
        ("endpoint", "a.test:443", "t.test/endpoint/a.test:443"),
        ("url", "https://u:p@a.test//b", "a.test/b"),
        ("url", "https://a.test/%zz", "a.test/%25zz"),
        ("url", "javascript://alert(1)", "alert(1)"),
    ],
)
def test_addresses_are_relative(sample: RunResult, kind: Any, name: str, expected: str) -> None:
    outcome = sample.outcomes[0].model_copy(update={"subject": Subject(kind=kind, name=name), "status": Status.FAIL})
    assert relative(outcome, "https://t.test/") == expected


def test_rules_say_what_was_declared_of_them(sample: RunResult) -> None:
    assert sample.declarations is not None
    (run,) = json.loads(SarifReporter().render(sample, "fr"))["runs"]
    told = [one for taxon in run["taxonomies"][0]["taxa"] for one in taxon["properties"].get("declarations", [])]
    assert {one["part"] for one in told} == {entry.part for entry in sample.declarations.entries}
    assert all(one["signatory"] and one["validUntil"] for one in told)
