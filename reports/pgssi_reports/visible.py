"""Text that a stranger wrote, made fit to be shown: nothing hidden, nothing that moves or ends."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_SHOWN: Final = 2000

# Controls (line breaks and tabs are for the caller to allow), directional marks and overrides, invisible
# characters, line separators, lone surrogates, private use, non-characters.
_HIDDEN: Final = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"
    "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f"
    "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb"
    "\\ud800-\\udfff\\ufdd0-\\ufdef\\ufffe\\uffff\\ue000-\\uf8ff"
    "\\U000e0000-\\U000e0fff\\U000f0000-\\U0010ffff]"
)
_MARKS_MAX: Final = 4
# A run of marks upon one letter is a single sign to a browser, which it cannot break: four are enough for any writing.
# The ranges left out have no mark, and are what European texts are made of.
_BEYOND: Final = re.compile(f"[^\\x00-\u02ff\u1e00-\u20cf\u2100-\u2bff]{{{_MARKS_MAX + 1},}}")


def visible(text: str, limit: int = MAX_SHOWN, *, lines: bool = False) -> str:
    """`text` with every hidden or directional character written as `⟨U+202E⟩`, cut at `limit` characters.

    With `lines`, line breaks and tabs are kept; without, they are spaces.
    """
    cut = text[:limit]
    cut = cut.replace("\r\n", "\n") if lines else re.sub(r"[\r\n\t]+", " ", cut)
    cut = _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", cut)
    cut = _BEYOND.sub(lambda found: _unpiled(found[0]), cut)
    return cut + "…" if len(text) > limit else cut


def is_visible(text: str) -> bool:
    """Whether `visible` would change nothing but the length."""
    return not _HIDDEN.search(text) and all(_unpiled(found[0]) == found[0] for found in _BEYOND.finditer(text))


def _unpiled(text: str) -> str:
    """The text with no more than four marks (Unicode category M) in a row."""
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks <= _MARKS_MAX:
            kept.append(character)
        elif marks == _MARKS_MAX + 1:
            kept.append("⟨…⟩")
    return "".join(kept)
