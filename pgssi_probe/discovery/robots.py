"""robots.txt as RFC 9309 reads it: the group of our name, else of everyone; the longest matching rule wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

AGENT: Final = "pgssi-probe"
MAX_CHARACTERS: Final = 500_000
MAX_RULES: Final = 2_000
MAX_SITEMAPS: Final = 20


@dataclass(frozen=True, slots=True)
class Robots:
    """`rules` are the patterns that concern us, each with whether it allows. `sitemaps` are as written."""

    rules: tuple[tuple[str, bool], ...] = ()
    sitemaps: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        best, allowed = -1, True
        for pattern, allow in self.rules:
            if len(pattern) >= best and _matches(pattern, path):
                allowed = allow or (allowed and len(pattern) == best)
                best = len(pattern)
        return allowed


def parse_robots(text: str) -> Robots:
    """Never raises; unknown lines are skipped. The rules of several groups for one agent add up (RFC 9309 §2.2.1)."""
    groups: dict[str, list[tuple[str, bool]]] = {}
    sitemaps: list[str] = []
    current: list[str] = []
    agents_open = False
    for line in text[:MAX_CHARACTERS].splitlines():
        name, colon, value = line.split("#", 1)[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            continue
        if name == "user-agent":
            if not agents_open:
                current = []
            current.append(value.lower())
            groups.setdefault(value.lower(), [])
            agents_open = True
        elif name in {"allow", "disallow"}:
            agents_open = False
            if value:
                for agent in current:
                    if len(groups[agent]) < MAX_RULES:
                        groups[agent].append((value[:2048], name == "allow"))
        elif name == "sitemap" and len(sitemaps) < MAX_SITEMAPS:
            sitemaps.append(value[:2048])
    return Robots(tuple(groups.get(AGENT, groups.get("*", []))), tuple(sitemaps))


def _matches(pattern: str, path: str) -> bool:
    """`*` stands for anything, a final `$` for the end. Linear: each piece is searched once, left to right."""
    anchored = pattern.endswith("$")
    first, *pieces = pattern.rstrip("$").split("*") if anchored else pattern.split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    for index, piece in enumerate(pieces):
        if anchored and index == len(pieces) - 1:
            return len(path) - len(piece) >= position and path.endswith(piece)
        found = path.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return not anchored or position == len(path)
