"""What a JWT says of its user to whoever reads it: kinds, never values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pgssi_probe.redact.text import PATTERNS

MAX_DEPTH: Final = 5
MAX_CLAIMS: Final = 400
_NIR: Final = next(pattern for kind, pattern in PATTERNS if kind == "nir")
_EMAIL: Final = next(pattern for kind, pattern in PATTERNS if kind == "e-mail")
_NAMES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "password",
        re.compile(r"^(?:user_?)?(?:password|passwd|pwd|mot_?de_?passe|mdp|pass_?hash|password_?hash|hash|salt)$"),
    ),
    ("secret", re.compile(r"^(?:totp_?secret|otp_?secret|client_?secret|api_?key|private_?key|secret(?:_?answer)?)$")),
    (
        "nir",
        re.compile(r"^(?:nir|ins|ins_?c|ssn|nss|num(?:ero)?_?secu|securite_?sociale|social_?security(?:_?number)?)$"),
    ),
    ("birth-date", re.compile(r"^(?:birth_?date|date_?of_?birth|dob|birthday|date_?(?:de_?)?naissance|naissance)$")),
    ("phone", re.compile(r"^(?:phone(?:_?number)?|mobile|tel|telephone|portable)$")),
    ("postal-address", re.compile(r"^(?:address|adresse|street(?:_?address)?|postal_?code|code_?postal)$")),
    (
        "health",
        re.compile(r"^(?:diagnos\w*|patholog\w*|maladie|allerg\w*|traitement|treatment|ordonnance|blood_?type)$"),
    ),
    ("iban", re.compile(r"^(?:iban|card_?number|pan)$")),
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def sensitive_kinds(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """Kinds of sensitive data in the claims, by the name of a claim that holds something, or by its format.

    A name or an electronic address alone is what OpenID Connect puts in its tokens, and is not counted: see
    `tells_identity`.
    """
    found: dict[str, None] = {}
    for name, value in _claims(payload):
        if value in (None, "", False):
            continue
        spelled = _CAMEL.sub("_", name).lower().replace("-", "_")
        for kind, pattern in _NAMES:
            if pattern.match(spelled) and not isinstance(value, bool):
                found[kind] = None
        if isinstance(value, str) and any(is_nir(match[0]) for match in _NIR.finditer(value[:2000])):
            found["nir"] = None
    return tuple(found)


def is_nir(written: str) -> bool:
    """With its right control key (Insee: 97 minus the number modulo 97): a date in milliseconds has thirteen digits."""
    bare = re.sub(r"[^0-9ABab]", "", written).upper()
    if len(bare) != 15:
        return False
    number = bare[:13].replace("2A", "19").replace("2B", "18")
    return number.isdecimal() and bare[13:].isdecimal() and int(bare[13:]) == 97 - int(number) % 97


def tells_identity(payload: Mapping[str, Any]) -> bool:
    """Whether an electronic address stands in the claims."""
    return any(isinstance(value, str) and _EMAIL.search(value[:2000]) for _, value in _claims(payload))


def _claims(value: Any, name: str = "", depth: int = 0, left: list[int] | None = None) -> Iterator[tuple[str, Any]]:
    left = [MAX_CLAIMS] if left is None else left
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        inner: Iterator[tuple[str, Any]] = ((str(key)[:100], one) for key, one in value.items())
    elif isinstance(value, list):
        inner = ((name, one) for one in value)
    else:
        yield name, value
        return
    for key, one in inner:
        left[0] -= 1
        if left[0] < 0:
            return
        yield from _claims(one, key, depth + 1, left)
