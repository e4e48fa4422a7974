"""No sentence says "1 pages": each is filled with 0, 1 and 2 in both languages, and read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from pgssi_probe import words
from pgssi_probe.model.text import LANGS, Lang, Template, agreed, fields_of
from pgssi_probe.registry import checks

_NAMES: Final = """
above after alerts apis asked below bits blocked_seconds candidates clicks concurrency confirmation
connections contacts count days entries errors events failures files fixed forms free_seconds gap hours
identifiers in_a_row keys known known_ms least length limit links logins matched minutes missing most others
pages passwords presses proved public records refused relays requests rounds samples scripts seconds silent
size sources strings tokens total tried tried_bits unknown unknown_ms unsent validity values watched ways
"""
COUNTS: Final = frozenset(_NAMES.split())
"""Fields that are numbers."""
WRITTEN: Final = frozenset({"declared"})
"""Fields that are numbers in some sentences and texts in others."""

INVARIABLE: Final = {
    "fr": "fois|cas|mois|ms|refus|accès|sans|dans|pas|plus|sous|vers|après|depuis|hors|les",
    "en": "ms|is|has|was|does|as|this|its|across|less|plus|press|address|access|process",
}
LINK: Final = r"(?:(?:of the|of|de|des|autres|other|more) )?"


def complaints(template: str, lang: Lang, counts: frozenset[str]) -> Iterator[str]:
    """Pieces of the filled sentence where the noun or the verb does not go with its number."""
    plural = rf"(?!(?:{INVARIABLE[lang]})\b)[^\W\d]+s\b"
    for name, noun in re.findall(rf"\{{(\w+)\}}[ \u00a0\u202f]{LINK}(?:[^\W\d]+ )?({plural})(?!\()", template):
        if name in counts:
            yield f"{{{name}}} … {noun}"
    for number in (0, 1, 2):
        values: dict[str, object] = {name: number if name in counts else "X" for name in fields_of(template)}
        said = agreed(template, values, lang).format_map({name: f"#{value}" for name, value in values.items()})
        alone = number < 2 if lang == "fr" else number == 1
        if alone:
            yield from re.findall(rf"#{number}[ \u00a0\u202f]{LINK}{plural}", said)
            yield from re.findall(rf"#{number} (?:[^\W\d]+ ){{0,2}}(?:sont|ont|are|have|were)\b", said)
        if number == 1:
            yield from re.findall(r"\b(?:les|des|aux|the|these) #1\b", said, re.IGNORECASE)
        if number == 2:
            yield from re.findall(r"\w+\((?:s|es|x|nt)\)", said)


def sentences() -> Iterator[tuple[str, Template]]:
    for identifier, one in checks().items():
        for slug, outcome in one.metadata.outcomes.items():
            yield f"{identifier}/{slug}", outcome.sentence
            if outcome.remedy is not None:
                yield f"{identifier}/{slug} (remedy)", outcome.remedy
        for key, title in one.metadata.evidence.items():
            yield f"{identifier}#{key}", title


def test_sentences_of_checks_go_with_their_numbers() -> None:
    found = {
        (where, lang): list(complaints(template.in_(lang), lang, COUNTS | WRITTEN))
        for where, template in sentences()
        for lang in LANGS
    }
    assert not {where: said for where, said in found.items() if said}


@pytest.mark.parametrize("lang", LANGS)
def test_sentences_of_the_command_line_go_with_their_numbers(lang: Lang) -> None:
    found = {}
    for key, template in words.catalogue(lang).items():
        shows_toml = "{ " in template
        if key != "doctor.guide" and not shows_toml:  # the guide has 65 rules
            found[key] = list(complaints(template, lang, COUNTS))
    assert not {key: said for key, said in found.items() if said}


def test_every_field_that_a_plural_follows_is_known_to_be_a_number() -> None:
    """Otherwise the tests above would not look at it."""
    governing = re.compile(r"\{(\w+):[^{}]*\|[^{}]*\}|\{(\w+)\} [^\W\d]+\((?:s|es|x|nt)\)")
    named = {
        name
        for _, template in sentences()
        for lang in LANGS
        for pair in governing.findall(template.in_(lang))
        for name in pair
        if name
    }
    assert named <= COUNTS | WRITTEN, named - COUNTS - WRITTEN


@pytest.mark.parametrize(
    ("lang", "template"),
    [
        ("fr", "{count} comptes"),
        ("fr", "{count} autres adresses"),
        ("fr", "Les {count} pages lues"),
        ("fr", "{count} page(s) sont lues"),
        ("en", "{count} pages"),
        ("en", "{count} reserved items"),
        ("en", "{count} of the {total} requests"),
        ("en", "{count} page(s) are read"),
        ("en", "{subject} holds page(s)"),
    ],
)
def test_what_is_caught(lang: Lang, template: str) -> None:
    assert list(complaints(template, lang, COUNTS))


@pytest.mark.parametrize(
    ("lang", "template"),
    [
        ("fr", "{count} compte(s) {count:est vu|sont vus} sur {subject}"),
        ("fr", "{count} fois"),
        ("en", "{count} page(s) {count:uses|use} it; {total} {total:entry|entries}"),
        ("en", "{subject} accepts it"),
    ],
)
def test_what_is_let_through(lang: Lang, template: str) -> None:
    assert not list(complaints(template, lang, COUNTS))
