"""One-time codes from a shared secret (RFC 6238: HMAC-SHA-1, 30 seconds, six digits, as authenticator apps do)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

STEP: Final = 30
DIGITS: Final = 6


class BadTotpSecret(ValueError):
    """The secret is no base 32. The message does not hold it."""


def one_time_code(secret: str, now: datetime, *, digits: int = DIGITS, step: int = STEP) -> str:
    """The code at `now` (aware). The secret is base 32, spaces, case and padding aside. Raises BadTotpSecret."""
    bare = "".join(secret.split()).replace("-", "").rstrip("=").upper()
    try:
        key = base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (binascii.Error, ValueError):
        raise BadTotpSecret("not base 32") from None
    if not key:
        raise BadTotpSecret("empty")
    digest = hmac.digest(key, struct.pack(">Q", int(now.timestamp()) // step), hashlib.sha1)
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


@dataclass
class CodesGiven:
    """Which codes were handed over: an application that follows RFC 6238 §5.2 takes each of them once.

    `last` holds the number of the last step, by account. `once` becomes true when a code given again was refused.
    """

    last: dict[str, int] = field(default_factory=dict)
    once: bool = False

    def given(self, label: str, now: datetime) -> bool:
        """Whether the code of now was handed over before."""
        return self.last.get(label) == int(now.timestamp()) // STEP

    def take(self, label: str, secret: str, now: datetime) -> str:
        """The code of now, noted as given. Raises BadTotpSecret."""
        code = one_time_code(secret, now)
        self.last[label] = int(now.timestamp()) // STEP
        return code

    def wait(self, label: str, now: datetime) -> float:
        """Seconds until a code that was not given yet, where each is taken once."""
        return STEP - now.timestamp() % STEP + 0.1 if self.once and self.given(label, now) else 0.0
