"""Text that a stranger wrote, made fit to be shown: nothing hidden, nothing that moves or ends."""

from __future__ import annotations

import re
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
_MARKS: Final = re.compile(
    f"[\\u0300-\\u036f\\u0483-\\u0489\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f]{{{_MARKS_MAX + 1},}}"
)


def visible(text: str, limit: int = MAX_SHOWN, *, lines: bool = False) -> str:
    """`text` with every hidden or directional character written as `⟨U+202E⟩`, cut at `limit` characters.

    With `lines`, line breaks and tabs are kept; without, they are spaces.
    """
    cut = text[:limit]
    cut = cut.replace("\r\n", "\n") if lines else re.sub(r"[\r\n\t]+", " ", cut)
    cut = _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", cut)
    cut = _MARKS.sub(lambda found: found[0][:_MARKS_MAX] + "⟨…⟩", cut)
    return cut + "…" if len(text) > limit else cut


def is_visible(text: str) -> bool:
    """Whether `visible` would change nothing but the length."""
    return not _HIDDEN.search(text) and not _MARKS.search(text)
