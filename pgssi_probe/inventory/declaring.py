"""Requests that the operator names by method and path: `POST /api/recherche`, or the path alone; `*` is a segment.

Where one address serves many pages, the fields that say which one are written too: `/index.php?page=search*`. They are
looked for in the query and in the form as it was met; `*` is any text there, and other fields are free.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

FORM_TYPES: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class Named(Protocol):
    """What has a method, an address and a body: a request that was learned, or an endpoint."""

    @property
    def method(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def body(self) -> bytes: ...

    @property
    def media_type(self) -> str: ...


def is_declared(request: Named, lines: Iterable[str]) -> bool:
    """Whether the operator speaks of this POST. No other method is ever declared so."""
    return fields_declared(request, lines) is not None


def fields_declared(request: Named, lines: Iterable[str]) -> frozenset[str] | None:
    """The fields by which the operator names this POST, which must stay as they are; None when no line speaks of it."""
    if request.method != "POST":
        return None
    named = [_named_by(line, request) for line in lines]
    return min((one for one in named if one is not None), key=len, default=None)


def _named_by(line: str, request: Named) -> frozenset[str] | None:
    path, mark, query = line.removeprefix("POST").strip().partition("?")
    pattern = "/".join("[^/]+" if step == "*" else re.escape(step) for step in path.split("/"))
    if not re.fullmatch(pattern, urlsplit(request.url).path or "/"):
        return None
    wanted = parse_qsl(query, keep_blank_values=True)
    if mark and not wanted:
        return None
    sent = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    if request.media_type in FORM_TYPES:
        sent += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    # A field that is given twice must say the same twice: which one the application reads is not known.
    fits = all(
        (given := [value for field, value in sent if field == name]) and all(_fits(text, value) for value in given)
        for name, text in wanted
    )
    return frozenset(name for name, _ in wanted) if fits else None


def _fits(pattern: str, value: str) -> bool:
    return bool(re.fullmatch("[^\n]*".join(re.escape(part) for part in re.split(r"\*+", pattern)), value))
