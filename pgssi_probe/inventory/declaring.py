"""Requests that the operator names by method and path: `POST /api/recherche`, or the path alone; `*` is a segment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import urlsplit


class Named(Protocol):
    """What has a method and an address: a request that was learned, or an endpoint."""

    @property
    def method(self) -> str: ...

    @property
    def url(self) -> str: ...


def is_declared(request: Named, lines: Iterable[str]) -> bool:
    """Whether the operator speaks of this POST. No other method is ever declared so."""
    if request.method != "POST":
        return False
    path = urlsplit(request.url).path or "/"
    for line in lines:
        written = line.removeprefix("POST").strip()
        pattern = "/".join("[^/]+" if step == "*" else re.escape(step) for step in written.split("/"))
        if re.fullmatch(pattern, path):
            return True
    return False
