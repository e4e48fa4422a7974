"""The plan says what runs, what does not and why, before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pgssi_probe.check.context import Target
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.engagement import Engagement, ScopeSection
from pgssi_probe.engagement.fictional import fictional_mandate
from pgssi_probe.engagement.model import AccountSection
from pgssi_probe.engine.address import normalised_url
from pgssi_probe.engine.bounds import scope_of
from pgssi_probe.engine.plan import Selection, accounts_needed, allowed_level, collections_of, make_plan
from pgssi_probe.model.outcome import Level, Reason
from pgssi_probe.model.result import PlanEntry
from pgssi_probe.registry import check, checks
from pgssi_probe.tls.collector import TLS

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
HTTPS = Target("https://portal.example/")
MANDATE = fictional_mandate(NOW.date())


SCOPE = ScopeSection(target="https://portal.example/")


def declared(
    identifier: str = "family.name",
    level: str = "passive",
    needs: tuple[str, ...] = (),
    collects: tuple[str, ...] = (),
) -> CheckMetadata:
    words = {"fr": "é", "en": "e"}
    return CheckMetadata.model_validate(
        {
            "id": identifier,
            "version": 1,
            "since": "0.1.0",
            "level": level,
            "title": words,
            "summary": words,
            "needs": needs,
            "collects": collects,
            "sends": {"requests": 7, "seconds": 3},
            "outcomes": {"fine": {"status": "pass", "sentence": words}},
        }
    )


def entry(
    metadata: CheckMetadata,
    engagement: Engagement | None = None,
    selection: Selection | None = None,
    target: Target = HTTPS,
) -> PlanEntry:
    plan = make_plan([metadata], target, engagement or Engagement(), selection or Selection(), NOW)
    return plan.entries[0]


def test_a_passive_check_runs_without_an_engagement() -> None:
    assert entry(declared()).runs


def test_an_active_check_needs_a_mandate_and_names_the_missing_line() -> None:
    refused = entry(declared(level="active"))
    assert (refused.runs, refused.reason, refused.missing) == (False, Reason.MANDATE_MISSING, "mandate")
    partial = Engagement(mandate=MANDATE.model_copy(update={"emergency_contact": ""}))
    assert entry(declared(level="active"), partial).missing == "mandate.emergency_contact"
    assert entry(declared(level="active"), Engagement(mandate=MANDATE, scope=SCOPE)).runs


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({}, False),
        ({"target": "https://other.example/"}, False),
        ({"target": "https://portal.example:8443/"}, False),
        ({"target": "http://portal.example/"}, False),
        ({"target": "https://PORTAL.example/login"}, True),
        ({"target": "https://other.example/", "hosts": ["portal.example"]}, True),
        ({"hosts": ["portal.example:443"]}, True),
        ({"hosts": ["portal.example.evil.example"]}, False),
    ],
)
def test_a_mandate_for_one_target_authorises_no_other(scope: dict[str, object], covered: bool) -> None:
    engagement = Engagement(mandate=MANDATE, scope=ScopeSection.model_validate(scope))
    planned = entry(declared(level="active"), engagement)
    assert planned.runs is covered
    assert planned.missing == (None if covered else "scope.target")
    assert entry(declared(), engagement).runs


def test_the_operator_may_ask_for_less_than_the_mandate_allows_never_more() -> None:
    engagement = Engagement(mandate=MANDATE, scope=SCOPE)
    less = entry(declared(level="active"), engagement, Selection(level=Level.PASSIVE))
    assert less.reason is Reason.LEVEL_EXCLUDED
    assert allowed_level(HTTPS, engagement, Selection(level=Level.INTRUSIVE), NOW) is Level.ACTIVE
    assert entry(declared(level="intrusive"), engagement, Selection(level=Level.INTRUSIVE)).missing == "mandate.levels"


@pytest.mark.parametrize(
    ("selection", "runs"),
    [
        (Selection(only=("family",)), True),
        (Selection(only=("family.name",)), True),
        (Selection(only=("other",)), False),
        (Selection(only=("fam",)), False),
        (Selection(skip=("family",)), False),
        (Selection(skip=("family.name",)), False),
    ],
)
def test_selection_by_family_or_id(selection: Selection, runs: bool) -> None:
    assert entry(declared(), selection=selection).runs is runs


@pytest.mark.parametrize(("need", "reason"), [("account", Reason.ACCOUNT_MISSING), ("browser", Reason.BROWSER_MISSING)])
def test_a_need_that_is_not_met_is_the_reason(need: str, reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_PROBE_CHROMIUM", "none")
    assert entry(declared(needs=(need,))).reason is reason


def test_a_check_that_needs_a_browser_runs_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSI_PROBE_CHROMIUM", raising=False)
    assert entry(declared(needs=("browser",))).runs


def test_tls_checks_do_not_run_on_a_plain_http_target() -> None:
    assert entry(declared(needs=("https",)), target=Target("http://portal.example/")).reason is Reason.NOT_HTTPS


def test_the_plan_counts_what_will_be_sent() -> None:
    plan = make_plan(
        [declared("a.a"), declared("b.b"), declared("c.c", "active")], HTTPS, Engagement(), Selection(), NOW
    )
    assert plan.requests_max == 14
    assert plan.connections_max == 0


def test_what_checks_fetch_together_is_counted_once_and_connections_apart() -> None:
    several = [
        declared("a.a", collects=("site",)),
        declared("b.b", collects=("site", "tls")),
        declared("c.c", "active", collects=("absence",)),
    ]
    plan = make_plan(several, HTTPS, Engagement(), Selection(), NOW)
    assert (plan.requests_max, plan.connections_max) == (14 + SITE.requests, TLS.connections)


def test_each_run_counts_the_collections_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_PROBE_CHROMIUM", "none")
    account = Engagement(accounts={"a": AccountSection(username="alice")})

    def names(*running: str, level: Level = Level.PASSIVE, engagement: Engagement | None = None) -> set[str]:
        wanted = [check(name).metadata for name in running]
        return set(collections_of(wanted, level, engagement or Engagement()))

    assert names() == set()
    assert names("content.security-txt") == set()
    assert names("headers.csp", "browser.sri") == {"site"}
    assert names("disclosure.files", level=Level.ACTIVE) == {"site", "absence", "descriptions", "sign_in", "inventory"}
    assert names("tls.config") == names("tls.config", "tls.certificate") == {"tls"}
    assert names("tls.config", level=Level.ACTIVE) == {"tls", "tls-full"}
    assert names("tls.certificate", level=Level.ACTIVE) == {"tls"}
    signed_in = {"site", "descriptions", "sign_in", "oracle", "session-single"}
    assert names("session.logout", level=Level.ACTIVE, engagement=account) == signed_in
    assert names("cookie.flags", engagement=account) == {"site"}
    assert names("cookie.flags", level=Level.ACTIVE) == {"site"}
    assert names("cookie.flags", level=Level.ACTIVE, engagement=account) == {
        "site",
        "descriptions",
        "sign_in",
        "oracle",
        "carrying",
    }


def test_what_a_browser_collects_is_counted_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSI_PROBE_CHROMIUM", raising=False)
    found = collections_of([check("browser.sri").metadata], Level.PASSIVE, Engagement())
    assert found == {"site", "rendered", "browser"}


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://Portal.Example", "https://portal.example/"),
        ("https://portal.example:443/a?b=1#c", "https://portal.example/a?b=1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
        ("https://hôpital.example/", "https://xn--hpital-ixa.example/"),
    ],
)
def test_addresses_are_normalised(typed: str, url: str) -> None:
    assert normalised_url(typed) == url


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("portal.example", "no_scheme"),
        ("ftp://portal.example/", "other_scheme"),
        ("https://u:p@portal.example/", "credentials"),
        ("https://portal.example:99999/", "bad_port"),
        ("https://", "no_host"),
        ("https://por tal.example/", "no_host"),
        ("https://[::1", "no_host"),
        ("https://a..b/", "no_host"),
        (f"https://{'a' * 70}.example/", "no_host"),
        ("https://portal.example/\u202e", "no_host"),
        ("https://portal.example:0/", "bad_port"),
    ],
)
def test_a_mistake_in_an_address_has_its_own_sentence(typed: str, key: str) -> None:
    with pytest.raises(ValueError, match=key):
        normalised_url(typed)


def test_the_scope_is_the_origin_its_plain_port_and_what_is_declared() -> None:
    scope = scope_of(HTTPS, Engagement())
    assert scope.allows_url("https://portal.example/x")
    assert scope.allows_url("http://portal.example/")
    assert not scope.allows_url("https://portal.example:8443/")
    assert not scope.allows_url("https://other.example/")
    wider = Engagement.model_validate({"scope": {"hosts": ["static.example", "api.example:8443"]}})
    assert scope_of(HTTPS, wider).allows_url("https://static.example/")
    assert scope_of(HTTPS, wider).allows_url("https://api.example:8443/")
    assert not scope_of(HTTPS, wider).allows_url("https://api.example/")


def test_accounts_that_a_check_also_uses_are_asked_for_with_those_it_needs() -> None:
    assert accounts_needed([check("login.throttling").metadata]) == {"sacrifice", "a", "b"}
    assert accounts_needed([]) == frozenset()


@pytest.mark.parametrize(
    ("told", "runs"), [({}, False), ({"login.samples": []}, False), ({"login.samples": ["a", "b"]}, True)]
)
def test_a_check_that_judges_what_is_declared_does_not_run_without(told: dict[str, object], runs: bool) -> None:
    metadata = declared().model_copy(update={"needs_declared": ("login.samples",)})
    (only,) = make_plan([metadata], HTTPS, Engagement(declared=told), Selection(), NOW).entries
    assert only.runs is runs
    assert (only.reason, only.missing) == ((None, None) if runs else (Reason.UNDECLARED, "declared.login.samples"))


def test_the_plan_says_what_is_collected_and_with_which_methods() -> None:
    both = [check("tls.config").metadata, check("https.enforcement").metadata]
    plan = make_plan(both, HTTPS, Engagement(), Selection(), NOW)
    assert [one.name for one in plan.collections] == ["site", "tls"]
    assert sum(one.requests_max for one in (*plan.collections, *plan.entries)) == plan.requests_max
    assert {one.check: one.methods for one in plan.entries}["https.enforcement"] == ("GET",)


def test_nothing_but_readings_is_allowed_without_a_mandate() -> None:
    mandated = Engagement(mandate=MANDATE, scope=SCOPE)
    assert entry(check("https.enforcement").metadata, mandated).methods == ("GET", "POST")
    for one in checks().values():
        assert set(entry(one.metadata).methods) <= {"GET", "HEAD"}
