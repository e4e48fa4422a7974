"""What every shipped check owes: the contract, whatever the check."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.check import CheckContext, Request
from pgssi_probe.check.harness import page, run_check
from pgssi_probe.check.metadata import CheckMetadata, OutcomeDeclaration
from pgssi_probe.check.official import ContractBroken, official
from pgssi_probe.guide import guide
from pgssi_probe.model.outcome import Level, Observation, Reason, Status, Subject, inconclusive, stable_id
from pgssi_probe.model.severity import MATRIX, Ease, Impact, Severity, severity
from pgssi_probe.model.text import Bilingual, Template, shown
from pgssi_probe.net.exchange import Failure
from pgssi_probe.registry import RegistryError, UnknownCheck, check, checks, read_declaration

ISSUED = [
    "browser.sri",
    "components.server-versions",
    "content.cgu",
    "content.hds-mention",
    "content.legal-notices",
    "content.privacy-notice",
    "content.security-txt",
    "content.support-contact",
    "cookie.flags",
    "disclosure.banners",
    "disclosure.directory-listing",
    "disclosure.files",
    "disclosure.secrets",
    "disclosure.verbose-errors",
    "exposure.admin-interfaces",
    "exposure.waf",
    "headers.clickjacking",
    "headers.cors",
    "headers.csp",
    "headers.referrer",
    "headers.security",
    "http.methods",
    "https.enforcement",
    "https.hsts",
    "https.mixed-content",
    "tls.certificate",
    "tls.config",
    "tls.pqc-readiness",
]
SITE = Subject(kind="site", name="https://portal.example")


def test_the_catalogue_of_this_version_is_whole() -> None:
    assert set(ISSUED) <= set(checks())
    assert not set(checks()) & guide().planned_ids


def test_a_declaration_can_be_read_by_an_auditor() -> None:
    for identifier, one in checks().items():
        metadata = one.metadata
        passes = any(outcome.status is Status.PASS for outcome in metadata.outcomes.values())
        assert passes or identifier == "tls.pqc-readiness", identifier
        assert metadata.title.fr != metadata.title.en, identifier
        for slug, outcome in metadata.outcomes.items():
            for text in (outcome.sentence, outcome.remedy):
                if text is not None:
                    assert text.fr.strip().endswith((".", ")", "»", ":")), (identifier, slug, text.fr)
                    assert text.fr != text.en, (identifier, slug)
        for setting in metadata.settings.values():
            assert setting.source, identifier


def test_a_check_is_one_coroutine_function() -> None:
    for identifier, one in checks().items():
        observe = one.observe()
        assert inspect.iscoroutinefunction(observe), identifier
        assert list(inspect.signature(observe).parameters) == ["ctx"], identifier


def test_a_check_that_sends_no_ordinary_request_is_not_passive() -> None:
    for identifier, one in checks().items():
        if one.metadata.level is Level.PASSIVE:
            assert set(one.metadata.sends.methods) <= {"GET", "HEAD", "POST"}, identifier
            assert one.metadata.sends.requests <= 40, identifier


@pytest.mark.parametrize("identifier", sorted(checks()))
async def test_silence_is_never_a_pass_nor_an_accusation(identifier: str) -> None:
    for failure in (Failure.RESPONSE_TIMEOUT, Failure.RESET, Failure.BUDGET, Failure.STOPPED):
        outcomes = await run_check(identifier, lambda _, failure=failure: failure)
        wrong = [one for one in outcomes if one.status in {Status.PASS, Status.FAIL}]
        assert not wrong, (failure, [(one.slug, one.facts) for one in wrong])


BODIES = (
    b"",
    b"\x00" * 100,
    b"<div>" * 3000,
    "<!doctype html><title>\x1b[31m\u202e<script>".encode(),
    b"\xff\xfe\x00\xd8" * 50,
)
HEADERS = (
    ("Set-Cookie", "=;;;=,=\x01; Expires=never; Max-Age=9e99; Domain=.."),
    ("Set-Cookie", "a" * 5000),
    ("Content-Security-Policy", ";;; ,,, 'nonce-' " + "x" * 5000),
    ("Strict-Transport-Security", "max-age=;;=1e9"),
    ("Location", "https://[::bad/\x00"),
    ("Server", "\x1b]0;owned\x07" + "9." * 400),
    ("Referrer-Policy", ",,,"),
    ("Access-Control-Allow-Origin", "null, *"),
)


@pytest.mark.parametrize("identifier", sorted(checks()))
async def test_a_hostile_site_never_crashes_a_check(identifier: str) -> None:
    for body in BODIES:
        hostile = page(body, headers=HEADERS)
        for outcome in await run_check(identifier, lambda _, hostile=hostile: hostile):
            assert len(outcome.sentence.fr) < 20_000, body[:60]


def metadata_of(**changes: object) -> CheckMetadata:
    words = {"fr": "é {n} {subject}", "en": "e {n} {subject}"}
    outcome = {"status": "fail", "impact": "major", "ease": "easy", "sentence": words, "remedy": {"fr": "é", "en": "e"}}
    base = {
        "id": "a.b",
        "version": 1,
        "since": "1",
        "level": "passive",
        "title": {"fr": "é", "en": "e"},
        "summary": {"fr": "é", "en": "e"},
        "sends": {"requests": 1},
        "outcomes": {"bad": outcome},
    }
    return CheckMetadata.model_validate({**base, **changes})


def test_an_outcome_takes_status_severity_and_words_from_the_declaration() -> None:
    outcome = official(metadata_of(), Observation(slug="bad", subject=SITE, facts={"n": 3}))
    assert (outcome.status, outcome.severity) == (Status.FAIL, Severity.CRITICAL)
    assert outcome.sentence.fr == "é 3 https://portal.example"


@pytest.mark.parametrize(
    "observation",
    [
        Observation(slug="unknown", subject=SITE),
        Observation(slug="bad", subject=SITE),
        Observation(slug="inconclusive", subject=SITE),
    ],
)
def test_a_check_that_breaks_its_contract_is_caught(observation: Observation) -> None:
    with pytest.raises(ContractBroken):
        official(metadata_of(), observation)


def test_inconclusive_is_open_to_every_check_with_its_reason() -> None:
    outcome = official(metadata_of(), inconclusive(SITE, Reason.TIMEOUT))
    assert (outcome.status, outcome.reason, outcome.severity) == (Status.INCONCLUSIVE, Reason.TIMEOUT, None)


def test_a_failure_without_remedy_or_a_pass_with_an_impact_is_refused() -> None:
    words = Template(fr="é", en="e")
    with pytest.raises(ValueError, match="remedy"):
        OutcomeDeclaration(status=Status.FAIL, impact=Impact.MAJOR, ease=Ease.EASY, sentence=words)
    with pytest.raises(ValueError, match="only a failure"):
        OutcomeDeclaration(status=Status.PASS, impact=Impact.MAJOR, ease=Ease.EASY, sentence=words)


def test_the_two_languages_name_the_same_fields_and_only_plain_ones() -> None:
    with pytest.raises(ValueError, match="same fields"):
        Template(fr="{a}", en="{b}")
    with pytest.raises(ValueError, match="plain name"):
        Template(fr="{a.__class__}", en="{a.__class__}")

    assert Bilingual(fr="{ écrit par la cible", en="{").fr.startswith("{")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=30))
def test_any_fact_can_be_shown(value: object) -> None:
    assert isinstance(shown(value, "fr"), str)  # type: ignore[arg-type]


def test_an_id_is_stable_and_free_of_wording() -> None:
    assert stable_id("a.b", "bad", SITE) == stable_id("a.b", "bad", Subject(kind="site", name="https://portal.example"))
    assert stable_id("a.b", "bad", SITE) != stable_id("a.b", "worse", SITE)


def test_the_severity_matrix_is_the_usual_one_and_grows_both_ways() -> None:
    for impact, row in MATRIX.items():
        ranks = [level.rank for level in row]
        assert ranks == sorted(ranks), impact
    for ease in Ease:
        ranks = [severity(impact, ease).rank for impact in Impact]
        assert ranks == sorted(ranks), ease
    assert severity(Impact.MINOR, Ease.EASY) is Severity.MAJOR
    assert severity(Impact.CRITICAL, Ease.DIFFICULT) is Severity.IMPORTANT


def test_unknown_and_misplaced_checks_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UnknownCheck) as caught:
        check("headers.scp")
    assert "headers.csp" in caught.value.close
    wrong = tmp_path / "x.yaml"
    wrong.write_text("id: [", encoding="utf-8")
    with pytest.raises(RegistryError, match="not readable"):
        read_declaration(wrong)


async def test_the_harness_refuses_what_is_not_declared() -> None:
    async def greedy(ctx: CheckContext) -> list[Observation]:
        for _ in range(2):
            await ctx.get(ctx.target.url)
        return [Observation(slug="bad", subject=SITE, facts={"n": 2})]

    async def writing(ctx: CheckContext) -> list[Observation]:
        await ctx.send(Request("DELETE", ctx.target.url))
        return []

    for code, complaint in ((greedy, "declares 1"), (writing, "DELETE")):
        with pytest.raises(AssertionError, match=complaint):
            await run_check(Fake(metadata_of(), code), {})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Fake:
    metadata: CheckMetadata
    code: Any

    @property
    def id(self) -> str:
        return self.metadata.id

    def observe(self) -> Any:
        return self.code
