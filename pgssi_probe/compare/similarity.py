"""Whether two texts are the same page: what changes by itself is folded first, then overlapping words are counted.

Deterministic, bounded, and linear in the length of the texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

SAME_PAGE: Final = 0.90
"""Similarity from which two answers are one page when nothing is known of the noise [ours]."""
NOISE_MARGIN: Final = 0.03
"""How far below its own noise floor a page may fall and still be itself [ours]."""
MAX_CHARACTERS: Final = 400_000
MAX_TOKENS: Final = 40_000

_BASE64 = (
    r"(?=[A-Za-z0-9+/]{40})(?=[A-Za-z0-9+/]{0,100}[0-9])(?=[A-Za-z0-9+/]{0,100}[a-z])(?=[A-Za-z0-9+/]{0,100}[A-Z])"
    r"[A-Za-z0-9+/]+={0,2}"
)
_TOKEN = re.compile(rf"(?P<opaque>{_BASE64})|[^\W_](?:[\w.-]*\w)?|[^\w\s]|_+")
_DIGITS = re.compile(r"[0-9]+")
_OPAQUE = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])(?:[A-Za-z0-9_.-]{16,}|[0-9a-fA-F]{8,}|[0-9a-fA-F-]{36})")
_LONG_LETTERS = re.compile(r"(?=.*[a-z])(?=.*[A-Z])[A-Za-z]{22,}")
_CALENDAR = frozenset(
    # Names of months and days, which stand where dates stand.
    """
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    janvier fevrier février mars avril mai juin juillet aout août septembre octobre novembre decembre décembre
    janv fev févr avr juil déc
    monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun
    lundi mardi mercredi jeudi vendredi samedi dimanche am pm gmt utc cet cest
    """.split()  # noqa: SIM905
)
OPAQUE: Final = "¤"
NUMBER: Final = "0"


def tokens(text: str, echoes: Iterable[str] = ()) -> list[str]:
    """Words and signs, folded: numbers, dates, identifiers and random values become marks.

    `echoes` are strings that the answer may repeat from its own request (a path); they are removed first.
    """
    text = text[:MAX_CHARACTERS]
    for echo in sorted({echo for echo in echoes if len(echo) > 3}, key=len, reverse=True):
        text = text.replace(echo, " ")
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        found.append(OPAQUE if match["opaque"] else _folded(match[0]))
        if len(found) == MAX_TOKENS:
            break
    return found


def _folded(token: str) -> str:
    if _OPAQUE.fullmatch(token) or _LONG_LETTERS.fullmatch(token):
        return OPAQUE
    if token.lower() in _CALENDAR:
        return NUMBER
    return _DIGITS.sub(NUMBER, token)


def normalise(text: str, echoes: Iterable[str] = ()) -> str:
    """The text with what changes by itself folded, single spaces between words and signs. Idempotent."""
    return " ".join(tokens(text, echoes))


@dataclass(frozen=True)
class Fingerprint:
    """The counted words and groups of three words of a text: what similarity is computed from."""

    counts: Counter[tuple[str, ...]]

    @classmethod
    def of(cls, text: str, echoes: Iterable[str] = ()) -> Fingerprint:
        return cls(_shingles(tokens(text, echoes)))

    @cached_property
    def size(self) -> int:
        return self.counts.total()

    def similarity(self, other: Fingerprint) -> float:
        """Dice's coefficient, in [0, 1]: 1 for the same folded text, two empty texts included. Symmetric."""
        if self.counts == other.counts:
            return 1.0
        small, large = sorted((self.counts, other.counts), key=len)
        shared = sum(min(count, large[shingle]) for shingle, count in small.items())
        return 2 * shared / (self.size + other.size)


def _shingles(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter((word,) for word in words)
    counts.update(zip(words, words[1:], words[2:], strict=False))
    return counts


def similarity(first: str, second: str) -> float:
    """How alike two texts are, in [0, 1], once folded."""
    return Fingerprint.of(first).similarity(Fingerprint.of(second))


def same_page_threshold(
    noise_floor: float | None, *, same_page: float = SAME_PAGE, margin: float = NOISE_MARGIN
) -> float:
    """Similarity from which two answers are the same page, given that of a page with itself."""
    return same_page if noise_floor is None else max(same_page, noise_floor - margin)
