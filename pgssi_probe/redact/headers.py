"""Redaction of header lines: values of cookies and credentials go, names and attributes stay."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pgssi_probe.redact.text import Redactor
from pgssi_probe.redact.url import redact_url

_WHOLE = re.compile(r"^(?:proxy-)?authorization$|csrf|xsrf|token|nonce|secret|api-?key|credential|jwt|session-?id")
"""Names of lines that carry a secret, however an application calls its own: X-CSRFToken, X-WP-Nonce, X-Session-Id."""
_ADDRESSES = frozenset({"location", "referer", "content-location", "refresh", "link"})


def redact_headers(headers: Iterable[tuple[str, str]], redactor: Redactor) -> tuple[tuple[str, str], ...]:
    """The same lines in the same order, safe to keep. Lengths of secrets stay visible, values do not."""
    return tuple((name, _value(name.lower(), value, redactor)) for name, value in headers)


def _value(name: str, value: str, redactor: Redactor) -> str:
    if _WHOLE.search(name):
        scheme, space, rest = value.partition(" ")
        return f"{scheme} ‹secret, {len(rest)}›" if space else f"‹secret, {len(value)}›"
    if name == "set-cookie":
        pair, semicolon, attributes = value.partition(";")
        return _pair(pair) + semicolon + redactor.text(attributes)
    if name == "cookie":
        return "; ".join(_pair(pair.strip()) for pair in value.split(";"))
    if name in _ADDRESSES:
        return redact_url(value, redactor)
    return redactor.text(value)


def _pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}=‹value, {len(value)}›" if equals else f"‹value, {len(name)}›"
