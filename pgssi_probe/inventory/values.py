"""Identifiers that an account was shown, by what they name: what a described request may be filled with. Pure.

Nothing is invented here: no number is counted up, and an example that a description gives is a neighbour's record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pgssi_probe.inventory.references import written_as
from pgssi_probe.inventory.requests import segments

MAX_NAMES: Final = 400
MAX_PER_NAME: Final = 6
MAX_DEPTH: Final = 10
MAX_RECORDS: Final = 200
SHORTEST_WORD: Final = 4
PLAIN: Final = frozenset(
    {
        "id",
        "uuid",
        "guid",
        "pk",
        "uid",
        "identifiant",
        "identifier",
        "ref",
        "reference",
        "code",
        "numero",
        "number",
        "num",
        "no",
    }
)
"""Names that say nothing of what they name: the word before them does."""
_NAMES_ONE = re.compile(r"(?:id|uuid|guid|ref|reference|identifiant|numero|code)$")
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


def folded(name: str) -> str:
    return _NOT_LETTERS.sub("", name.lower())


def singular(word: str) -> str:
    """English and French plurals, roughly: `patients`, `histories`, `journaux`; the same for a word that is none."""
    word = folded(word)
    for plural, one in (("ies", "y"), ("aux", "al"), ("ses", "s"), ("s", ""), ("x", "")):
        if word.endswith(plural) and len(word) > len(plural) + 2 and not word.endswith("ss"):
            return word[: -len(plural)] + one
    return word


@dataclass
class Pool:
    """`of(name, before)` gives values, in the order in which they were seen."""

    known: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, name: str, value: Any) -> None:
        text = str(value)
        if isinstance(value, bool) or not isinstance(value, int | str) or written_as(text)[0] is None:
            return
        if name in self.known or len(self.known) < MAX_NAMES:
            kept = self.known.setdefault(name, {})
            if len(kept) < MAX_PER_NAME:
                kept[text] = None

    def add_address(self, url: str) -> None:
        """`/patients/17` and `?patient_id=17` name a patient."""
        names = segments(url)
        for before, value in pairwise(names):
            if not before[:1].isdigit():
                self.add(singular(before) + "id", unquote(value))
        for name, value in parse_qsl(urlsplit(url).query)[:30]:
            if _NAMES_ONE.search(folded(name)) and folded(name) not in PLAIN:
                self.add(folded(name), value)

    def add_json(self, body: bytes, url: str) -> None:
        """Identifiers of records: named by the list that holds them, by the address, or by their own name."""
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return
        path = [one for one in segments(url) if written_as(one)[0] is None]
        self.add_value(value, path[-1] if path else "")

    def add_value(self, value: Any, holder: str, depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            return
        if isinstance(value, list):
            for one in value[:MAX_RECORDS]:
                self.add_value(one, holder, depth + 1)
        elif isinstance(value, dict):
            kind = value.get("__typename")
            for name, inner in value.items():
                key = folded(str(name))
                if isinstance(inner, dict | list):
                    self.add_value(inner, str(name), depth + 1)
                elif key in PLAIN:
                    self.add((singular(holder) if holder else "") + "id", inner)
                    if isinstance(kind, str):
                        self.add(singular(kind) + "id", inner)
                elif _NAMES_ONE.search(key):
                    self.add(key, inner)

    def of(self, name: str, before: str = "") -> tuple[str, ...]:
        """Values for a parameter; `before` is the word that precedes it in a path, or the type of what it names."""
        key = folded(name)
        names = [singular(before) + "id"] if before and key in PLAIN else []
        names += [key, key + "id", singular(key) + "id"] if key not in PLAIN else []
        names += [singular(before) + "id"] if before else []
        if key not in PLAIN:  # a UUID may be called `patientUuid` here and `patientId` there
            stem = _NAMES_ONE.sub("", key)
            names += [singular(stem) + "id"] if len(stem) > 2 else []
        exact = next((tuple(self.known[one]) for one in names if one in self.known), ())
        return exact or self._within(key)

    def _within(self, key: str) -> tuple[str, ...]:
        """`X-Numero-Facture` names an invoice: the longest word that is known to name something."""
        for name in sorted(self.known, key=len, reverse=True):
            stem = name.removesuffix("id")
            if len(stem) >= SHORTEST_WORD and stem in key and (_NAMES_ONE.search(key) or key.removesuffix(stem) != key):
                return tuple(self.known[name])
        return ()

    def without(self, others: Iterable[Pool]) -> Pool:
        """What no other pool holds: a record that two people are shown is nobody's own."""
        shared = {(name, value) for pool in others for name, values in pool.known.items() for value in values}
        kept = {name: {v: None for v in values if (name, v) not in shared} for name, values in self.known.items()}
        return Pool({name: values for name, values in kept.items() if values})
