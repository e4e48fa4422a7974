"""The jar against RFC 6265bis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.identity.jar import (
    MAX_COOKIES,
    Jar,
    default_path,
    domain_matches,
    parse_date,
    parse_set_cookie,
    path_matches,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
URL = "https://portal.example/space/home"


def jar(*lines: str, url: str = URL) -> Jar:
    made = Jar()
    made.store(url, lines, NOW)
    return made


@pytest.mark.parametrize(
    ("line", "url", "sent"),
    [
        ("a=1", "https://portal.example/space/x", True),
        ("a=1", "https://portal.example/", False),  # the default path is the directory
        ("a=1; Path=/", "https://portal.example/", True),
        ("a=1; Path=/", "https://www.portal.example/", False),
        ("a=1; Path=/; Domain=portal.example", "https://www.portal.example/", True),
        ("a=1; Path=/; Domain=.PORTAL.example", "https://www.portal.example/", True),
        ("a=1; Path=/; Domain=portal.example", "https://evilportal.example/", False),
        ("a=1; Path=/; Domain=other.example", "https://portal.example/", False),
        ("a=1; Path=/; Domain=example", "https://portal.example/", False),
        ("a=1; Path=/sp", "https://portal.example/space", False),
        ("a=1; Path=/space/", "https://portal.example/space/x", True),
        ("a=1; Path=space", "https://portal.example/space/x", True),  # no path: the default one
        ("a=1; Path=/; Secure", "http://portal.example/", False),
        ("a=1; Path=/; Secure", "https://portal.example:8443/", True),
        ("a=1; Path=/", "http://portal.example/", True),
        ("__Host-a=1; Path=/; Secure", "https://portal.example/", True),
        ("__Host-a=1; Path=/space; Secure", "https://portal.example/space", False),
        ("__Host-a=1; Path=/; Secure; Domain=portal.example", "https://portal.example/", False),
        ("__Secure-a=1; Path=/", "https://portal.example/", False),
        ("a=1; Path=/; Max-Age=60", "https://portal.example/", True),
        ("a=1; Path=/; Max-Age=0", "https://portal.example/", False),
        ("a=1; Path=/; Max-Age=-5", "https://portal.example/", False),
        ("a=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://portal.example/", True),
        ("a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://portal.example/", False),
        ("a=1; Path=/; Expires=nonsense", "https://portal.example/", True),
        ("=; Path=/", "https://portal.example/", False),
        ("a=1\x00; Path=/", "https://portal.example/", False),
        ("a=" + "x" * 5000 + "; Path=/", "https://portal.example/", False),
    ],
)
def test_what_is_sent_back(line: str, url: str, sent: bool) -> None:
    assert bool(jar(line).header(url, NOW)) is sent


def test_a_secure_cookie_is_not_taken_in_clear_but_from_this_machine() -> None:
    assert not jar("a=1; Path=/; Secure", url="http://portal.example/").names(NOW)
    assert jar("a=1; Path=/; Secure", url="http://127.0.0.1:80/").header("http://127.0.0.1:80/", NOW) == "a=1"


def test_an_address_has_no_subdomain() -> None:
    assert not domain_matches("10.1.2.3", "2.3")
    assert jar("a=1; Path=/; Domain=127.0.0.1", url="http://127.0.0.1/").header("http://127.0.0.1/", NOW)


def test_expiry_is_by_the_clock_that_is_given() -> None:
    held = jar("a=1; Path=/; Max-Age=60")
    assert held.header(URL, NOW + timedelta(seconds=59)) == "a=1"
    assert held.header(URL, NOW + timedelta(seconds=60)) == ""
    assert held.names(NOW + timedelta(seconds=60)) == ()


def test_the_same_name_on_another_path_is_another_cookie_longest_first() -> None:
    held = jar("a=root; Path=/", "a=deep; Path=/space")
    assert held.header("https://portal.example/space/x", NOW) == "a=deep; a=root"
    assert held.header("https://portal.example/x", NOW) == "a=root"


def test_store_says_what_changed() -> None:
    held = jar("a=1; Path=/", "b=1; Path=/")
    assert held.store(URL, ["a=1; Path=/", "b=2; Path=/", "c=3; Path=/"], NOW) == ("b", "c")
    assert held.store(URL, ["a=; Path=/; Max-Age=0", "z=; Path=/; Max-Age=0"], NOW) == ("a",)


def test_forks_go_their_own_way() -> None:
    held = jar("a=1; Path=/", "b=1; Path=/")
    other = held.fork()
    other.store(URL, ["a=2; Path=/"], NOW)
    assert held.value("a") == "1"
    assert held.without("a").names(NOW) == ("b",)
    assert held.only(["a"]).names(NOW) == ("a",)
    assert held.with_value("a", "x", URL).value("a") == "x"
    assert held.with_value("n", "x", URL).header("https://portal.example/", NOW).endswith("n=x")
    assert held.value("a") == "1"


def test_a_flood_is_bounded() -> None:
    held = Jar()
    held.store(URL, [f"c{n}=1; Path=/" for n in range(3 * MAX_COOKIES)], NOW)
    assert len(held) == MAX_COOKIES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("31 Feb 2030 00:00:00", None),
        ("tomorrow", None),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    assert parse_date(text) == expected


@given(st.text(max_size=300))
def test_no_line_is_too_strange(line: str) -> None:
    cookie = parse_set_cookie(line, URL, NOW)
    if cookie is not None:
        assert not any(ord(char) < 32 and char != "\t" for char in cookie.name + cookie.value)
        assert cookie.domain == "portal.example"


@given(st.text("/ab", max_size=12), st.text("/ab", max_size=12))
def test_a_path_matches_only_what_it_begins(path: str, cookie_path: str) -> None:
    path, cookie_path = "/" + path, "/" + cookie_path
    if path_matches(path, cookie_path):
        assert path.startswith(cookie_path)
    assert path_matches(path, "/")
    assert path_matches(path, default_path(f"https://h{path}"))
