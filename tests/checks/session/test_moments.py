"""Dates as applications write them, and whether one of them is a known instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.session.moments import MAX_MOMENTS, moments

KNOWN = datetime(2026, 11, 22, 14, 5, 20, tzinfo=UTC)
SEEN = KNOWN + timedelta(minutes=5)


@pytest.mark.parametrize(
    "text",
    [
        "22 novembre 2026 à 15:05",
        "le dimanche 22 novembre 2026, à 15 h 05",
        "22/11/2026 15:05:20",
        "22.11.26 15:05",
        "22/11/2026 - 18:05:20",  # Mayotte is an hour before
        "22/11/2026 à 10h05",  # Martinique
        "23/11/2026 01:05",  # Nouméa
        "11/22/2026 03:05 PM",
        "Nov. 22, 2026, 2:05 p.m.",
        "Sunday, November 22, 2026 - 15:05",
        "Sun, 22 Nov 2026 14:05:20 GMT",
        "2026-11-22T14:05:20Z",
        "2026-11-22T15:05:20.123+01:00",
        "2026-11-22 14:05:20",
        "il y a 5 minutes",
        "5 minutes ago",
        "aujourd’hui à 15 h 05",
        "Today at 2:05 PM",
        "1795356320",
        '"lastLogin":1795356320000',
    ],
)
def test_a_known_instant_is_recognised(text: str) -> None:
    found = moments(text, SEEN)
    assert len(found) == 1
    assert found[0].is_at(KNOWN, 90)
    assert not found[0].is_at(KNOWN + timedelta(minutes=4), 90)
    assert not found[0].is_day_of(KNOWN)


@pytest.mark.parametrize("text", ["22 nov. 2026", "22/11/2026", "2026-11-22", "November 22, 2026"])
def test_a_date_alone_is_a_day_and_not_an_instant(text: str) -> None:
    (found,) = moments(text, SEEN)
    assert found.is_day_of(KNOWN)
    assert not found.is_at(KNOWN, 90)


@pytest.mark.parametrize("text", ["", "version 2.11.3", "99/99/2026", "2026-13-40", "25:99", "01 99 00 00 01"])
def test_what_is_no_moment_is_not_one(text: str) -> None:
    assert moments(text, SEEN) == ()


@given(st.text(alphabet="0123456789/-.: hTZ+àjanviersept", max_size=300))
def test_any_text_is_read_without_harm(text: str) -> None:
    found = moments(text, SEEN)
    assert len(found) <= MAX_MOMENTS
    assert all(0 <= one.start < one.end <= len(text) for one in found)


def test_a_long_hostile_page_is_read_in_little_time() -> None:
    assert len(moments("22/11/2026 1" * 20_000, SEEN)) <= MAX_MOMENTS
