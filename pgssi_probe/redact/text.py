"""Redaction of text and of JSON: what is known, what is told by a label or by civility, what is recognised by its form.

Equal values get the same mark within a run, by an HMAC under a key that is never written: a plain hash of a NIR is
brute-forced.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html import escape
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

from pgssi_probe.redact.civil import without_free_names
from pgssi_probe.redact.formats import NUMBERS, PATTERNS, ungrouped
from pgssi_probe.redact.labels import by_label, kind_of_key, numbers_by_label
from pgssi_probe.redact.people import People

__all__ = ["PATTERNS", "UNLINKED", "Redactor", "redact_text"]

LONG_NUMBER: Final = 10**8
"""From nine digits on, a number of JSON may be an identifier."""
REMEMBERED: Final = 2000
REMEMBERED_LENGTH: Final = 300
"""How many texts are remembered, and of how many characters at most."""


def _spellings(char: str) -> tuple[str, ...]:
    """How a character stands in a text, a page or an address."""
    coded = quote(char, safe="", errors="replace")
    return tuple(
        dict.fromkeys((char, escape(char), f"&#{ord(char)};", coded, *(("+", "\u00a0") if char == " " else ())))
    )


@dataclass(frozen=True, slots=True)
class Redactor:
    """Marks values as `‹kind:abcd1234›`; the same value has the same mark under one key. The key dies with it.

    Not `linked`, it marks all values of a kind as `‹kind›`: the same text in every run.
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    values: tuple[str, ...] = field(default=(), repr=False)
    """Values known beforehand that are marked wherever they stand, whatever their case or their HTML escaping."""
    linked: bool = True
    people: People = field(default_factory=People, repr=False, compare=False)
    """Who the run has met so far: what stood once under a label is marked wherever it stands."""
    _recognised: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Short texts and what they became: addresses and headers come back at every exchange."""

    def mark(self, kind: str, value: str) -> str:
        if not self.linked:
            return f"‹{kind}›"
        plain = ungrouped(value) if kind in NUMBERS else value
        digest = hmac.new(self.key, plain.encode(errors="surrogatepass"), sha256).hexdigest()
        return f"‹{kind}:{digest[:8]}›"

    def text(self, text: str) -> str:
        """The text with every known and every recognised value marked."""
        text = self.known(text)
        if len(text) > REMEMBERED_LENGTH:
            return self._without_recognised(text)
        clean = self._recognised.get(text)
        if clean is None:
            if len(self._recognised) >= REMEMBERED:
                self._recognised.clear()
            clean = self._recognised[text] = self._without_recognised(text)
        return clean

    def _without_recognised(self, text: str) -> str:
        text = without_free_names(by_label(text, self.mark), self.mark)
        for kind, pattern in PATTERNS:
            text = pattern.sub(self._whole(kind), text)
        return numbers_by_label(text, self.mark)

    def value(self, value: JsonValue) -> JsonValue:
        """JSON with its texts, its keys and its long numbers marked, and what its keys announce."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= LONG_NUMBER:
            digits = str(value)
            return value if (clean := self.text(digits)) == digits else clean
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self._announced(name, item) for name, item in value.items()}
        return value

    def _announced(self, name: str, value: JsonValue) -> JsonValue:
        kind = kind_of_key(name)
        if kind is not None and isinstance(value, str) and value and "‹" not in value:
            return self.mark(kind, value)
        return self.value(value)

    def known(self, text: str) -> str:
        """The text with the values known beforehand and the persons met so far marked, and nothing else."""
        for value in self.values:
            pattern = "".join(f"(?:{'|'.join(map(re.escape, _spellings(char)))})" for char in value)
            text = re.sub(pattern, self.mark("canary", value), text, flags=re.IGNORECASE) if pattern else text
        return self.people.marked(text, self.mark)

    def unlinked(self) -> Redactor:
        """The same knowledge, with marks that read alike in every run."""
        return replace(self, linked=False)

    def _whole(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda match: self.mark(kind, match.group())


UNLINKED: Final = Redactor(b"", linked=False)
"""For what must read the same in every run: the subject and the facts of what a check says."""
_SHARED = Redactor()


def redact_text(text: str) -> str:
    """Redaction under a key of this process: for log lines and exceptions."""
    return _SHARED.text(text)
