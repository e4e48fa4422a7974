"""Whether what an asker got depends on the identifier that it asked for: pure, over captured answers.

Nothing here is a likeness: two patients' records resemble each other. What a visitor reads at a record of its own is
taken away line by line, and two records of one owner are one page only when every word is the same. What says which
record is meant, the identifiers themselves, is left out wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from pgssi_checks.authz.choosing import MAY_BE_ASKED, OF_CARE, OF_PERSONS
from pgssi_probe.check import Exchange
from pgssi_probe.compare.marks import text_of
from pgssi_probe.inventory.model import Endpoint, Parameter, Place
from pgssi_probe.inventory.references import Reference, references
from pgssi_probe.inventory.templates import template

MASK: Final = "¤"
MOST_NOISE: Final = 0.25
"""Share of the words that two answers to one request may differ in; beyond, nothing is known of the page [ours]."""
SHORTEST_NAME: Final = 2
_WORDS = re.compile(r"[\s<>\"'=&;,?]+")
_NAME_PARTS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Beside:
    """What the asker reads at a record of its own of the same kind. `labels` say which record is meant, in either."""

    answer: Exchange
    labels: frozenset[str] = field(default=frozenset(), repr=False)


def others_of_its_kind(offered: Iterable[Endpoint], endpoint: Endpoint, found: Sequence[Reference]) -> list[Endpoint]:
    """Requests of the same template with other identifiers, among those that a visitor was offered: first those that
    are the same in all the rest, since another period or another order shows another page of the same record."""
    name, values, rest = template(endpoint, found), _values(found), _rest(endpoint, found)
    others = [
        (other, named)
        for other in offered
        if other.reads
        and other.held in MAY_BE_ASKED
        and (named := references(other))
        and _values(named) != values
        and template(other, named) == name
    ]
    others.sort(key=lambda one: len(_rest(*one) ^ rest))
    return [other for other, _ in others]


def labels_of(one: Sequence[Reference], other: Sequence[Reference]) -> frozenset[str]:
    """The identifiers in which two requests of one template differ, as they are written and as what they hold."""
    found: set[str] = set()
    for mine, theirs in zip(one, other, strict=False):
        if mine.value != theirs.value:
            found.update(text for each in (mine, theirs) for text in (each.value, each.inner, quote(each.value)))
    return frozenset(found - {""})


def names_a_person(endpoint: Endpoint, found: Sequence[Reference]) -> bool:
    """Whether the record is a person and not one about its care: there, a name says no more than the identifier."""
    if OF_CARE.search(endpoint.url):
        return False
    by_field = any(
        each.parameter.place is not Place.PATH and OF_PERSONS.search(each.parameter.name.strip("/")) for each in found
    )
    in_path = any(each.parameter.place is Place.PATH for each in found)
    return by_field or (in_path and bool(OF_PERSONS.search(template(endpoint, found).partition(" ")[2])))


def name_words(username: str, frame: Iterable[str], elsewhere: Iterable[str]) -> frozenset[str]:
    """The words of the name of an account: those of its user name, and those that the `frame` of its pages shows and
    the lines shown `elsewhere` do not."""
    others = {word.casefold() for line in elsewhere for word in _NAME_PARTS.findall(line)}
    words = {word for line in frame for word in _NAME_PARTS.findall(line) if word.casefold() not in others}
    words |= {username, *_NAME_PARTS.findall(username.partition("@")[0])}
    return frozenset(word for word in words if len(word) >= SHORTEST_NAME)


def untold(reserved: frozenset[str], own: Iterable[str], labels: Iterable[str]) -> frozenset[str]:
    """The reserved lines that a visitor does not read at a record of its own, but for what says which it is."""
    pattern = _pattern(labels)
    known = {_masked(line, pattern) for line in own}
    return frozenset(line for line in reserved if _masked(line, pattern) not in known)


def same_but_for(first: Exchange, again: Exchange, other: Exchange, labels: Iterable[str]) -> bool:
    """Whether two records are one page, word for word: but for the labels, and for the words that differ between
    `first` and `again`, two answers to one request, such as tokens against forgery."""
    if first.response is None or other.response is None or first.status != other.status or not first.response.body:
        return False
    pattern = _pattern(labels)
    one, twice, another = (_WORDS.split(_masked(text_of(each), pattern)) for each in (first, again, other))
    if len({len(one), len(twice), len(another)}) != 1:
        return False
    noise = {place for place, pair in enumerate(zip(one, twice, strict=True)) if pair[0] != pair[1]}
    if len(noise) > MOST_NOISE * len(one):
        return False
    return all(pair[0] == pair[1] for place, pair in enumerate(zip(one, another, strict=True)) if place not in noise)


def _values(found: Iterable[Reference]) -> tuple[str, ...]:
    return tuple(each.value for each in found)


def _rest(endpoint: Endpoint, found: Iterable[Reference]) -> frozenset[Parameter]:
    return frozenset(endpoint.parameters) - {each.parameter for each in found}


def _pattern(labels: Iterable[str]) -> re.Pattern[str] | None:
    words = sorted({label for label in labels if label}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE) if words else None


def _masked(text: str, pattern: re.Pattern[str] | None) -> str:
    return pattern.sub(MASK, text) if pattern is not None else text
