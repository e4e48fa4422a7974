"""Keys and tokens in what a page sends, verified by their format, their checksum where there is one, their entropy."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from pgssi_probe import yaml_text

PATTERNS = Path(__file__).with_name("secret_patterns_data.yaml")
MAX_READ = 2_000_000
MAX_FOUND = 50
NEAR = 200
SHOWN = 4

_BEGIN = re.compile(r"-----BEGIN ((?:[A-Z]{2,12} ){0,2}PRIVATE KEY)-----")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Secret:
    """`shown` is all that may be shown or stored of it; `position` is where it begins in the text."""

    slug: str
    kind: str
    shown: str
    position: int


@dataclass(frozen=True, slots=True)
class _Pattern:
    slug: str
    kind: str
    pattern: re.Pattern[str]
    near: re.Pattern[str] | None
    verify: Callable[[str], bool] | None
    entropy: float
    scripts: bool


def masked(secret: str) -> str:
    """The first characters and the length: enough to find it again, not to use it.

    >>> masked("ghp_abcdefgh")
    'ghp_… (12)'
    """
    return f"{secret[:SHOWN]}… ({len(secret)})"


def entropy(text: str) -> float:
    """Shannon entropy of the characters, in bits a character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values()) if text else 0.0


def checksum_holds(token: str) -> bool:
    """GitHub and npm tokens end with the CRC-32 of their random part, in six characters of base 62."""
    body, given = token.rpartition("_")[2][:-6], token[-6:]
    number = zlib.crc32(body.encode())
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits.rjust(6, "0") == given


def is_signed_jwt(token: str) -> bool:
    """A JWT whose header names an algorithm and whose payload is an object (RFC 7519)."""
    header, payload, _ = token.split(".", 2)
    decoded = [_json_object(part) for part in (header, payload)]
    return all(part is not None for part in decoded) and isinstance((decoded[0] or {}).get("alg"), str)


def _json_object(part: str) -> dict[str, Any] | None:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_mixed(value: str) -> bool:
    """Digits, letters and one thing more: what identifiers, labels and addresses of a script are not."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda letter: not letter.isalnum())
    present = [any(kind(letter) for letter in value) for kind in kinds]
    named = re.fullmatch(r"[A-Za-z]+(?:[._/:-][A-Za-z]+)*[._-]?\d{0,2}|[/#.].*|https?:.*", value)
    return sum(present) >= 3 and present[2] and not named


_VERIFIERS: Mapping[str, Callable[[str], bool]] = {"github": checksum_holds, "jwt": is_signed_jwt, "mixed": is_mixed}


@cache
def _data() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml_text.read(PATTERNS)
    return loaded


@cache
def _patterns() -> tuple[_Pattern, ...]:
    return tuple(
        _Pattern(
            entry["slug"],
            entry["kind"],
            re.compile(entry["pattern"]),
            re.compile(entry["near"]) if "near" in entry else None,
            _VERIFIERS[entry["verify"]] if "verify" in entry else None,
            float(entry.get("entropy", 0)),
            bool(entry.get("scripts")),
        )
        for entry in _data()["patterns"]
    )


@cache
def _examples() -> tuple[frozenset[str], re.Pattern[str]]:
    return frozenset(example.lower() for example in _data()["examples"]), re.compile(_data()["placeholders"])


def is_example(secret: str) -> bool:
    """Values of documentation, templates and repetitions: nobody's secret."""
    known, placeholder = _examples()
    return secret.lower() in known or bool(placeholder.search(secret)) or len(set(secret)) < 5


def secrets_in(text: str, *, script: bool) -> list[Secret]:
    """Every secret of a text, each once. `script` allows the formats that only mean something in code."""
    text = text[:MAX_READ]
    found: dict[str, Secret] = {}
    for secret, value in (*_private_keys(text), *_tokens(text, script)):
        found.setdefault(value, secret)
        if len(found) >= MAX_FOUND:
            break
    return list(found.values())


def _tokens(text: str, script: bool) -> Iterator[tuple[Secret, str]]:
    for each in _patterns():
        if each.scripts and not script:
            continue
        for match in each.pattern.finditer(text):
            value = match.group(1)
            if is_example(value) or entropy(value) < each.entropy:
                continue
            if each.verify and not each.verify(value):
                continue
            around = text[max(0, match.start() - NEAR) : match.end() + NEAR]
            if each.near and not each.near.search(around.replace(value, "")):
                continue
            yield Secret(each.slug, each.kind, masked(value), match.start()), value


def _private_keys(text: str) -> Iterator[tuple[Secret, str]]:
    """PEM private keys that can be read, or that are encrypted: a header alone is not a key (RFC 7468)."""
    text = text.replace("\\n", "\n") if "PRIVATE KEY-----\\n" in text else text
    for match in _BEGIN.finditer(text):
        label = match.group(1)
        end = text.find(f"-----END {label}-----", match.end(), match.end() + 20_000)
        if end < 0:
            continue
        pem = text[match.start() : end] + f"-----END {label}-----\n"
        if _is_private_key(pem, label):
            yield Secret("private-key", label, f"-----BEGIN {label}----- ({len(pem)})", match.start()), pem


def _is_private_key(pem: str, label: str) -> bool:
    lines = [line.strip() for line in pem.splitlines() if line.strip()]
    content = ("\n".join(lines) + "\n").encode()
    try:
        if label.startswith("OPENSSH"):
            load_ssh_private_key(content, password=None)
        else:
            load_pem_private_key(content, password=None)
    except TypeError:
        return True  # encrypted: its password is asked for
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True
