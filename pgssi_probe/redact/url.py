"""Redaction of addresses: credentials, secret-looking parameters, and anything personal in path or query."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote_plus

from pgssi_probe.redact.text import Redactor, redact_text

_SECRET_PARAMETER = re.compile(
    r"(?i)(pass|pwd|secret|token|key|session|sid\b|auth|code|otp|csrf|xsrf|signature|sig\b|jsessionid|phpsessid|ticket|nir|ins\b)"
)
_USERINFO = re.compile(r"(?<=://)[^/@?#]{1,512}@")
_PATH_SESSION = re.compile(r"(?i)(;jsessionid=|;sid=|/\(S\()[^/?#;)]{4,256}")


def redact_url(url: str, redactor: Redactor | None = None) -> str:
    """The address with secrets and personal data marked. Works on anything, well formed or not."""
    return _marked(url, redactor.text if redactor else redact_text)


def without_secrets(url: str) -> str:
    """The address with its credentials, sessions and secret-looking parameters marked, the same in every run."""
    return _marked(url, lambda text: text)


def _marked(url: str, clean: Callable[[str], str]) -> str:
    url = _USERINFO.sub("‹secret›@", url)
    url = _PATH_SESSION.sub(lambda match: match.group(1) + "‹secret›", url)
    before, mark, query = url.partition("?")
    if not mark:
        return clean(before)
    query, fragment_mark, fragment = query.partition("#")
    pairs = []
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        if equals and value and _SECRET_PARAMETER.search(unquote_plus(name)):
            value = "‹secret›"
        elif (plain := unquote_plus(value)) != clean(plain):
            value = clean(plain)
        pairs.append(f"{name}{equals}{value}" if equals else clean(name))
    return clean(before) + mark + "&".join(pairs) + (fragment_mark + clean(fragment) if fragment_mark else "")
