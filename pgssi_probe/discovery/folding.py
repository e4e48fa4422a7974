"""White space folded and strings capped, as everything that a page says is."""

from __future__ import annotations

import re
from typing import Final

MAX_SHORT: Final = 300
MAX_LONG: Final = 4_000

_SPACE = re.compile(r"\s+")


def fold(text: str, cap: int = MAX_SHORT) -> str:
    """White space folded to single spaces, cut at `cap` characters."""
    return _SPACE.sub(" ", text[: 4 * cap]).strip()[:cap]
