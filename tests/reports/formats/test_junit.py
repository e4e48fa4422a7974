"""JUnit XML: valid, and only what passed is a passed case."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import LANGS
from pgssi_reports.junit import JunitReporter
from tests.reports.formats.conftest import junit_schema  # type: ignore[import-not-found]


def document(result: RunResult, lang: Any = "fr") -> Any:
    return etree.fromstring(JunitReporter().render(result, lang))


@pytest.mark.parametrize("lang", LANGS)
def test_it_is_valid(result: RunResult, lang: Any) -> None:
    junit_schema().assertValid(document(result, lang))


def test_a_suite_for_each_family_counts_its_cases(result: RunResult) -> None:
    root = document(result)
    families = {check.id.split(".")[0] for check in result.checks}
    assert {suite.get("name") for suite in root} == {f"pgssi.{family}" for family in families}
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
    assert int(root.get("tests")) == sum(int(suite.get("tests")) for suite in root)


def test_only_a_pass_is_a_passed_case(sample: RunResult) -> None:
    cases = document(sample).findall("testsuite/testcase")
    passed = [case for case in cases if len(case) == 0]
    assert len(passed) == sum(outcome.status.value == "pass" for outcome in sample.outcomes)
    assert len([case for case in cases if case.find("failure") is not None]) == sum(o.failed for o in sample.outcomes)
    (broken,) = [case for case in cases if case.find("error") is not None]
    assert broken.get("classname") == "pgssi.content.cookies-consent"
    skipped = {case.get("classname") for case in cases if case.find("skipped") is not None}
    assert "pgssi.session.logout" in skipped


def test_a_failure_says_how_grave_how_sure_and_what_to_do(sample: RunResult) -> None:
    failures = document(sample).findall("testsuite/testcase/failure")
    kinds = {failure.get("type") for failure in failures}
    assert {"critical.proof", "minor.hint"} <= kinds
    assert all("Remède : " in failure.text.replace("\u00a0", " ") for failure in failures)
    (hint,) = [failure for failure in failures if failure.get("type") == "minor.hint"]
    assert hint.get("message").startswith("À confirmer")


def test_names_are_the_same_in_both_languages(sample: RunResult) -> None:
    def names(lang: Any) -> list[tuple[str, str]]:
        cases = document(sample, lang).findall("testsuite/testcase")
        return [(case.get("classname"), case.get("name")) for case in cases]

    assert names("fr") == names("en")
    assert len(set(names("fr"))) == len(names("fr"))
