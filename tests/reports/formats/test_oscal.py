"""OSCAL: read by compliance-trestle, whose models come from the NIST schemas; nothing unsettled is satisfied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.catalog import Catalog

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import LANGS
from pgssi_reports.oscal import OscalCatalogReporter, OscalReporter


def results(result: RunResult, lang: Any = "fr") -> dict[str, Any]:
    data: dict[str, Any] = json.loads(OscalReporter().render(result, lang))["assessment-results"]
    return data


@pytest.mark.parametrize("lang", LANGS)
def test_both_documents_are_valid(result: RunResult, lang: Any, tmp_path: Path) -> None:
    for reporter, model in ((OscalReporter(), AssessmentResults), (OscalCatalogReporter(), Catalog)):
        path = tmp_path / reporter.file_name
        path.write_bytes(reporter.render(result, lang))
        assert model.oscal_read(path) is not None


def test_the_catalogue_holds_the_65_rules_and_their_parts(sample: RunResult) -> None:
    catalog = json.loads(OscalCatalogReporter().render(sample, "fr"))["catalog"]
    controls = [control for group in catalog["groups"] for control in group["controls"]]
    assert [control["id"] for control in controls] == [rule.rule.lower() for rule in sample.verdicts]
    for control, rule in zip(controls, sample.verdicts, strict=True):
        statement = next(part for part in control["parts"] if part["name"] == "statement")
        assert len(statement["parts"]) == len(rule.parts)


def test_only_compliance_satisfies(sample: RunResult) -> None:
    (result,) = results(sample)["results"]
    assert len(result["findings"]) == 65
    for finding, rule in zip(result["findings"], sample.verdicts, strict=True):
        state = finding["target"]["status"]
        assert (state["state"] == "satisfied") == (rule.verdict.value == "compliant")
        assert (state["reason"] == "fail") == (rule.verdict.value == "non_compliant")
        assert finding["props"][0]["value"] == rule.verdict.value


def test_references_lead_somewhere(result: RunResult) -> None:
    document = results(result)
    (run,) = document["results"]
    observations = {one["uuid"] for one in run.get("observations", [])}
    risks = {one["uuid"] for one in run.get("risks", [])}
    resources = {one["uuid"] for one in document["back-matter"]["resources"]}
    assert document["import-ap"]["href"].removeprefix("#") in resources
    for one in (*run.get("risks", []), *run["findings"]):
        assert {link["observation-uuid"] for link in one.get("related-observations", [])} <= observations
        assert {link["risk-uuid"] for link in one.get("related-risks", [])} <= risks
    declared = len(result.declarations.entries) if result.declarations else 0
    assert len(observations) == len(result.outcomes) + declared
    assert len(risks) == sum(outcome.failed for outcome in result.outcomes)


def test_identifiers_are_unique_and_those_of_the_run(sample: RunResult) -> None:
    text = OscalReporter().render(sample, "fr")
    assert text == OscalReporter().render(sample, "fr")
    other = sample.model_copy(update={"run": sample.run.model_copy(update={"id": "another"})})
    assert results(other)["uuid"] != results(sample)["uuid"]


def test_a_doubt_is_investigated(sample: RunResult) -> None:
    (run,) = results(sample)["results"]
    statuses = [one["status"] for one in run["risks"]]
    assert statuses.count("investigating") == 1
    assert statuses.count("open") == len(statuses) - 1


def test_what_was_declared_is_read_and_never_tested(sample: RunResult) -> None:
    """Who, on which document, until when; linked to the finding of its rule, which it never satisfies."""
    assert sample.declarations is not None
    (run,) = results(sample)["results"]
    read = {one["uuid"]: one for one in run["observations"] if one["methods"] == ["EXAMINE"]}
    told = sorted(tuple(line["value"] for line in one["props"]) for one in read.values())
    assert told == sorted(
        (one.part, one.answer, one.standing, one.signatory, one.signed.isoformat(), one.valid_until.isoformat())
        for one in sample.declarations.entries
    )
    linked = {
        link["observation-uuid"] for finding in run["findings"] for link in finding.get("related-observations", [])
    }
    assert set(read) <= linked
    declared = [one for one in run["findings"] if one["props"][0]["value"] == "declared"]
    assert all(one["target"]["status"]["state"] == "not-satisfied" for one in declared)
