"""White space folded, strings capped, accents taken away: how the words of a page are read."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_SHORT: Final = 300
MAX_LONG: Final = 4_000
MAX_KNOWN: Final = 0x3000

_SPACE = re.compile(r"\s+")


def fold(text: str, cap: int = MAX_SHORT) -> str:
    """White space folded to single spaces, cut at `cap` characters."""
    return _SPACE.sub(" ", text[: 4 * cap]).strip()[:cap]


class _Marks(dict[int, int | None]):
    """For `str.translate`: combining marks go, the rest stays. Filled as characters come, which is far quicker than
    asking for each, up to a bound: a target may send every character there is."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.combining(chr(code)) else code
        if code < MAX_KNOWN:
            self[code] = kept
        return kept


_MARKS = _Marks()


def without_accents(text: str) -> str:
    """The compatible base letters of a text (NFKD), without the marks put on them."""
    return text if text.isascii() else unicodedata.normalize("NFKD", text).translate(_MARKS)
