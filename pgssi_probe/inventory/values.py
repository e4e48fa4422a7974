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
_NAMES_ONE = re.compile(r"(?:id|uuid|guid|ref|reference|identifiant|numero|number|code)$")
OF_ACCOUNT: Final = frozenset({"username", "login", "email", "mail", "identifiant", "preferredusername"})
"""Members that name the account that a record is, where another may name the one that it belongs to."""
ABOUT_ONESELF: Final = frozenset(
    {"me", "moi", "whoami", "self", "profile", "profil", "account", "compte", "user", "users", "userinfo", "session"}
)
_OWNER_ID = re.compile(
    r"(?:user|owner|author|customer|client|account|patient|member|holder|utilisateur|proprietaire|auteur|compte)s?id$"
)
OF_A_USER: Final = frozenset({"userid", "accountid", "memberid", "customerid", "utilisateurid", "compteid"})
"""What an identifier of the account itself may be asked for as."""
WRAPPERS: Final = frozenset(
    {
        "data",
        "items",
        "results",
        "result",
        "content",
        "records",
        "rows",
        "value",
        "values",
        "list",
        "entries",
        "payload",
    }
)
"""Members that hold the records of an answer, whatever these are."""
MAX_NAMED: Final = 60
"""Members of own records whose words a described request may need."""
MAX_WORDS: Final = 120
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
    """`of(name, before)` gives values, in the order in which they were seen.

    `names` are the user names of the account, case folded: a record that bears one of them is its own, though everybody
    may be shown the list in which it stands.
    """

    known: dict[str, dict[str, None]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    me: set[str] = field(default_factory=set)
    """Identifiers of the account itself."""
    own: set[tuple[str, str]] = field(default_factory=set)
    """Those of `known` that stand in records of the account."""
    words: dict[str, dict[str, None]] = field(default_factory=dict)
    """Words of the records of the account by the name of their member: titles, user names."""

    def add(self, name: str, value: Any, *, own: bool = False) -> None:
        text = str(value)
        if isinstance(value, bool) or not isinstance(value, int | str) or written_as(text)[0] is None:
            return
        if own and len(self.own) < MAX_NAMES:
            self.own.add((name, text))
        if name in self.known or len(self.known) < MAX_NAMES:
            kept = self.known.setdefault(name, {})
            if len(kept) < MAX_PER_NAME or (own and len(kept) < 2 * MAX_PER_NAME):
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
        about = not ABOUT_ONESELF.isdisjoint(folded(one) for one in path)
        self.add_value(value, path[-1] if path else "", about=about)

    def add_value(self, value: Any, holder: str, depth: int = 0, *, own: bool = False, about: bool = False) -> None:
        """`own` says that the record around is the account's, `about` that the address tells of accounts."""
        if depth > MAX_DEPTH:
            return
        if isinstance(value, list):
            for one in value[:MAX_RECORDS]:
                self.add_value(one, holder, depth + 1, own=own, about=about)
        elif isinstance(value, dict):
            own = own or self._is_own(value)
            if about and self._is_account(value):
                self.me |= {str(inner) for name, inner in value.items() if folded(str(name)) in PLAIN and _plain(inner)}
            kind = value.get("__typename")
            for name, inner in value.items():
                key = folded(str(name))
                if isinstance(inner, dict | list):
                    inside = holder if key in WRAPPERS and holder else str(name)
                    self.add_value(inner, inside, depth + 1, own=own, about=about)
                    continue
                if own:
                    self._add_word(key, inner)
                if key in PLAIN:
                    self.add((singular(holder) if holder else "") + "id", inner, own=own)
                    if isinstance(kind, str):
                        self.add(singular(kind) + "id", inner, own=own)
                elif _NAMES_ONE.search(key):
                    self.add(key, inner, own=own)

    def _is_own(self, record: dict[str, Any]) -> bool:
        """Whether a record names the account; what names two is sorted out by `without`."""
        for name, inner in record.items():
            inner = (
                next((inner[one] for one in ("username", "login", "email") if one in inner), None)
                if isinstance(inner, dict)
                else inner
            )
            if isinstance(inner, str) and inner.casefold() in self.names:
                return True
            if _plain(inner) and str(inner) in self.me and _OWNER_ID.search(folded(str(name))):
                return True
        return False

    def _is_account(self, record: dict[str, Any]) -> bool:
        return any(
            isinstance(inner, str) and inner.casefold() in self.names and folded(str(name)) in OF_ACCOUNT
            for name, inner in record.items()
        )

    def _add_word(self, key: str, value: Any) -> None:
        fits = isinstance(value, str) and 2 < len(value) <= MAX_WORDS and value.isprintable() and "/" not in value
        if fits and (key in self.words or len(self.words) < MAX_NAMED):
            kept = self.words.setdefault(key, {})
            if len(kept) < MAX_PER_NAME:
                kept[value] = None

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
        return exact or (tuple(sorted(self.me)) if not OF_A_USER.isdisjoint(names) else ()) or self._within(key)

    def word(self, name: str) -> tuple[str, ...]:
        """Words by which records of the account may be named in a path, where no identifier is known."""
        return tuple(self.words.get(folded(name), ()))

    def _within(self, key: str) -> tuple[str, ...]:
        """`X-Numero-Facture` names an invoice: the longest word that is known to name something."""
        for name in sorted(self.known, key=len, reverse=True):
            stem = name.removesuffix("id")
            if len(stem) >= SHORTEST_WORD and stem in key and (_NAMES_ONE.search(key) or key.removesuffix(stem) != key):
                return tuple(self.known[name])
        return ()

    def without(self, others: Iterable[Pool]) -> Pool:
        """What no other pool holds: a record that two people are shown is nobody's own, unless it names one of them."""
        given = list(others)
        shared = {(name, value) for pool in given for name, values in pool.known.items() for value in values}
        claimed = {pair for pool in given for pair in pool.own}
        words = {(name, value) for pool in given for name, values in pool.words.items() for value in values}
        kept = {
            name: {v: None for v in values if _is_alone((name, v), self.own, shared, claimed)}
            for name, values in self.known.items()
        }
        said = {name: {v: None for v in values if (name, v) not in words} for name, values in self.words.items()}
        return Pool(
            {name: values for name, values in kept.items() if values},
            self.names,
            self.me,
            self.own,
            {name: values for name, values in said.items() if values},
        )


Pair = tuple[str, str]


def _is_alone(pair: Pair, own: set[Pair], shared: set[Pair], claimed: set[Pair]) -> bool:
    return pair not in (claimed if pair in own else shared)


def _plain(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and written_as(str(value))[0] is not None
