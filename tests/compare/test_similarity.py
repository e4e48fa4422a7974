"""Same page or not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.compare.similarity import (
    MAX_CHARACTERS,
    SAME_PAGE,
    Fingerprint,
    normalise,
    same_page_threshold,
    similarity,
)

BITS = """nonce=" abc123def456aaaa 12 janvier x_y . -- é AbCdEfGhIjKlMnOpQrStUvWx 0 ¤ _ a-b.c9
2026-11-22T01:02:03Z <p> </p> 123e4567-e89b-12d3-a456-426614174000 Sat, 22 Nov may"""
TEXTS = st.one_of(st.text(max_size=120), st.lists(st.sampled_from([*BITS.split(), " "]), max_size=30).map("".join))

PAGE = """<html><head><meta name="csrf-token" content="{token}"><script nonce="{nonce}"></script></head><body>
<h1>Mes résultats</h1><p>Nous sommes le {date}, il est {time}.</p><p>{count} messages non lus</p>
<form><input type=hidden name=_csrf value="{token}"><label>Rechercher un examen</label></form>
<footer>Requête {request} — Centre hospitalier de démonstration, 12 rue des Tilleuls</footer></body></html>"""


def rendered(seed: int) -> str:
    import random

    source = random.Random(seed)
    hexadecimal = "".join(source.choices("0123456789abcdef", k=32))
    return PAGE.format(
        token="".join(source.choices("abcdefXYZ0123456789+/", k=84)) + "9aZ==",
        nonce=hexadecimal,
        date=source.choice(["samedi 22 novembre 2026", "dimanche 23 novembre 2026", "lundi 1 juin 2026"]),
        time=f"{source.randrange(24)}:{source.randrange(60):02}",
        count=source.randrange(2000),
        request=f"{hexadecimal[:8]}-{hexadecimal[8:12]}-4{hexadecimal[13:16]}-9{hexadecimal[17:20]}-{hexadecimal[20:32]}",
    )


@pytest.mark.parametrize("seed", range(20))
def test_what_changes_by_itself_does_not_count(seed: int) -> None:
    assert similarity(rendered(0), rendered(seed + 1)) == 1.0


def test_other_pages_are_other_pages() -> None:
    login = "<h1>Connexion</h1><form><label>Identifiant</label><input name=u><label>Mot de passe</label></form>"
    assert similarity(rendered(1), login) < 0.5
    assert similarity(rendered(1), "") == 0.0
    assert similarity("", "") == 1.0
    other_order = "b c a"
    assert 0 < similarity("a b c", other_order) < 1


@settings(max_examples=200)
@given(TEXTS, TEXTS)
def test_symmetric_bounded_reflexive(one: str, other: str) -> None:
    assert similarity(one, other) == similarity(other, one)
    assert 0.0 <= similarity(one, other) <= 1.0
    assert similarity(one, one) == 1.0


@settings(max_examples=300)
@given(TEXTS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert similarity(text, once) == 1.0


def test_echoes_are_removed_the_longest_first() -> None:
    assert normalise("Rien à /a/nulle-part ici", ["/a/nulle-part", "nulle-part", "ici"]) == normalise("Rien à ici")


@pytest.mark.parametrize(
    "text", ["a" * 500_000, "1" * 500_000, "a-" * 250_000, "<p>abc 12</p>" * 40_000, "a1" * 250_000, "a/" * 250_000]
)
def test_cost_is_bounded(text: str) -> None:
    start = time.process_time()
    Fingerprint.of(text)
    assert time.process_time() - start < 2
    assert len(normalise(text)) <= 2 * MAX_CHARACTERS


def test_threshold_follows_the_noise_but_never_below_the_setting() -> None:
    assert same_page_threshold(None) == SAME_PAGE
    assert same_page_threshold(1.0) == pytest.approx(0.97)
    assert same_page_threshold(0.5) == SAME_PAGE
    assert same_page_threshold(1.0, same_page=0.8, margin=0.3) == 0.8
