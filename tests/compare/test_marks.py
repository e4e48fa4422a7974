"""What is believed to tell a person, and what of it is an account's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.check.harness import exchange, page
from pgssi_probe.compare.marks import (
    NOTHING,
    OF_A_PERSON,
    PROVING,
    TELLING,
    Marks,
    marks,
    passwords_shown,
    personal,
    text_of,
)

URL = "https://portal.example/r/17"


@pytest.mark.parametrize(
    "text", ["1795326612345", "icon@2x.png", "0123456789", "page 12 of 34", "9a8b7c6d5e4f", "v1.2.3@types.js"]
)
def test_what_looks_like_personal_data_is_none(text: str) -> None:
    assert personal(text) == ()


@pytest.mark.parametrize("text", ["alice@exemple.invalid", "06 12 34 56 78", "+33612345678", "2 85 12 99 012 345 11"])
def test_personal_data_is_learned(text: str) -> None:
    assert personal(f"Vos coordonnées : {text} (à jour)") == (text,)


@pytest.mark.parametrize(
    ("text", "proves"),
    [
        ("Assurée : 2 69 05 49 588 157 80", True),
        ("NIR 190057512345699", True),
        ("Née à Ajaccio : 2 85 12 2A 012 345 44", True),
        ('{"nir": "1900575123456"}', True),
        ("relevé du 1732263456789", False),
        ("dossier 190057512345699", False),
    ],
)
def test_a_number_proves_when_its_key_or_the_text_says_what_it_is(text: str, proves: bool) -> None:
    assert bool(marks([], [text]).proving) is proves
    assert bool(personal(text, PROVING)) is proves


def test_a_contact_is_the_accounts_when_it_bears_its_name_or_is_repeated() -> None:
    answers = ["alice@exemple.fr dr.house@exemple.fr 01 99 00 00 01", "01 99 00 00 01"]
    found = marks([], answers, username="alice")
    assert found.telling == {"alice@exemple.fr", "01 99 00 00 01"}
    assert found.named == {"alice@exemple.fr"}


def test_ten_digits_and_an_rpps_number_suggest_and_an_icon_does_not() -> None:
    answers = ["0199000021 10101010101 icon@2x.png"] * 2
    assert marks([], answers).telling == {"0199000021", "10101010101"}
    assert not marks([], answers, proving=OF_A_PERSON, telling=NOTHING)


def test_what_another_or_everybody_is_shown_is_nobodys_own() -> None:
    own = ["Support : aide@exemple.invalid, vous : alice@exemple.invalid, bob@exemple.invalid VAL-2"]
    found = marks(
        ["VAL-1", "VAL-2", "x"],
        own,
        others="bob@exemple.invalid VAL-1",
        public="Support : aide@exemple.invalid, alice VAL-2",
        username="alice",
        proving=OF_A_PERSON,
        telling=NOTHING,
    )
    assert found.declared == {"VAL-1"}, "shown to another, it is the weakness; shown to everybody, it tells nothing"
    assert found.values == {"VAL-1", "alice@exemple.invalid"}
    assert found.name == ""
    assert "VAL-1" not in repr(found)
    assert marks([], own, username="alice").name == "alice"
    assert marks([], own, username="bob").name == "", "short words stand everywhere"


def test_the_values_and_the_name_are_found_in_a_text() -> None:
    alice = Marks(declared=frozenset({"VAL-1234"}), telling=frozenset({"a@exemple.fr"}), name="alice.martin")
    assert alice.inside("dossier VAL-1234") == {"VAL-1234"}
    assert alice.names_the_account("Bonjour Alice.Martin")
    assert not Marks().names_the_account("Bonjour")
    assert not Marks(name="alice.martin"), "a name alone proves nothing"
    assert alice.beside("contact : a@exemple.fr VAL-1234").values == {"VAL-1234"}, "what is declared stays"


def test_a_password_is_recognised_in_its_member_only() -> None:
    shown = passwords_shown("Pass-2026", ['{"user": "alice", "password": "Pass-2026"}', '{"motDePasse": "Pass-2026"}'])
    assert shown == {'"password": "Pass-2026"', '"motDePasse": "Pass-2026"'}
    assert not passwords_shown("Pass-2026", ['{"name": "Pass-2026"}', '{"password": "Pass-2026x"}', "Pass-2026"])
    assert not passwords_shown("abc", ['{"password": "abc"}'])


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ('{"a": "\\u00e9t\u00e9"}', "application/json", '{"a": "été"}'),
        ("<p>l&#39;été</p>", "text/html", "<p>l'été</p>"),
        ("{", "application/json", "{"),
        ("%PDF &amp;", "application/pdf", "%PDF &amp;"),
    ],
)
def test_what_an_answer_says_has_its_escapes_undone(body: str, kind: str, said: str) -> None:
    assert text_of(exchange(URL, page(body, content_type=kind))) == said


@given(st.text(max_size=300), st.text(max_size=20))
def test_any_text_is_read(text: str, username: str) -> None:
    for wanted in (PROVING, TELLING, OF_A_PERSON):
        assert all(value in text for value in personal(text, wanted))
    found = marks([], [text, text], username=username)
    assert found.inside(text) == found.values
