"""Where a page or an API says when one signed in last, and which moment it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pgssi_checks.session.moments import Moment, moments, plain

TOLERANCE: Final = 90.0
"""Seconds between what is shown and what the probe knows."""
NEAR: Final = 160
"""Characters between the words and their moment."""
VAGUE: Final = 300.0
"""Seconds of spread from which a relative moment ("two hours ago") is no time of day."""

_LABEL = re.compile(
    r"\b(?:derniere?s?|precedente?s?|last|previous|latest|most recent)\W{0,3}(?:\w{1,30}\W{1,3}){0,2}?"
    r"(?:connexions?|connecte\w*|authentifications?|acces|visites?|ouverture de session|log[- _]?(?:in|on)"
    r"|logged[- _]in|sign[- _]?(?:in|on)|signed[- _]in|signin|session|access|visit|seen)\b"
    r"|\b(?:connexions?|authentifications?|acces|visites?|sessions?)\W{1,3}(?:precedente?s?|anterieure?s?)\b"
    r"|\b(?:connecte\w*|logged in|signed in)\W{1,3}(?:\w{1,30}\W{1,3}){0,2}?(?:pour la derniere fois|last)\b"
    r"|(?<![a-z])(?:derniere_?connexion|last_?(?:login|logon|sign_?in|seen|access|connection|connexion|auth)"
    r"|previous_?(?:login|sign_?in|connexion))(?![a-z])"
)
_FAILED = re.compile(r"\b(?:echec|echou\w*|fail\w*|refus\w*|unsuccessful|erreur|mot de passe|password)\b")


@dataclass(frozen=True, slots=True)
class Shown:
    """A moment that stands by the words; `excerpt` is what people read, capped."""

    moment: Moment
    excerpt: str


def shown_in(text: str, seen: datetime) -> tuple[Shown, ...]:
    """The last sign-ins that a text received at `seen` (UTC) says, each the first moment after its words.

    Of failed attempts and changed passwords nothing is read.
    """
    bare = plain(text)
    found = moments(text, seen)
    said: list[Shown] = []
    for label in _LABEL.finditer(bare):
        after = [one for one in found if 0 <= one.start - label.end() <= NEAR]
        if not after:
            continue
        moment = min(after, key=lambda one: one.start)
        between = bare[label.start() : moment.start]
        if not _FAILED.search(between):
            said.append(Shown(moment, text[label.start() : moment.end][: NEAR + 80]))
    return tuple({one.moment: one for one in said}.values())


@dataclass(frozen=True, slots=True)
class Visit:
    """What a session was shown. `before` are the instants (UTC) at which the account may have signed in last before it,
    as far as the probe knows; `first` is what the first pages say, `rest` what the others say."""

    before: tuple[datetime, ...]
    first: tuple[Shown, ...]
    rest: tuple[Shown, ...] = ()

    @property
    def says_anything(self) -> bool:
        return bool(self.first or self.rest)

    @property
    def right(self) -> bool:
        return any(self._is_known(one.moment) and one.moment.spread <= VAGUE for one in (*self.first, *self.rest))

    @property
    def dated(self) -> bool:
        """The day is right and no hour is given, or a vague one."""
        return any(
            any(one.moment.is_day_of(known) for known in self.before)
            or (one.moment.spread > VAGUE and self._is_known(one.moment))
            for one in (*self.first, *self.rest)
        )

    def _is_known(self, moment: Moment) -> bool:
        return any(moment.is_at(known, TOLERANCE) for known in self.before)


def slug_of(visits: Sequence[Visit]) -> str:
    """What two visits say together: right both times, a day without an hour, wrong, or nothing shown.

    Only the first pages can be wrong: further on, the words may be about somebody else, as in a list of accounts.
    """
    if all(visit.right for visit in visits):
        return "shown"
    if all(visit.right or visit.dated for visit in visits):
        return "imprecise"
    return "wrong" if all(visit.first for visit in visits) else "missing"


def readable(data: str) -> str:
    """JSON as a text in which names stand beside their values."""
    return re.sub(r'["{}\[\],]+', " ", data)
