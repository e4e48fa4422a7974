"""What an answer says besides its meaning: what could tell a stranger that an account exists. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pgssi_checks.content.wording import plain
from pgssi_probe.compare.similarity import normalise
from pgssi_probe.discovery.site import Page
from pgssi_probe.net.exchange import Exchange

MAX_LINES: Final = 400
VOLATILE: Final = frozenset(
    {"date", "age", "expires", "etag", "last-modified", "content-length", "x-request-id", "x-runtime"}
)
"""Headers that come and go, or that the length of the text explains."""
ECHO: Final = "¤"


@dataclass(frozen=True, slots=True)
class Answer:
    """Statuses of the chain, path where it ends, names of headers and cookies, lines of text without what was typed."""

    statuses: tuple[int | None, ...]
    landing: str
    headers: frozenset[str]
    cookies: frozenset[str]
    lines: frozenset[str]


def answer_of(exchanges: Sequence[Exchange], page: Page | None, typed: Iterable[str]) -> Answer:
    """The answer to a form: the exchanges from its sending to where it led, and the page there."""
    last = exchanges[-1].response
    text = page.document.text if page is not None else last.text[:50_000] if last is not None else ""
    headers = {name.lower() for one in exchanges if one.response for name, _ in one.response.headers}
    set_cookies = [value for one in exchanges if one.response for value in one.response.all("set-cookie")]
    return Answer(
        statuses=tuple(one.status for one in exchanges),
        landing=urlsplit(exchanges[-1].url).path,
        headers=frozenset(headers - VOLATILE),
        cookies=frozenset(value.partition("=")[0].strip()[:80] for value in set_cookies),
        lines=frozenset(said(text, typed)),
    )


def said(text: str, typed: Iterable[str]) -> list[str]:
    """Lines as people read them, folded: what was typed becomes a mark, numbers and random values too."""
    folded = plain(text)
    for word in sorted({plain(word) for word in typed if len(word) > 2}, key=len, reverse=True):
        folded = folded.replace(word, ECHO)
    return [line for raw in folded.split("\n")[:MAX_LINES] if (line := normalise(raw))]


def differences(known: Sequence[Answer], unknown: Sequence[Answer]) -> list[str]:
    """What is the same in every answer of one set, at least two of each, and in none of the other."""
    if len(known) < 2 or len(unknown) < 2:
        return []
    found = [
        name
        for name in ("statuses", "landing", "headers", "cookies")
        if _apart([getattr(one, name) for one in known], [getattr(one, name) for one in unknown])
    ]
    return [*found, "text"] if own_lines(known, unknown) or own_lines(unknown, known) else found


def own_lines(ones: Sequence[Answer], others: Sequence[Answer]) -> list[str]:
    """Lines of every one of the first that none of the others has."""
    if not ones:
        return []
    kept = frozenset.intersection(*(one.lines for one in ones))
    return sorted(kept - frozenset().union(*(other.lines for other in others)))


def _apart(ones: Sequence[object], others: Sequence[object]) -> bool:
    return len(set(ones)) == 1 and len(set(others)) == 1 and ones[0] != others[0]
