"""What a target says, made harmless for a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_ACTIVE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def plain(text: str, limit: int = 400) -> str:
    """The text on one line, without control, format or bidirectional characters, cut at `limit`."""
    clean = "".join(
        " " if char in "\n\r\t\u2028\u2029" else char if unicodedata.category(char)[0] != "C" else "�" for char in text
    )
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def harmless_json(data: Any, *, indent: int | None = None) -> str:
    """JSON in which nothing acts on a terminal: control, format and bidirectional characters are written `\\uXXXX`."""
    text = json.dumps(data, ensure_ascii=False, indent=indent, default=str)
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
