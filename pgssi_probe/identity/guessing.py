"""Addresses that may tell who is signed in, read from scripts; and when to stop guessing at a place. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.discovery.address import absolute, extension
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.identity.vocabulary import OTHER_FORM, PERSONAL, SIGN_IN, SIGN_OUT, address_words

MAX_SCRIPT: Final = 2_000_000
MAX_MET: Final = 200
ENOUGH: Final = 2
"""Errors of the server after which nothing more is guessed at a place."""
_OF_API = re.compile(r"[\"'`](?:\$\{[^}\"'`]{1,60}\})?(/(?:api|rest|backend|v\d)/[A-Za-z0-9_./-]{2,80})[\"'`]")


@dataclass
class BrokenPlaces:
    """Places, by the first word of their path, that answer what they do not know with an error of the server: a few
    such answers look like harm done, to us and to whoever watches the server."""

    met: Counter[str] = field(default_factory=Counter)

    def add(self, url: str, status: int | None) -> None:
        if status is not None and status >= 500:
            self.met[_place(url)] += 1

    def holds(self, url: str) -> bool:
        return self.met[_place(url)] >= ENOUGH


def _place(url: str) -> str:
    words = [word for word in urlsplit(url).path.split("/") if word]
    return words[0] if len(words) > 1 else ""


def api_addresses(scripts: Iterable[str], url: str, most: int) -> tuple[str, ...]:
    """Whole addresses of an API that scripts name, those of oneself first: no sign-in, nothing that acts."""
    found: dict[str, bool] = {}
    for script in scripts:
        for match in _OF_API.finditer(script[:MAX_SCRIPT]):
            target = absolute(match[1], url)
            if target is None or extension(target) or len(found) >= MAX_MET:
                continue
            words = address_words(target)
            acts = is_dangerous(target) or SIGN_IN.search(words) or SIGN_OUT.search(words) or OTHER_FORM.search(words)
            if not acts:
                found[target] = bool(PERSONAL.search(words)) or "whoami" in words
    return tuple(sorted(found, key=lambda one: not found[one]))[:most]
