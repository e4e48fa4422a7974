"""Where the keys of a TOML text stand, so that a mistake can be shown with its line. Never fails: it finds, or not."""

from __future__ import annotations

import re
from typing import Final

_KEY: Final = r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[A-Za-z0-9_-]+)"
_HEADER = re.compile(rf"\s*\[\[?\s*(?P<keys>{_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_PAIR = re.compile(rf"\s*(?P<keys>{_KEY}(?:\s*\.\s*{_KEY})*)\s*=(?P<value>.*)")
_ONE = re.compile(_KEY)

Path = tuple[str, ...]


def places(text: str) -> dict[Path, int]:
    """The line, from 1, of each table and each key. What stands inside of a value has the line of its key."""
    found: dict[Path, int] = {}
    table: Path = ()
    open_value = _Value()
    for number, line in enumerate(text.splitlines(), start=1):
        if open_value.goes_on:
            open_value.read(line)
            continue
        if header := _HEADER.match(line):
            table = _path(header["keys"])
            found.setdefault(table, number)
        elif pair := _PAIR.match(line):
            keys = (*table, *_path(pair["keys"]))
            for length in range(len(table) + 1, len(keys) + 1):
                found.setdefault(keys[:length], number)
            open_value = _Value()
            open_value.read(pair["value"])
    return found


def line_of(found: dict[Path, int], steps: Path) -> int | None:
    """The line of a key, else of the closest thing around it; None when there is none."""
    for length in range(len(steps), 0, -1):
        if steps[:length] in found:
            return found[steps[:length]]
    return None


def _path(keys: str) -> Path:
    return tuple(key[1:-1] if key[0] in "\"'" else key for key in _ONE.findall(keys))


class _Value:
    """Whether a value goes on at the next line: an open bracket, or a string in triple quotes."""

    def __init__(self) -> None:
        self._depth = 0
        self._quotes = ""

    @property
    def goes_on(self) -> bool:
        return self._depth > 0 or bool(self._quotes)

    def read(self, line: str) -> None:
        rest = line
        while rest:
            if self._quotes:
                _, closed, rest = rest.partition(self._quotes)
                if not closed:
                    return
                self._quotes = ""
            elif rest[:3] in {'"""', "'''"}:
                self._quotes, rest = rest[:3], rest[3:]
            elif string := re.match(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", rest):
                rest = rest[string.end() :]
            elif rest[0] == "#":
                return
            else:
                self._depth = max(0, self._depth + {"[": 1, "{": 1, "]": -1, "}": -1}.get(rest[0], 0))
                rest = rest[1:]
