"""Words of which bounded lists are kept: given names, and capitalised words that are no name of a person."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files


def folded(word: str) -> str:
    """Lower case, without accents: how the lists are written."""
    if word.isascii():
        return word.lower()
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char)).casefold()


@cache
def _listed(name: str) -> frozenset[str]:
    text = (files("pgssi_probe.redact") / "data" / name).read_text(encoding="utf-8")
    return frozenset(word for row in text.splitlines() if not row.startswith("#") for word in row.split())


def is_given_name(word: str) -> bool:
    """`Camille`, `JÉRÔME`; each part of a compound name when there is a hyphen."""
    names = _listed("given_names.txt")
    return all(part in names for part in folded(word).split("-"))


def in_capitals(word: str) -> bool:
    """Written as surnames are in French papers."""
    return len(word) > 1 and word == word.upper()


def is_common(word: str) -> bool:
    """A word of pages or of care: `Service`, `Exemple`."""
    return folded(word) in _listed("common_words.txt")


def is_technical(word: str) -> bool:
    """A product, an acronym or a title: `Tomcat`, `API`, `Madame`."""
    return folded(word) in _listed("technical_words.txt")


def may_be_a_name(word: str) -> bool:
    """A common word may be one in capitals only: `Camille PAGE`, not `Page de Camille`."""
    return not is_technical(word) and (in_capitals(word) or not is_common(word))
