"""Set-Cookie lines: what browsers store, delete or refuse."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.cookie.set_cookie import parse_expires, parse_set_cookie, prefix_is_kept

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_attributes_are_read_whatever_their_case_and_spacing() -> None:
    cookie = parse_set_cookie("sid = abc ;SECURE; httponly ; samesite = strict; Path=/app ; Domain=.Chu.FR")
    assert cookie is not None
    assert (cookie.name, cookie.value, cookie.path, cookie.domain) == ("sid", "abc", "/app", "chu.fr")
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "strict")


def test_an_attribute_name_inside_the_value_is_not_an_attribute() -> None:
    cookie = parse_set_cookie("note=Secure HttpOnly=1, SameSite=Strict")
    assert cookie is not None
    assert not cookie.secure
    assert not cookie.http_only
    assert cookie.same_site == ""


def test_the_last_of_two_attributes_wins() -> None:
    cookie = parse_set_cookie("a=b; SameSite=Strict; SameSite=None; Max-Age=5; Max-Age=0")
    assert cookie is not None
    assert cookie.same_site == "none"
    assert cookie.deletes(NOW)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=b", None),
        ("a=b; Max-Age=60", 60.0),
        ("a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 60.0),
        ("a=b; Max-Age=0; Expires=Fri, 01 Jan 2027 00:00:00 GMT", 0.0),
        ("a=b; Max-Age=-1", -1.0),
        ("a=b; Max-Age=soon; Expires=Fri, 02 Jan 2026 00:00:00 GMT", 86_400.0),
        ("a=b; Expires=Fri, 02-Jan-2026 00:00:00 GMT", 86_400.0),
        ("a=b; Expires=Fri, 02 Jan 2026 00:00:00", 86_400.0),
        ("a=b; Expires=0", None),
        ("a=b; Expires=never", None),
        ("a=b; Max-Age=" + "9" * 400, 1e18),
        ("a=b; Max-Age=1٢", None),
    ],
)
def test_lifetime(line: str, expected: float | None) -> None:
    cookie = parse_set_cookie(line)
    assert cookie is not None
    assert cookie.lifetime(NOW) == expected


@pytest.mark.parametrize("line", ["", "=", " ; Secure", "a\x00=b", "a=b\r\nX: y", "a=\x7f"])
def test_lines_that_browsers_ignore(line: str) -> None:
    assert parse_set_cookie(line) is None


@pytest.mark.parametrize(
    ("line", "name", "value"), [("alone", "", "alone"), ("=v", "", "v"), ("n=", "n", ""), ("n=a=b", "n", "a=b")]
)
def test_odd_pairs(line: str, name: str, value: str) -> None:
    cookie = parse_set_cookie(line)
    assert cookie is not None
    assert (cookie.name, cookie.value) == (name, value)


@pytest.mark.parametrize(
    ("line", "https", "kept"),
    [
        ("__Host-a=b; Secure; Path=/", True, True),
        ("__Host-a=b; Secure; Path=/", False, False),
        ("__Host-a=b; Secure", True, False),
        ("__Host-a=b; Secure; Path=/x", True, False),
        ("__Host-a=b; Path=/", True, False),
        ("__Host-a=b; Secure; Path=/; Domain=chu.fr", True, False),
        ("__HOST-a=b; Path=/", True, False),
        ("__Secure-a=b; Secure; Path=/x; Domain=chu.fr", True, True),
        ("__Secure-a=b", True, False),
        ("__Hosta=b", True, True),
        ("plain=b", False, True),
    ],
)
def test_prefixes(line: str, https: bool, kept: bool) -> None:
    cookie = parse_set_cookie(line)
    assert cookie is not None
    assert prefix_is_kept(cookie, over_https=https) is kept


@given(st.text(max_size=300))
def test_any_line_is_read(line: str) -> None:
    cookie = parse_set_cookie(line)
    if cookie is not None:
        assert cookie.name or cookie.value
        cookie.lifetime(NOW)
        prefix_is_kept(cookie, over_https=True)


@given(st.text(max_size=80))
def test_any_date_is_read(text: str) -> None:
    date = parse_expires(text)
    assert date is None or date.tzinfo is UTC


def test_a_value_is_not_shown_by_accident() -> None:
    assert "s3cr3t" not in repr(parse_set_cookie("sid=s3cr3t; Secure"))
