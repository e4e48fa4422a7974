"""What is recognised by its form alone: identifiers of the French health system, contacts, cards, tokens, keys.

Redacted on the format even when the control key is wrong: a mistyped NIR is still personal data. Formats: Insee (NIR,
13 characters and a key of 2, 2A and 2B for Corsica), ANS (RPPS 11 digits, INS = NIR + OID), DREES (FINESS, ADELI 9),
ISO 7812 (cards). What a report needs must stay whole: addresses, versions, OIDs, dates, hashes. Hence the limits below:
a number may be glued to a word (`patient_295…`), but not stand within a hash; dots group a number only where its own
groups are, since `192.168.100.10` has eleven digits.

Each pattern is linear: bounded repetitions, and no two ways to read the same characters.
"""

from __future__ import annotations

import re
from typing import Final

BLANK: Final = r"(?:[ \u00a0\u2007\u2009\u202f]|&nbsp;|&#160;|&#xa0;|&#8239;|%20|%C2%A0|\\u00a0|\\u202f)"
"""A space of any kind, as it stands in a text, a page, an address or JSON."""
GAP: Final = rf"(?:{BLANK}|[.\-\u2011])"
_BEFORE = (
    r"(?<![0-9])(?<![0-9A-Fa-f]{4})(?<!\b0\.)"
    + "".join(rf"(?<!-[0-9A-Fa-f]{{4}}-[0-9A-Fa-f]{{{start}}})" for start in range(4))  # the last group of a UUID
)
_AFTER = r"(?![0-9])(?![0-9A-Fa-f]{4})"
_G2, _B = rf"{GAP}{{0,2}}", rf"{BLANK}?"

_NIR_GROUPED = (
    rf"[123478]{_G2}\d\d{_G2}(?:0[1-9]|1[0-2]|[2-9]\d){_G2}(?:\d\d|2[ABab]){_G2}\d{{3}}{_G2}\d{{3}}(?:{_G2}\d\d)?"
)
_NIR_SPACED = (
    rf"[123478]{_B}\d{_B}\d{_B}(?:0{_B}[1-9]|1{_B}[0-2]|[2-9]{_B}\d){_B}"
    rf"(?:\d{_B}\d|2{_B}[ABab])(?:{_B}\d){{6}}(?:{_B}\d{_B}\d)?"
)
_CARD = (
    r"[2-6]\d{12,18}"
    rf"|[2-6]\d{{3}}(?P<four>{GAP})\d{{4}}(?P=four)\d{{4}}(?P=four)\d{{1,7}}"
    rf"|3\d{{3}}(?P<amex>{GAP})\d{{6}}(?P=amex)\d{{4,5}}"
    rf"|[2-6](?:{BLANK}\d){{12,18}}"
)
_PHONE = (
    rf"(?:(?:\+|00)(?:33|262|590|594|596|508|687|689)(?:{GAP}?\(0\))?|0){GAP}{{0,2}}[1-9]"
    rf"(?P<pairs>{GAP}{{0,2}})\d{{2}}(?:(?P=pairs)\d{{2}}){{3}}"
)
_RPPS = (
    rf"\d(?:{_B}\d){{10}}"
    r"|(?<![0-9A-Za-z]-)(?=(?:-?\d){11}(?![\d-]))\d{2,5}(?:-\d{3,4}){2,3}"
    r"|(?!\d{1,3}(?:\.\d{1,3}){3}(?!\d))(?=(?:\.?\d){11}(?!\.?\d))\d{2,5}(?:\.\d{3,4}){2,3}"
)
_FINESS = (
    rf"(?:\d{_B}\d|2{_B}[ABab])(?:{_B}\d){{7}}|(?:\d\d|2[ABab])-\d{{3}}-\d{{3}}-\d"
    r"|(?<![0-9A-Za-z]-)\d{3}-\d{3}-\d{3}(?!-)"
)
_LOCAL = r"(?:[\w.!#$%*+^`{}~-]|(?<=\w)'(?=\w)){1,64}"
_FILES = r"(?:png|jpe?g|gif|svg|webp|avif|ico|css|m?js|json|html?|map|woff2?)"

PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "private-key",
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?!-----BEGIN )[\s\S]){0,8192}?"
            r"(?:-----END [A-Z ]{0,30}-----|(?=-----BEGIN )|\Z)"
        ),
    ),
    ("jwt", re.compile(r"(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{2,4096}\.?[\w-]{0,4096}")),
    ("bearer", re.compile(r"(?i)(?<=\bbearer )[\w.~+/=-]{8,4096}")),
    ("basic", re.compile(r"(?i)(?<=\bbasic )[A-Za-z0-9+/]{6,1024}={0,2}")),
    (
        "api-key",
        re.compile(
            r"\b(?:gh[opsur]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,64}|xox[abprs]-[\w-]{10,255}|AKIA[0-9A-Z]{16}"
            r"|AIza[\w-]{35}|[sr]k_(?:live|test)_\w{16,255})"
        ),
    ),
    ("userinfo", re.compile(r"(?<=://)[^\s/@?#\"'<>‹]{1,256}@")),
    (
        "e-mail",
        re.compile(
            rf"{_LOCAL}(?:@|%40|&#64;|&#x40;|\\u0040)(?:[\w-]{{1,63}}\.){{1,8}}(?!{_FILES}\b)[^\W\d_]{{2,24}}(?![\w-])",
            re.IGNORECASE,
        ),
    ),
    ("nir", re.compile(rf"{_BEFORE}(?:{_NIR_GROUPED}|{_NIR_SPACED}){_AFTER}")),
    ("card", re.compile(rf"{_BEFORE}(?:{_CARD}){_AFTER}")),
    ("phone", re.compile(rf"{_BEFORE}(?<!\d-)(?!0\.\d{{9}}(?!\d))(?:{_PHONE}){_AFTER}")),
    ("rpps", re.compile(rf"{_BEFORE}(?<!\d\.)(?:{_RPPS}){_AFTER}")),
    ("finess", re.compile(rf"(?<![0-9A-Za-z.])(?<!age=)(?:{_FINESS})(?![0-9A-Za-z])(?!\.\d)", re.IGNORECASE)),
)
NUMBERS: Final = frozenset({"nir", "rpps", "finess", "phone", "card", "number"})
"""Kinds that are the same number however it is grouped."""
_GAPS = re.compile(rf"{GAP}|\(0\)", re.IGNORECASE)


def ungrouped(number: str) -> str:
    """The number without what separates its digits, to be compared."""
    return _GAPS.sub("", number).lower()
