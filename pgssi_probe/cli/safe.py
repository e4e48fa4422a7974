"""What a target says, made harmless for a terminal."""

from __future__ import annotations

import unicodedata


def plain(text: str, limit: int = 400) -> str:
    """The text on one line, without control, format or bidirectional characters, cut at `limit`."""
    clean = "".join(" " if char in "\n\r\t" else char if unicodedata.category(char)[0] != "C" else "�" for char in text)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
