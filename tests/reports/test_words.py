from __future__ import annotations

import re
from datetime import UTC, datetime

from pgssi_probe.model.text import fields_of
from pgssi_reports.words import date_time, french, words


def test_both_languages_have_the_same_keys_and_fields() -> None:
    fr, en = words("fr"), words("en")
    assert set(fr) == set(en)
    for key, value in fr.items():
        assert type(value) is type(en[key]), key
        both = [value, en[key]] if isinstance(value, list) else [[value], [en[key]]]
        for one, other in zip(*both, strict=True):
            assert fields_of(one) == fields_of(other), key


def test_french_typography() -> None:
    for key, value in words("fr").items():
        for sentence in value if isinstance(value, list) else [value]:
            assert not re.search(r" [:;!?»%]|« ", sentence), key
            assert "'" not in sentence, key


def test_no_break_spaces_are_put_where_french_wants_them() -> None:
    assert french("Oui ? « Non » : 12 % ; ah !") == ("Oui\u202f? «\u00a0Non\u00a0»\u00a0: 12\u00a0%\u202f; ah\u202f!")
    assert french("https://a.example/?x=1 et a::b") == "https://a.example/?x=1 et a::b"


def test_dates_are_written_out() -> None:
    moment = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
    assert date_time(moment, "fr") == "1er\u00a0mars 2026 à 9\u00a0h\u00a005 (UTC)"
    assert date_time(moment, "en") == "1\u00a0March 2026, 09:05 (UTC)"
