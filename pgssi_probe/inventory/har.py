"""Requests of a recorded visit (HAR 1.2) of a test account: its own application only, and no credential. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from pgssi_probe.discovery.address import absolute, extension
from pgssi_probe.inventory.gleaning import Found
from pgssi_probe.inventory.model import Source
from pgssi_probe.inventory.references import ASSETS, written_as
from pgssi_probe.inventory.requests import FORM_TYPE, GRAPHQL_TYPE, is_json

MAX_BYTES: Final = 60_000_000
MAX_ENTRIES: Final = 3_000
MAX_FOUND: Final = 400
MAX_BODY: Final = 50_000
_CREDENTIAL = re.compile(
    r"authori[sz]ation|cookie|api[-_]?key|auth|token|secret|passw|mot_de_passe|csrf|xsrf|session|signature|otp|nonce|"
    r"captcha|viewstate|eventvalidation",
    re.IGNORECASE,
)
_SIGNS_IN = re.compile(r"passw|passe\b|pwd|mot_?de_?passe|\bmdp\b|\bsecret", re.IGNORECASE)
_STANDARD = re.compile(
    r"accept|accept-.*|cache-control|connection|content-.*|dnt|host|if-.*|origin|pragma|priority|range|referer|sec-.*|"
    r"te|upgrade.*|user-agent|x-requested-with|x-forwarded-.*|via|:.*",
    re.IGNORECASE,
)


def recorded(path: Path, in_scope: Callable[[str], bool]) -> tuple[Found, ...]:
    """What was asked for, without duplicates; nothing of a file that cannot be read as HAR."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return ()
        entries = json.loads(path.read_bytes())["log"]["entries"][:MAX_ENTRIES]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()
    found: dict[tuple[str, str, bytes], Found] = {}
    for entry in entries:
        try:
            one = _found(entry["request"])
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            continue
        if one is not None and in_scope(one.url):
            found.setdefault(one.key, one)
        if len(found) >= MAX_FOUND:
            break
    return tuple(found.values())


def _found(request: Any) -> Found | None:
    url = absolute(str(request["url"]), str(request["url"]))
    method = str(request["method"]).upper()
    if url is None or extension(url) in ASSETS or method not in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
        return None
    headers = own_headers((str(each["name"]), str(each["value"])) for each in request.get("headers") or ())
    posted = request.get("postData") or {}
    kind = str(posted.get("mimeType") or "").split(";")[0].strip().lower()
    text = str(posted.get("text") or "")[:MAX_BODY]
    if not text:
        return Found(method, url, Source.HAR, headers=headers)
    body, kind = without_credentials(text, kind)
    # A sign-in is not one of the application's reads, and its password is nobody's business.
    return None if body is None else Found(method, url, Source.HAR, "", body, kind, headers=headers)


def own_headers(headers: Any) -> tuple[tuple[str, str], ...]:
    """Headers of the application's own that name something: never what a browser adds, never a credential."""
    return tuple(
        (name, value)
        for name, value in headers
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}", name)
        and not _STANDARD.fullmatch(name)
        and not _CREDENTIAL.search(name)
        and value.isascii()
        and written_as(value)[0] is not None
    )[:8]


def without_credentials(text: str, kind: str) -> tuple[bytes | None, str]:
    """The body without tokens, None when it signs somebody in; and the type by which it is known here."""
    if is_json(kind):
        value = json.loads(text)
        if _signs_in(value):
            return None, kind
        if isinstance(value, dict) and isinstance(value.get("query"), str):
            # What writes is marked as what it is: a POST of JSON.
            reads = not re.match(r"\s*(?:mutation|subscription)\b", value["query"])
            kind = GRAPHQL_TYPE if reads else "application/json"
        return json.dumps(_cleaned(value), ensure_ascii=False).encode(), kind
    if kind == FORM_TYPE:
        pairs = parse_qsl(text, keep_blank_values=True)
        if any(_SIGNS_IN.search(name) for name, _ in pairs):
            return None, kind
        return urlencode([(name, "" if _CREDENTIAL.search(name) else value) for name, value in pairs]).encode(), kind
    return b"", ""


def _signs_in(value: Any, depth: int = 0) -> bool:
    if isinstance(value, dict) and depth < 8:
        return any(_SIGNS_IN.search(str(name)) or _signs_in(inner, depth + 1) for name, inner in value.items())
    return isinstance(value, list) and depth < 8 and any(_signs_in(inner, depth + 1) for inner in value[:50])


def _cleaned(value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict) and depth < 12:
        return {
            name: "" if _CREDENTIAL.search(str(name)) and isinstance(inner, str) else _cleaned(inner, depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list) and depth < 12:
        return [_cleaned(inner, depth + 1) for inner in value]
    return value
