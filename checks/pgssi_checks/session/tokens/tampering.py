"""Values that a session token must not be accepted with. Pure: values stay in memory and are never shown."""

from __future__ import annotations

import base64
import binascii
import random
import re
import string
from dataclasses import dataclass, field
from typing import Final

FLIPS: Final = ((1, 3), (1, 2), (2, 3))
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_CLASSES: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_HEX: Final = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_SEPARATORS = re.compile(r"[.|:~!&]|%7C|%3A|%2E|%26", re.IGNORECASE)
MAX_SEGMENTS: Final = 6
SHORTEST_TEXT: Final = 12
_PRINTABLE: Final = frozenset(string.printable.encode())
SHORTEST_PART: Final = 16
"""Characters of a last part that may be a signature."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """A value made from a token. `kind` is `flipped-third`, `flipped-half`, `flipped-two-thirds`, `flipped-last-part`
    (of a token of several: its signature most often), `random`, `truncated` or `empty`."""

    kind: str
    value: str = field(repr=False)


KINDS: Final = (
    "flipped-third", "flipped-half", "flipped-two-thirds", "flipped-last-part", "random", "truncated", "empty",
)  # fmt: skip


def alterations(token: str, chance: random.Random) -> tuple[Alteration, ...]:
    """Every alteration that differs from the token. The length of a flipped or random one is that of the token."""
    made = [
        Alteration(kind, flipped(token, len(token) * share // whole))
        for kind, (share, whole) in zip(KINDS, FLIPS, strict=False)
    ]
    parts = segments(token)
    if parts and len(parts[-1].text) >= SHORTEST_PART:
        made.append(Alteration("flipped-last-part", flipped(token, len(token) - len(parts[-1].text) // 2)))
    made += [
        Alteration("random", randomised(token, chance)),
        Alteration("truncated", truncated(token)),
        Alteration("empty", ""),
    ]
    return tuple(each for each in made if each.value != token)


def flipped(token: str, at: int) -> str:
    """The token with the first letter or digit from `at` on (else before) changed, so that what it decodes to changes.

    A character is replaced by another of its own kind: hexadecimal stays hexadecimal without changing of case only, and
    every character of base64 but the last carries six whole bits. Percent escapes are left alone.
    """
    escaped = {place for match in _ESCAPE.finditer(token) for place in range(match.start(), match.end())}
    usable = [place for place, char in enumerate(token) if _class_of(char, token) and place not in escaped]
    if len(usable) > 1 and usable[-1] == len(token.rstrip("=")) - 1:
        usable.pop()  # the last of base64 may hold bits that nothing reads
    if not usable:
        return token
    place = next((place for place in usable if place >= at), usable[-1])
    kind = _class_of(token[place], token)
    other = kind[(kind.index(token[place]) + len(kind) // 2) % len(kind)]
    return token[:place] + other + token[place + 1 :]


def _class_of(char: str, token: str) -> str:
    """The characters that may stand in for this one; "" for a sign."""
    if _HEX.fullmatch(token) and char.isalpha():
        return "abcdef" if char.islower() else "ABCDEF"
    return next((kind for kind in _CLASSES if char in kind), "")


def randomised(token: str, chance: random.Random) -> str:
    """Random letters and digits in place of its own; signs and escapes stay where they are."""
    escaped = {place for match in _ESCAPE.finditer(token) for place in range(match.start(), match.end())}
    return "".join(
        chance.choice(kind) if (kind := _class_of(char, token)) and place not in escaped else char
        for place, char in enumerate(token)
    )


def truncated(token: str) -> str:
    """The token without its last third: more than a checksum or a route goes."""
    return token[: len(token) * 2 // 3]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a token between separators. `rest` is the token without it and without one separator."""

    text: str = field(repr=False)
    rest: str = field(repr=False)


def segments(token: str) -> tuple[Segment, ...]:
    """The parts of a token, when it has several: `id.route`, `payload.date.signature`. None for one of one piece."""
    marks = list(_SEPARATORS.finditer(token))
    if not marks or len(marks) >= MAX_SEGMENTS:
        return ()
    starts = [0, *(mark.end() for mark in marks)]
    ends = [*(mark.start() for mark in marks), len(token)]
    found = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        left = token[: starts[number] if number == 0 else marks[number - 1].start()]
        right = token[marks[0].end() :] if number == 0 else token[end:]
        found.append(Segment(token[start:end], left + right))
    return tuple(found)


def is_readable(token: str) -> bool:
    """Whether a part of the token decodes to text: what it says must then be signed. Random bytes need not be."""
    return any(_is_text(part) for part in _SEPARATORS.split(token[:8192]))


def _is_text(part: str) -> bool:
    bare = part.rstrip("=")
    try:
        raw = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)) if len(bare) >= SHORTEST_TEXT else b""
    except (binascii.Error, ValueError):
        return False
    return bool(raw) and sum(byte in _PRINTABLE for byte in raw) >= 0.95 * len(raw)
