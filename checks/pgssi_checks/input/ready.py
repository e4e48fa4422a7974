"""Requests that write, made ready: sent only where the operator declares them harmless, with every field filled. Pure.

A form of which one field is tried and the others are empty is refused for these, and nothing is learned.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from pydantic import JsonValue

from pgssi_probe.inventory.declaring import is_declared
from pgssi_probe.inventory.model import Endpoint, Place
from pgssi_probe.inventory.requests import FORM_TYPE, is_json

DECLARED: Final = "input.harmless"
MULTIPART: Final = "multipart/form-data"
PLAIN_VALUE: Final = "a"
"""One letter: a search for it finds something."""
SAMPLES: Final[Mapping[str, str]] = {
    "number": "1",
    "range": "1",
    "date": "2026-11-23",
    "datetime-local": "2026-11-23T10:00",
    "month": "2026-11",
    "week": "2026-W48",
    "time": "10:00",
    "email": "a@essai.invalid",
    "url": "https://essai.invalid/",
    "tel": "0199000011",
}
TYPED: Final = frozenset({"text", "search", "textarea", "password", ""}) | SAMPLES.keys()
MAX_DEPTH: Final = 8
_SECRET_NAME = re.compile(r"passw|pwd|mot_de_passe|mdp|secret", re.IGNORECASE)


def harmless(declared: Mapping[str, JsonValue]) -> frozenset[str]:
    """The lines of the engagement that say where trial values may be written."""
    lines = declared.get(DECLARED)
    return frozenset(str(one) for one in lines) if isinstance(lines, list) else frozenset()


def may_be_sent(endpoint: Endpoint, lines: Iterable[str]) -> bool:
    """Whether the operator lets this POST be sent: declared harmless, or declared to be a mere reading. A button or an
    address that speaks of deleting, paying or signing out is never sent, whatever is declared."""
    if endpoint.method != "POST" or endpoint.held is not None or "{" in endpoint.path:
        return False
    known = endpoint.media_type in {FORM_TYPE, MULTIPART} or is_json(endpoint.media_type)
    return known and not _takes_files(endpoint) and (endpoint.reads or is_declared(endpoint, lines))


def is_kept_back(endpoint: Endpoint, lines: Iterable[str]) -> bool:
    """A POST that could be tried and is not, for want of a declaration."""
    could = replace(endpoint, reads=True)
    return may_be_sent(could, ()) and bool(endpoint.parameters) and not may_be_sent(endpoint, lines)


def _takes_files(endpoint: Endpoint) -> bool:
    return any(one.kind == "file" for one in endpoint.parameters)


def ready(endpoint: Endpoint) -> Endpoint:
    """The request with values where it had none; a password is random. Sent as a form, or as JSON."""
    if is_json(endpoint.media_type):
        try:
            whole = json.loads(endpoint.body)
        except (ValueError, RecursionError):
            return endpoint
        return replace(endpoint, body=json.dumps(_filled(whole, ""), ensure_ascii=False).encode())
    kinds = {one.name: one.kind for one in endpoint.at(Place.FORM)}
    pairs = parse_qsl(endpoint.body.decode("utf-8", "replace"), keep_blank_values=True)
    made = [(name, value or sample(name, kinds.get(name, "hidden"))) for name, value in pairs]
    return replace(endpoint, body=urlencode(made).encode(), media_type=FORM_TYPE)


def sample(name: str, kind: str) -> str:
    """A value for a field that has none: what its type asks for."""
    if kind == "password" or (kind in TYPED and _SECRET_NAME.search(name)):
        return secrets.token_urlsafe(12)
    if kind in {"text", ""} and re.search(r"e?-?mail|courriel", name, re.IGNORECASE):
        return SAMPLES["email"]
    return SAMPLES.get(kind, PLAIN_VALUE) if kind in TYPED else ""


def _filled(value: Any, name: str, depth: int = 0) -> Any:
    if isinstance(value, dict) and depth < MAX_DEPTH:
        return {key: _filled(inner, str(key), depth + 1) for key, inner in value.items()}
    if isinstance(value, list) and depth < MAX_DEPTH:
        return [_filled(inner, name, depth + 1) for inner in value]
    return sample(name, "") if value is None or value == "" else value
