from __future__ import annotations

import pytest

from pgssi_probe.model.dates import said_duration, said_iso
from pgssi_probe.model.text import Lang, Template, both_numbers, shown


@pytest.mark.parametrize(
    ("iso", "fr", "en"),
    [
        ("2026-08-22", "22\u00a0août 2026", "22\u00a0August 2026"),
        ("2026-08-01", "1er\u00a0août 2026", "1\u00a0August 2026"),
        (
            "2026-11-22T14:05:00Z",
            "22\u00a0novembre 2026 à 14\u00a0h\u00a005 (UTC)",
            "22\u00a0November 2026, 14:05 (UTC)",
        ),
        (
            "2026-11-22T15:05:09.25+01:00",
            "22\u00a0novembre 2026 à 14\u00a0h\u00a005\u00a0min\u00a009\u00a0s (UTC)",
            "22\u00a0November 2026, 14:05:09 (UTC)",
        ),
        ("2026-11-22 14:05", "22\u00a0novembre 2026 à 14\u00a0h\u00a005", "22\u00a0November 2026, 14:05"),
    ],
)
def test_a_date_is_said(iso: str, fr: str, en: str) -> None:
    assert (said_iso(iso, "fr"), said_iso(iso, "en")) == (fr, en)
    assert shown([iso, "x"], "fr") == f"{fr}, x"


@pytest.mark.parametrize(
    "text", ["", "2026-13-01", "2026-02-30", "20260822", "v2026-08-22", "2026-08-22 (x)", "0001-01-01T00:00:00+05:00"]
)
def test_what_is_no_date_stays(text: str) -> None:
    assert said_iso(text, "fr") is None
    assert shown(text, "fr") == text


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("fr", "12\u202f345 octets, 1\u202f234,5 s, port 38767, 27017"),
        ("en", "12,345 octets, 1,234.5 s, port 38767, 27017"),
    ],
)
def test_large_numbers_are_grouped_except_those_that_are_names(lang: Lang, said: str) -> None:
    sentence = "{size} octets, {delay} s, port {port}, {ports}"
    filled = Template(fr=sentence, en=sentence).filled(
        {"size": 12345, "delay": 1234.5, "port": 38767, "ports": [27017]}
    )
    assert filled.in_(lang) == said


@pytest.mark.parametrize(
    ("seconds", "fr", "en"),
    [
        (0, "0 s", "0 s"),
        (0.44, "0,4 s", "0.4 s"),
        (45, "45 s", "45 s"),
        (125, "2 min 5 s", "2 min 5 s"),
        (300.2, "5 min", "5 min"),
        (5400, "1 h 30 min", "1 h 30 min"),
        (86_400, "24 h", "24 h"),
        (183_600, "2 jours 3 h", "2 days 3 h"),
        (31_536_000, "365 jours", "365 days"),
        (-125, "-2 min 5 s", "-2 min 5 s"),
    ],
)
def test_a_duration_is_said_in_its_largest_units(seconds: float, fr: str, en: str) -> None:
    assert said_duration(seconds, "fr").replace("\u00a0", " ") == fr
    assert said_duration(seconds, "en").replace("\u00a0", " ") == en


@pytest.mark.parametrize(
    ("value", "said"), [(90, "dans 1 h 30 min"), ("longtemps", "dans longtemps"), (None, "dans —")]
)
def test_a_field_may_be_a_duration(value: int | str | None, said: str) -> None:
    template = Template(fr="dans {wait:minutes}", en="in {wait:minutes}")
    assert template.fields == {"wait"}
    assert template.filled({"wait": value}).fr.replace("\u00a0", " ") == said
    assert both_numbers(template.fr) == "dans {wait}"
