"""Accents and white space."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.discovery.folding import without_accents


def test_accents_go_and_letters_stay() -> None:
    assert without_accents("Réinitialiser à l'été, cœur ﬁn") == "Reinitialiser a l'ete, cœur fin"


@given(st.text())
def test_it_is_the_decomposition_without_its_marks(text: str) -> None:
    wanted = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    assert without_accents(text) == wanted
