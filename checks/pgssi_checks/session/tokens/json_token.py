"""JSON Web Tokens in compact form (RFC 7519, RFC 7515): taken apart and put together again. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

MAX_TOKEN: Final = 16_384
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
HASHES: Final = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


@dataclass(frozen=True)
class JsonToken:
    """A token taken apart. `signed` is what its signature covers."""

    header: Mapping[str, Any] = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    signature: bytes = field(repr=False)
    signed: str = field(repr=False)

    @property
    def algorithm(self) -> str:
        return str(self.header.get("alg", ""))[:20]

    def moment(self, claim: str) -> datetime | None:
        """A claim that is a date in seconds since 1970 (`exp`, `iat`, `nbf`), UTC."""
        value = self.payload.get(claim)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def lifetime(self, received: datetime) -> float | None:
        """Seconds that the token lives after its issue, else after `received`; None when it has no end."""
        end = self.moment("exp")
        start = self.moment("iat") or received
        return (end - start).total_seconds() if end else None


def parsed(token: str) -> JsonToken | None:
    """The token; None for anything else, encrypted ones included. Never raises."""
    match = _COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if match is None:
        return None
    header, payload, signature = (_object(match[1]), _object(match[2]), bytes_of(match[3]))
    if header is None or payload is None or signature is None or "alg" not in header:
        return None
    return JsonToken(header, payload, signature, f"{match[1]}.{match[2]}")


def bytes_of(part: str) -> bytes | None:
    """What base64url text stands for; None for anything else."""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return None


def _object(part: str) -> dict[str, Any] | None:
    raw = bytes_of(part)
    try:
        value = json.loads(raw) if raw is not None else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Embedded:
    """A token within the value that carries it: `Bearer%20…`, quotes."""

    before: str
    token: JsonToken
    after: str

    def around(self, other: str) -> str:
        """The value with another token in its place."""
        return f"{self.before}{other}{self.after}"


_WITHIN = re.compile(r"(?:Bearer(?: |%20|\+)|%22|\")?([A-Za-z0-9_.-]+)(?:%22|\")?")


def embedded(value: str) -> Embedded | None:
    """The JWT that a cookie or a header carries; None when it carries none. Never raises."""
    match = _WITHIN.fullmatch(value) if len(value) <= MAX_TOKEN + 20 else None
    token = parsed(match[1]) if match is not None else None
    if match is None or token is None:
        return None
    return Embedded(value[: match.start(1)], token, value[match.end(1) :])


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def written(header: Mapping[str, Any], token: JsonToken, signature: bytes | None = None) -> str:
    """The same payload under another header, with a signature as given, or none."""
    head = encoded(json.dumps(dict(header), separators=(",", ":")).encode())
    return f"{head}.{token.signed.partition('.')[2]}.{encoded(signature) if signature else ''}"


def hmac_signed(header: Mapping[str, Any], token: JsonToken, key: bytes) -> str:
    """The same payload signed with a key of ours, by the HS algorithm that the header names."""
    unsigned = written(header, token).rstrip(".")
    return f"{unsigned}.{encoded(hmac.digest(key, unsigned.encode('ascii'), HASHES[str(header['alg'])]))}"


def is_signed_with(token: JsonToken, key: bytes) -> bool:
    """Whether an HS token was signed with this key; tried here, nothing is sent."""
    name = HASHES.get(token.algorithm)
    if name is None:
        return False
    made = hmac.new(key, token.signed.encode("ascii"), getattr(hashlib, name)).digest()
    return hmac.compare_digest(made, token.signature)
