"""Redaction of free text: identifiers of the French health system, contacts, cards, tokens and secrets.

Redacted on the format even when the control key is wrong: a mistyped NIR is still personal data. Equal values get
the same mark within a run, by an HMAC under a key that is never written: a plain hash of a NIR is brute-forced.
Formats: Insee (NIR, 13 characters and a key of 2), ANS (RPPS 11 digits, INS = NIR + OID), DREES (FINESS, ADELI 9).
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from urllib.parse import quote

_GAP = r"[ .\-\u00a0\u202f]?"
_CARD_GAP = r"[ \-\u00a0\u202f]?"
_SPACE = r"[ \u00a0\u202f]?"  # no dot here: an address such as 192.168.100.10 is not a FINESS number


def _spaced(count: int, gap: str = _GAP) -> str:
    return rf"\d(?:{gap}\d){{{count - 1}}}"


# Each pattern is anchored on non-word limits and linear: no nested quantifier over the same characters.
_NIR = (
    rf"[1-478]{_GAP}\d{_GAP}\d{_GAP}(?:0[1-9]|1[0-2]|[2-9]\d){_GAP}"
    rf"(?:\d{_GAP}[\dABab]){_GAP}{_spaced(6)}(?:{_GAP}\d{_GAP}\d)?"
)
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private-key",
        re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]{0,30}-----|\Z)"),
    ),
    ("jwt", re.compile(r"\beyJ[\w-]{8,4096}\.[\w-]{2,4096}\.?[\w-]{0,4096}")),
    ("bearer", re.compile(r"(?i)(?<=\bbearer )[\w.~+/=-]{8,4096}")),
    ("basic", re.compile(r"(?i)(?<=\bbasic )[A-Za-z0-9+/]{6,1024}={0,2}")),
    ("e-mail", re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")),
    ("nir", re.compile(rf"(?<![\w]){_NIR}(?![\w])")),
    ("card", re.compile(rf"(?<![\w.]){_spaced(13, _CARD_GAP)}(?:{_CARD_GAP}\d){{0,6}}(?![\w])")),
    ("phone", re.compile(r"(?<![\w])(?:\+33|0033|0)[ .\-\u00a0\u202f]?[1-9](?:[ .\-\u00a0\u202f]?\d{2}){4}(?![\w])")),
    ("rpps", re.compile(rf"(?<![\w.]){_spaced(11, _SPACE)}(?![\w])")),
    ("finess", re.compile(rf"(?<![\w.])\d{_SPACE}[\dABab]{_SPACE}{_spaced(7, _SPACE)}(?![\w])")),
)
_SENSITIVE_NAMES = (
    r"passwords?|passwd|pwd|mot_?de_?passe|secrets?|api_?keys?|access_?tokens?|refresh_?tokens?|id_?tokens?|tokens?|"
    r"client_?secret|csrf\w{0,20}|xsrf\w{0,20}|session_?id|sid|otp|totp|authorization"
)
_ASSIGNED = re.compile(
    rf"(?i)(?P<name>[\"']?\b(?:{_SENSITIVE_NAMES})\b[\"']?\s{{0,8}}(?:=>|[:=])\s{{0,8}})(?P<quote>[\"']?)(?P<value>[^\s\"'<>&;,]{{3,512}})"
)
_LABELLED = re.compile(
    r"(?P<name>\b(?:Nom(?: de naissance| d'usage| de famille)?|Pr[ée]noms?|N[ée]e? le|Date de naissance|Patient(?:e)?)"
    r"\s{0,4}[:=]\s{0,4})(?P<value>[^\n<>|;,]{2,80})"
)
_TITLED = re.compile(
    r"(?P<name>\b(?:M\.|Mme|Mlle|Dr|Pr)\s)(?P<value>[A-ZÀ-Ý][\w'’-]{1,40}(?:\s[A-ZÀ-Ý][\w'’-]{1,40}){0,2})"
)


def _spellings(char: str) -> tuple[str, ...]:
    """How a character stands in a text, a page or an address."""
    coded = quote(char, safe="", errors="replace")
    return tuple(
        dict.fromkeys((char, escape(char), f"&#{ord(char)};", coded, *(("+", "\u00a0") if char == " " else ())))
    )


@dataclass(frozen=True, slots=True)
class Redactor:
    """Marks values as `‹kind:abcd1234›`; the same value has the same mark under one key. The key dies with it."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    values: tuple[str, ...] = field(default=(), repr=False)
    """Values known beforehand that are marked wherever they stand, whatever their case or their HTML escaping."""

    def mark(self, kind: str, value: str) -> str:
        plain = re.sub(r"[ .\-\u00a0\u202f]", "", value).lower() if kind in _NUMERIC else value
        digest = hmac.new(self.key, plain.encode(errors="surrogatepass"), sha256).hexdigest()
        return f"‹{kind}:{digest[:8]}›"

    def text(self, text: str) -> str:
        """The text with every known and every recognised value marked."""
        text = self.known(text)
        text = _ASSIGNED.sub(self._keep_name("secret"), text)
        for kind, pattern in PATTERNS:
            text = pattern.sub(self._whole(kind), text)
        text = _LABELLED.sub(self._keep_name("name"), text)
        return _TITLED.sub(self._keep_name("name"), text)

    def known(self, text: str) -> str:
        """The text with the values known beforehand marked, and nothing else."""
        for value in self.values:
            pattern = "".join(f"(?:{'|'.join(map(re.escape, _spellings(char)))})" for char in value)
            text = re.sub(pattern, self.mark("canary", value), text, flags=re.IGNORECASE) if pattern else text
        return text

    def _whole(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda match: self.mark(kind, match.group())

    def _keep_name(self, kind: str) -> Callable[[re.Match[str]], str]:
        def replaced(match: re.Match[str]) -> str:
            quote = match.groupdict().get("quote") or ""
            value = match["value"]
            return match.group() if "‹" in value else f"{match['name']}{quote}{self.mark(kind, value)}"

        return replaced


_NUMERIC = frozenset({"nir", "rpps", "finess", "phone", "card"})
_SHARED = Redactor()


def redact_text(text: str) -> str:
    """Redaction under a key of this process: for log lines and exceptions."""
    return _SHARED.text(text)
