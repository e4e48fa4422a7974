"""`https.hsts`: the header as RFC 6797 reads it, host by host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.https.hsts import Hsts, Thresholds, is_address, judge_host, judge_response, parse_hsts
from pgssi_probe.check.harness import exchange, page, redirect, run_check, slugs
from pgssi_probe.model.outcome import Reason

HOME = "https://portal.example/"
NAME = "Strict-Transport-Security"
YEAR = 31_536_000
LIMITS = Thresholds(YEAR, 15_552_000)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"max-age={YEAR}; includeSubDomains; preload", Hsts(YEAR, True, True)),
        ("MAX-AGE=10;INCLUDESUBDOMAINS", Hsts(10, True, False)),
        ('max-age="10"', Hsts(10, False, False)),
        ("max-age = 10 ; ; includeSubDomains ;", Hsts(10, True, False)),
        ("max-age=0", Hsts(0, False, False)),
        ("max-age=10; future=yes; other", Hsts(10, False, False)),
        ("includeSubDomains", None),
        ("max-age=", None),
        ("max-age=deux", None),
        ("max-age=-1", None),
        ("max-age=1.5", None),
        ("max-age=10; max-age=20", None),
        ("max-age=10, includeSubDomains", None),
        ("max-age=10; includeSubDomains=true", None),
        ("max-age:10", None),
        ("", None),
    ],
)
def test_parsing(value: str, expected: Hsts | None) -> None:
    assert parse_hsts(value) == expected


@given(st.text(max_size=200))
def test_any_value_is_read(value: str) -> None:
    parsed = parse_hsts(value)
    assert parsed is None or parsed.max_age >= 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([f"max-age={YEAR}; includeSubDomains"], ["strong"]),
        (["max-age=15552000; includeSubDomains"], ["accepted"]),
        (["max-age=15551999; includeSubDomains"], ["max-age-short"]),
        (["max-age=0"], ["max-age-short", "no-subdomains"]),
        ([f"max-age={YEAR}"], ["no-subdomains"]),
        (["junk"], ["invalid"]),
        ([], ["missing"]),
        ([f"max-age={YEAR}; includeSubDomains", "max-age=0"], ["multiple"]),
        ([f"max-age={2 * YEAR}; includeSubDomains"] * 2, ["strong"]),
        (["max-age=0; includeSubDomains", f"max-age={YEAR}; includeSubDomains"], ["multiple", "max-age-short"]),
    ],
)
def test_one_answer(values: list[str], expected: list[str]) -> None:
    answer = page("x", headers=tuple((NAME, value) for value in values))
    assert judge_response(exchange(HOME, answer), LIMITS) == expected


GOOD = page("x", headers={NAME: f"max-age={YEAR}; includeSubDomains"})


def test_missing_everywhere_and_missing_here_and_there_differ() -> None:
    assert set(judge_host("portal.example", [exchange(HOME, page("x"))], LIMITS)) == {"missing"}
    both = [exchange(HOME, GOOD), exchange(HOME + "a", page("", status=404))]
    assert set(judge_host("portal.example", both, LIMITS)) == {"strong", "missing-on-some"}


def test_an_address_is_not_accused_of_what_browsers_ignore() -> None:
    assert set(judge_host("192.0.2.7", [exchange("https://192.0.2.7/", page("x"))], LIMITS)) == {"address"}
    assert is_address("[2001:db8::1]")
    assert not is_address("localhost")


async def test_redirects_and_errors_count_and_plain_http_does_not() -> None:
    transcript = [
        exchange(HOME, GOOD),
        exchange(HOME + "r", redirect(HOME)),
        exchange("http://portal.example/", page("x", headers={NAME: "max-age=5"})),
    ]
    outcomes = await run_check("https.hsts", {HOME: GOOD}, transcript=transcript)
    assert slugs(outcomes) == {"strong", "missing-on-some"}
    assert {outcome.facts["count"] for outcome in outcomes} == {1}


async def test_each_host_is_a_subject() -> None:
    transcript = [exchange(HOME, GOOD), exchange("https://www.portal.example/", page("x"))]
    outcomes = await run_check("https.hsts", {HOME: GOOD}, transcript=transcript)
    assert {outcome.subject.name: outcome.slug for outcome in outcomes} == {
        "portal.example": "strong",
        "www.portal.example": "missing",
    }


async def test_a_plain_http_target_is_not_concerned() -> None:
    (outcome,) = await run_check("https.hsts", {"http://portal.example/": page("x")}, url="http://portal.example/")
    assert (outcome.slug, outcome.reason) == ("not-https", Reason.NOT_HTTPS)
