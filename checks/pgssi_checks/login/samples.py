"""Samples of temporary secrets: what they are made of, and how each could be foretold. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log2
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

MAX_SAMPLES: Final = 50
MAX_LENGTH: Final = 2048
YEARS: Final = (1_500_000_000, 2_100_000_000)
"""Seconds since 1970 between which a number reads as a moment: July 2017 to July 2036."""
MAX_STEP: Final = 10_000
"""Largest gap between two numbers that still read as a sequence."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_LINK = re.compile(r"https?://", re.IGNORECASE)
_WORDS = re.compile(r"|(?:[a-z]{1,15}[-_.])*[a-z]{1,15}")
"""The name of a page, in lower case; nothing at all counts too."""
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_DIGESTS: Final = ("md5", "sha1", "sha256", "sha512")


@dataclass(frozen=True, slots=True)
class Sample:
    """`token` is what must not be foretold: the longest value of a link, or the password itself."""

    token: str = field(repr=False)
    is_link: bool
    clear: bool = False

    @property
    def uuid_version(self) -> int | None:
        return UUID(self.token).version if _UUID.fullmatch(self.token) else None

    @property
    def number(self) -> int | None:
        """The number that it writes, in base 10, or 16 when it has hexadecimal letters; None for anything longer."""
        if self.token.isascii() and self.token.isdigit() and len(self.token) <= 18:
            return int(self.token)
        return int(self.token, 16) if _HEX.fullmatch(self.token) and len(self.token) <= 15 else None


def read_samples(declared: object) -> list[Sample]:
    """The samples of the engagement, in the order given, which is that of their arrival."""
    listed = declared if isinstance(declared, list) else []
    texts = [text.strip() for text in listed[:MAX_SAMPLES] if isinstance(text, str) and text.strip()]
    parts = [frozenset(_parts(text)) for text in texts if _LINK.match(text)]
    same = frozenset.intersection(*parts) if len(parts) > 1 else frozenset()
    return [sample_of(text, same) for text in texts]


def sample_of(text: str, same: frozenset[str] = frozenset()) -> Sample:
    """`same` are the parts of the address that every link has: the secret is another one, unless nothing else is left.
    It is no words, as the name of a page is, and the longest."""
    text = text[:MAX_LENGTH]
    if not _LINK.match(text):
        return Sample(text, is_link=False)
    found = _parts(text)
    if not found:
        return Sample(text, is_link=True)
    own = [part for part in found if part not in same] or found
    parts = urlsplit(text)
    clear = parts.scheme.lower() == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}
    return Sample(max(own, key=lambda part: (not _WORDS.fullmatch(part), len(part))), is_link=True, clear=clear)


def _parts(text: str) -> list[str]:
    """Values of the query, steps of the path and the fragment of a link, addresses left out; none of one that cannot be
    read."""
    try:
        parts = urlsplit(text[:MAX_LENGTH])
        values = [value for _, value in parse_qsl(parts.query, max_num_fields=50)]
        _ = parts.hostname
    except ValueError:
        return []
    values += [unquote(step) for step in parts.path.split("/")] + [parts.fragment]
    return [value for value in values if "@" not in value and not value.startswith("http")]


def repeated(samples: Sequence[Sample]) -> int:
    """How many samples are the same as an earlier one."""
    return len(samples) - len({sample.token for sample in samples})


def by_sequence(samples: Sequence[Sample]) -> bool:
    """Three numbers at least that follow each other by small steps, always upward or always downward."""
    numbers = [number for sample in samples if (number := sample.number) is not None]
    if len(numbers) < 3 or len(numbers) < len(samples):
        return False
    steps = [after - before for before, after in pairwise(numbers)]
    small = max(abs(step) for step in steps) <= MAX_STEP
    # Steps of small numbers are always small: they must be small for their size too.
    return small and (min(steps) > 0 or max(steps) < 0) and max(abs(s) for s in steps) * 20 < max(numbers)


def by_time(sample: Sample) -> bool:
    """A moment written as such: seconds, milliseconds, PHP's `uniqid`, or one of them in base 64."""
    token = sample.token
    if token.isascii() and token.isdigit():
        return (len(token) == 10 and _plausible(int(token))) or (len(token) == 13 and _plausible(int(token) // 1000))
    if re.fullmatch(r"[0-9a-f]{13}|[0-9a-f]{8}", token):
        microseconds = int(token[8:], 16) if len(token) == 13 else 0
        return _plausible(int(token[:8], 16)) and microseconds < 1_000_000 and bool(re.search("[a-f]", token))
    decoded = _decoded(token)
    return decoded is not None and decoded.isdigit() and by_time(Sample(decoded, sample.is_link))


def from_address(sample: Sample, addresses: Iterable[str]) -> bool:
    """A digest, or the base 64, of a user name or address that anybody may know."""
    token = sample.token.rstrip("=")
    for address in addresses:
        for known in {address, address.lower()}:
            raw = known.encode()
            digests = [hashlib.new(name, raw, usedforsecurity=False) for name in _DIGESTS]
            forms = {digest.hexdigest() for digest in digests}
            forms |= {base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=") for digest in digests}
            forms.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
            if token.lower() in forms or token in forms:
                return True
    return False


def strength_bits(sample: Sample, samples: Sequence[Sample]) -> float:
    """The most that a guesser may have to search, in bits: the length that varies, by the signs that are used.

    With three samples or more of one length, places where all agree count for nothing. An upper bound: a sample may be
    weaker than it looks, never stronger.
    """
    if sample.uuid_version == 4:
        return 122.0
    peers = [other.token for other in samples if len(other.token) == len(sample.token)]
    used = "".join(peers)
    varying = len(sample.token)
    if len(peers) >= 3:
        varying = sum(len({token[place] for token in peers}) > 1 for place in range(len(sample.token)))
    return varying * log2(alphabet(used))


def alphabet(used: str) -> int:
    """How many signs the ones used are drawn from, at most."""
    if set(used) <= set(string.digits):
        return 10
    if set(used) <= set(string.digits + "abcdef-") or set(used) <= set(string.digits + "ABCDEF-"):
        return 16
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    size = sum(len(kind) for kind in kinds if set(used) & set(kind))
    other = set(used) - set("".join(kinds))
    return max(2, size + (2 if other and other <= set("-_+/=") else 37 if other else 0))


def _plausible(seconds: int) -> bool:
    return YEARS[0] <= seconds <= YEARS[1]


def _decoded(token: str) -> str | None:
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except ValueError:
        return None
