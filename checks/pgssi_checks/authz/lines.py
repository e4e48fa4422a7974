"""What people read in answers, line by line; and of it, what one visitor alone was shown. Pure but for the parsing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any, Final

from pgssi_probe.check import Exchange
from pgssi_probe.compare.marks import text_of
from pgssi_probe.discovery.parse import parse_page

SHORTEST_LINE: Final = 6
MAX_LINES: Final = 4_000
MAX_LENGTH: Final = 400
MAX_DEPTH: Final = 12
PAGES_OF_CHROME: Final = 3
OF_CHROME: Final = 1 / 3
"""A line on that many pages of a visitor, and on that share of them, is of the frame and not of the page."""
OF_FRAME: Final = 0.9
"""Share of the pages on which stands what is on all of them but for a few of another layout."""
MAX_MARKUP: Final = 400_000
_HEADING = re.compile(r"<h1\b[^>]{0,500}>(.{1,1000}?)</h1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,1000}>")


async def lines_of(answer: Exchange) -> frozenset[str]:
    """The lines of an answer that are long enough to mean something; of data, each member with its name."""
    page = await parse_page(answer)
    if page is not None:
        said: Iterable[str] = page.document.text.splitlines()
    else:
        said = _of_data(answer)
    found: dict[str, None] = {}
    for line in said:
        folded = " ".join(line.split())[:MAX_LENGTH]
        if len(folded) >= SHORTEST_LINE and any(char.isalpha() for char in folded):
            found[folded] = None
        if len(found) >= MAX_LINES:
            break
    return frozenset(found)


def headings(answer: Exchange) -> frozenset[str]:
    """The main headings of a page, as lines."""
    response = answer.response
    markup = response.text[:MAX_MARKUP] if response is not None else ""
    said = (unescape(_TAG.sub(" ", one[1])) for one in _HEADING.finditer(markup))
    return frozenset(" ".join(text.split())[:MAX_LENGTH] for text in said)


async def lines(answers: Iterable[Exchange]) -> frozenset[str]:
    """The lines of several answers together."""
    return frozenset().union(*[await lines_of(answer) for answer in answers])


async def chrome(answers: Iterable[Exchange], share: float = OF_CHROME) -> frozenset[str]:
    """The lines that a share of the pages of a visitor repeat: menus, the name of the person signed in."""
    seen: Counter[str] = Counter()
    pages = 0
    for answer in answers:
        if answer.status == 200 and (page := await parse_page(answer)) is not None:
            pages += 1
            seen.update({" ".join(line.split())[:MAX_LENGTH] for line in page.document.text.splitlines()})
    return frozenset(line for line, count in seen.items() if count >= max(PAGES_OF_CHROME, pages * share))


def _of_data(answer: Exchange) -> Iterator[str]:
    if answer.response is not None and "json" in answer.response.media_type:
        try:
            yield from _members(json.loads(answer.response.body), "", 0)
        except (ValueError, RecursionError):
            pass
        else:
            return
    if answer.response is not None and (answer.response.media_type.startswith("text/") or _is_xml(answer)):
        yield from text_of(answer).replace("<", "\n<").splitlines()


def _is_xml(answer: Exchange) -> bool:
    return answer.response is not None and "xml" in answer.response.media_type


def _members(value: Any, name: str, depth: int) -> Iterator[str]:
    if isinstance(value, dict) and depth < MAX_DEPTH:
        for key, inner in value.items():
            yield from _members(inner, str(key), depth + 1)
    elif isinstance(value, list) and depth < MAX_DEPTH:
        for inner in value:
            yield from _members(inner, name, depth + 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
        yield f"{name}: {value}" if name else str(value)
