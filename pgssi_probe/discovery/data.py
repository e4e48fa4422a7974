"""Addresses that data names: the first answer of an API often lists where the rest is. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from pgssi_probe.discovery.address import absolute

MAX_FOUND: Final = 100
MAX_DEPTH: Final = 8
MAX_BODY: Final = 200_000
_PATH = re.compile(r"/[A-Za-z0-9_][^\s<>\"{}:\\]{0,300}|https?://[^\s<>\"{}\\]{4,500}")
"""A path or an address that is written whole: `/patients/{id}` and `/patients/:id` are not."""


def addresses_in(body: bytes, url: str) -> tuple[str, ...]:
    """What the strings of a JSON document name as addresses, absolute, in their order; nothing for what is no JSON."""
    if len(body) > MAX_BODY:
        return ()
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    found: dict[str, None] = {}
    for text in _strings(value, 0):
        whole = absolute(text, url) if _PATH.fullmatch(text) and text.isascii() else None
        if whole is not None:
            found[whole] = None
        if len(found) >= MAX_FOUND:
            break
    return tuple(found)


def _strings(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < MAX_DEPTH and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner, depth + 1)
