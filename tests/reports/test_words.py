from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pgssi_reports
from pgssi_probe.model.dates import said_moment
from pgssi_probe.model.text import LANGS, fields_of
from pgssi_probe.redact.formats import PATTERNS
from pgssi_reports.words import Words, french, words


def test_both_languages_have_the_same_keys_and_fields() -> None:
    fr, en = words("fr"), words("en")
    assert set(fr) == set(en)
    for key, value in fr.items():
        assert type(value) is type(en[key]), key
        both = [value, en[key]] if isinstance(value, list) else [[value], [en[key]]]
        for one, other in zip(*both, strict=True):
            assert fields_of(one) == fields_of(other), key


def test_every_key_is_used() -> None:
    """Written whole, or begun in the code or a template by what ends with a value known at run time only."""
    package = Path(str(pgssi_reports.__file__)).parent
    sources = [path.read_text("utf-8") for kind in ("*.py", "*.j2") for path in package.rglob(kind)]
    whole = {text for source in sources for text in re.findall(r"[\"']([\w.-]+)[\"']", source)}
    begun = {text for source in sources for text in re.findall(r"[\"']([\w-]+\.[\w.-]*)\{", source)}
    begun |= {text for source in sources for text in re.findall(r"[\"']([\w-]+\.(?:[\w-]+\.)*)[\"']", source)}
    unused = []
    for key in (key for key in words("fr") if not key.startswith("fact")):  # facts: named by what the checks keep
        asked = re.sub(r"\.(one|many)$", "", key)  # by its number
        group = asked.rpartition(".")[0]
        if not ({key, asked} | ({group} if "." in group else set())) & whole and not key.startswith(tuple(begun)):
            unused.append(key)
    assert unused == []


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
    assert said_moment(moment, "fr") == "1er\u00a0mars 2026 à 9\u00a0h\u00a005 (UTC)"
    assert said_moment(moment, "en") == "1\u00a0March 2026, 09:05 (UTC)"


@pytest.mark.parametrize(
    ("kept", "fr", "en"),
    [
        ("sid=‹value, 43›; Path=/", "sid=‹valeur, 43 caractères›; Path=/", "sid=‹value, 43 characters›; Path=/"),
        ("‹value, 1›", "‹valeur, 1 caractère›", "‹value, 1 character›"),
        ("Bearer ‹secret, 900›", "Bearer ‹secret, 900 caractères›", "Bearer ‹secret, 900 characters›"),
        ("‹name:0a1b2c3d› ‹e-mail›", "‹nom 0a1b2c3d› ‹adresse électronique›", "‹name 0a1b2c3d› ‹e-mail address›"),
        ("sid=‹43 characters›", "sid=‹valeur, 43 caractères›", "sid=‹value, 43 characters›"),
        ("‹unheard:0a1b2c3d› ‹x y› ‹", "‹unheard:0a1b2c3d› ‹x y› ‹", "‹unheard:0a1b2c3d› ‹x y› ‹"),
    ],
)
def test_marks_of_redaction_are_said_in_the_language_of_the_reader(kept: str, fr: str, en: str) -> None:
    for words_of, expected in ((Words("fr"), fr), (Words("en"), en)):
        said = words_of.marks(kept)
        assert said == expected
        assert words_of.marks(said) == said


def test_every_kind_that_redaction_marks_has_a_name() -> None:
    kinds = {kind for kind, _ in PATTERNS} | {
        "canary",
        "date",
        "name",
        "number",
        "secret",
        "personal",
        "token",
        "value",
    }
    for lang in LANGS:
        assert set(Words(lang).codes("mark.kind")) == kinds
