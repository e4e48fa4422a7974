"""Redaction of addresses: credentials, secret-looking parameters, and anything personal in path or query."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote, unquote_plus

from pgssi_probe.redact.labels import kind_of_key
from pgssi_probe.redact.text import UNLINKED, Redactor, redact_text

_SECRET_PARAMETER = re.compile(
    r"(?i)(pass|pwd|secret|token|key|session|sid\b|auth|code|otp|csrf|xsrf|signature|sig\b|jsessionid|phpsessid|ticket|nir|ins\b"
    r"|rpps|adeli|finess)"
)
_USERINFO = re.compile(r"(?<=://)[^/@?#]{1,512}@")
_PATH_SESSION = re.compile(r"(?i)(;jsessionid=|;sid=|/\(S\()[^/?#;)]{4,256}")


def redact_url(url: str, redactor: Redactor | None = None) -> str:
    """The address with secrets and personal data marked. Works on anything, well formed or not."""
    return _marked(url, redactor.text if redactor else redact_text)


def without_secrets(url: str) -> str:
    """The same, but marked alike in every run: equal values are not linked."""
    return _marked(url, UNLINKED.text)


def _marked(url: str, clean: Callable[[str], str]) -> str:
    url = _USERINFO.sub("‹secret›@", url)
    url = _PATH_SESSION.sub(lambda match: match.group(1) + "‹secret›", url)
    before, mark, query = url.partition("?")
    if not mark:
        before, fragment_mark, fragment = url.partition("#")
        return _path(before, clean) + (fragment_mark + _fragment(fragment, clean) if fragment_mark else "")
    query, fragment_mark, fragment = query.partition("#")
    return (
        _path(before, clean)
        + mark
        + _query(query, clean)
        + (fragment_mark + _fragment(fragment, clean) if fragment_mark else "")
    )


def _query(query: str, clean: Callable[[str], str]) -> str:
    pairs = []
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        kind = kind_of_key(unquote_plus(name))
        if equals and value and (kind == "secret" or _SECRET_PARAMETER.search(unquote_plus(name))):
            value = "‹secret›"
        elif equals and value and kind is not None:
            value = "‹personal›"
        elif (plain := unquote_plus(value)) != clean(plain):
            value = clean(plain)
        pairs.append(f"{clean(name)}{equals}{value}" if equals else clean(name))
    return "&".join(pairs)


def _fragment(fragment: str, clean: Callable[[str], str]) -> str:
    """A fragment may be a query of its own: tokens of the implicit flow come back in it."""
    return _query(fragment, clean) if "=" in fragment else _path(fragment, clean)


def _path(path: str, clean: Callable[[str], str]) -> str:
    """Each segment as it is written, unless what it stands for holds something to mark."""
    marked = clean(path)
    if "%" not in marked:
        return marked
    return "/".join(clean(plain) if (plain := unquote(one)) != clean(plain) else one for one in marked.split("/"))
