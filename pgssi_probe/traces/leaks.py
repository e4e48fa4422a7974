"""Passwords and tokens in a log. What is found is told by place and kind, never by value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import quote, quote_plus

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.net.fingerprint import fingerprint, pieces

LeakKind = Literal["token", "password", "pattern"]
LEAKS_MAX: Final = 200
PASSWORD_SHORTEST: Final = 6
NAMED: Final = re.compile(
    r"(?i)(?<![a-z])(?:password|passwd|pwd|mot_?de_?passe|access_token|refresh_token|id_token|api_?key|jwt)"
    r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?(?P<value>[^\s\"'&,;}\]]{4,400})"
)
BEARER: Final = re.compile(r"(?i)\b(?:bearer|basic) (?P<value>[A-Za-z0-9+/=_.~-]{12,4000})")
JWT: Final = re.compile(r"(?P<value>eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,2000})")
MASKED: Final = re.compile(
    r"(?i)^[\[<(]?(?:\*+|x{3,}|\.{3,}|redacted|masked|filtered|hidden|secret|null|none|undefined|masqu.{1,3}|\[.*)"
)


class Leak(Frozen):
    """`token`: a session token of the run, by its fingerprint; `password`: that of a test account; `pattern`: a value
    that stands where a secret stands, beside a request of the run."""

    file: str
    line: int
    kind: LeakKind


@dataclass(frozen=True, slots=True)
class Secrets:
    """What to look for. Nothing here is shown."""

    key: bytes = field(default=b"", repr=False)
    prints: frozenset[str] = frozenset()
    passwords: tuple[str, ...] = field(default=(), repr=False)

    def in_text(self, text: str, *, ours: bool) -> LeakKind | None:
        """The first kind of leak in a line; patterns count in lines of the run only (`ours`)."""
        if any(form in text for form in self._forms()):
            return "password"
        if self.prints and any(fingerprint(self.key, piece) in self.prints for piece in pieces(text)):
            return "token"
        return "pattern" if ours and _named(text) else None

    def _forms(self) -> Iterable[str]:
        for password in self.passwords:
            if len(password) >= PASSWORD_SHORTEST:
                yield password
                yield quote(password, safe="")
                yield quote_plus(password)


def _named(text: str) -> bool:
    found = (match for pattern in (NAMED, BEARER, JWT) for match in pattern.finditer(text))
    return any(not MASKED.match(match["value"]) for match in found)
