"""Content-Security-Policy as browsers read it (W3C CSP Level 3): parsing, meta limits, fallback chains."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

FALLBACKS: dict[str, tuple[str, ...]] = {
    "script-src-elem": ("script-src", "default-src"),
    "script-src-attr": ("script-src", "default-src"),
    "style-src-elem": ("style-src", "default-src"),
    "style-src-attr": ("style-src", "default-src"),
    "worker-src": ("child-src", "script-src", "default-src"),
    "frame-src": ("child-src", "default-src"),
    **dict.fromkeys(
        (
            "child-src",
            "connect-src",
            "font-src",
            "img-src",
            "manifest-src",
            "media-src",
            "object-src",
            "script-src",
            "style-src",
        ),
        ("default-src",),
    ),
}
"""Fetch directive -> the ones asked in its place (CSP3 §6.8.3)."""

SOURCE_LISTS = frozenset({*FALLBACKS, "default-src", "base-uri", "form-action", "frame-ancestors"})
OTHER_DIRECTIVES = frozenset(
    {
        "sandbox",
        "report-uri",
        "report-to",
        "upgrade-insecure-requests",
        "block-all-mixed-content",
        "require-trusted-types-for",
        "trusted-types",
        "fenced-frame-src",
        "webrtc",
    }
)
WITHDRAWN = frozenset({"plugin-types", "prefetch-src", "referrer", "reflected-xss", "navigate-to", "require-sri-for"})
IGNORED_IN_META = frozenset({"report-uri", "frame-ancestors", "sandbox"})
"""CSP3 §3.3: a policy of a meta tag loses these."""

KEYWORDS = frozenset(
    {
        "'none'",
        "'self'",
        "'unsafe-inline'",
        "'unsafe-eval'",
        "'unsafe-hashes'",
        "'strict-dynamic'",
        "'report-sample'",
        "'wasm-unsafe-eval'",
        "'trusted-types-eval'",
        "'inline-speculation-rules'",
        "'report-sha256'",
        "'report-sha384'",
        "'report-sha512'",
    }
)
BARE_KEYWORDS = frozenset(keyword.strip("'") for keyword in KEYWORDS)

_BASE64 = r"[A-Za-z0-9+/_-]+={0,2}"
NONCE = re.compile(rf"'nonce-({_BASE64})'", re.IGNORECASE)
HASH = re.compile(rf"'sha(?:256|384|512)-{_BASE64}'", re.IGNORECASE)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
HOST = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>\d+|\*))?(?P<path>/[^\s;,]*)?",
    re.IGNORECASE,
)

MAX_POLICY = 16_384
MAX_TOKENS = 500
MAX_POLICIES = 100


class Delivery(StrEnum):
    HEADER = "header"
    META = "meta"


class DefectKind(StrEnum):
    """Why a part of a policy does nothing, or not what its author meant."""

    UNKNOWN_DIRECTIVE = "unknown_directive"
    DUPLICATE_DIRECTIVE = "duplicate_directive"
    UNQUOTED_KEYWORD = "unquoted_keyword"
    INVALID_SOURCE = "invalid_source"
    NONE_WITH_OTHERS = "none_with_others"
    MISSING_SEMICOLON = "missing_semicolon"
    NOT_ASCII = "not_ascii"


@dataclass(frozen=True, slots=True)
class Defect:
    kind: DefectKind
    directive: str
    token: str = ""

    def __str__(self) -> str:
        return f"{self.directive} {self.token}".strip()[:120]


@dataclass(frozen=True)
class Policy:
    """One policy. `directives` maps a lower-case name to its tokens as written; the first of a name wins."""

    directives: dict[str, tuple[str, ...]]
    delivery: Delivery = Delivery.HEADER
    report_only: bool = False
    defects: tuple[Defect, ...] = ()

    def effective(self, name: str) -> tuple[str, ...] | None:
        """The source list that applies to a fetch directive, lower case; None when nothing limits it."""
        for candidate in (name, *FALLBACKS.get(name, ())):
            if candidate in self.directives:
                return tuple(token.lower() for token in self.directives[candidate])
        return None

    @property
    def scripts_forbidden(self) -> bool:
        """A sandbox without allow-scripts runs none, whatever the sources say."""
        sandbox = self.directives.get("sandbox")
        return sandbox is not None and "allow-scripts" not in {token.lower() for token in sandbox}

    @property
    def nonces(self) -> frozenset[str]:
        """Nonces of every source list, case kept: a nonce is compared as it is."""
        tokens = (token for name in SOURCE_LISTS for token in self.directives.get(name, ()))
        return frozenset(match[1] for token in tokens if (match := NONCE.fullmatch(token)))


def parse(text: str, *, delivery: Delivery = Delivery.HEADER, report_only: bool = False) -> Policy | None:
    """One serialized policy (CSP3 §2.2.1); None when it holds no directive. Never raises, whatever the text."""
    directives: dict[str, tuple[str, ...]] = {}
    defects: list[Defect] = []
    for part in text[:MAX_POLICY].split(";"):
        words = part.strip(" \t\n\f\r")
        if not words:
            continue
        if not words.isascii():
            defects.append(Defect(DefectKind.NOT_ASCII, ascii(words)[:40]))
            continue
        name, *tokens = re.split(r"[ \t\n\f\r]+", words)[:MAX_TOKENS]
        name = name.lower()
        if name in directives:
            defects.append(Defect(DefectKind.DUPLICATE_DIRECTIVE, name))
            continue
        directives[name] = tuple(tokens)
        defects.extend(_defects(name, tokens))
    if delivery is Delivery.META:
        directives = {name: tokens for name, tokens in directives.items() if name not in IGNORED_IN_META}
    if not directives:
        return None
    return Policy(directives, delivery, report_only, tuple(defects))


def parse_header(values: Iterable[str], *, report_only: bool = False) -> list[Policy]:
    """Every policy of the header lines: each line may hold several, separated by commas (CSP3 §2.2.2)."""
    texts = islice((text for value in values for text in value.split(",")), MAX_POLICIES)
    parsed = (parse(text, report_only=report_only) for text in texts)
    return [policy for policy in parsed if policy is not None]


def parse_meta(contents: Iterable[str]) -> list[Policy]:
    """Policies of meta tags: no comma list there, no report-only form, and three directives without effect."""
    parsed = (parse(content, delivery=Delivery.META) for content in islice(contents, MAX_POLICIES))
    return [policy for policy in parsed if policy is not None]


def _defects(name: str, tokens: list[str]) -> list[Defect]:
    if name in WITHDRAWN or name in OTHER_DIRECTIVES:
        return []
    if name not in SOURCE_LISTS:
        return [Defect(DefectKind.UNKNOWN_DIRECTIVE, name[:60])]
    found = []
    lowered = [token.lower() for token in tokens]
    if "'none'" in lowered and len(tokens) > 1:
        found.append(Defect(DefectKind.NONE_WITH_OTHERS, name, "'none'"))
    for token, low in zip(tokens, lowered, strict=True):
        if low in SOURCE_LISTS:
            found.append(Defect(DefectKind.MISSING_SEMICOLON, name, token))
        elif low in BARE_KEYWORDS or low.startswith(("nonce-", "sha256-", "sha384-", "sha512-")):
            found.append(Defect(DefectKind.UNQUOTED_KEYWORD, name, token))
        elif not is_source(low):
            found.append(Defect(DefectKind.INVALID_SOURCE, name, token))
    return found


def is_source(token: str) -> bool:
    """Does the token match the grammar of a source expression (CSP3 §2.3.1)?"""
    if token in KEYWORDS or token == "*":  # noqa: S105
        return True
    return any(pattern.fullmatch(token) for pattern in (NONCE, HASH, SCHEME, HOST))
