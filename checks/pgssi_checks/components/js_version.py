"""Versions of JavaScript libraries: order, releases before the first, builds that somebody else patched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

WRITTEN: Final = r"\d{1,5}(?:\.\d{1,6}){1,4}(?:[-+~.]?[A-Za-z][A-Za-z0-9.+~-]{0,40})?"
"""How a version is written, suffix included. Two numbers at least: `jquery-3` says too little."""

_READ = re.compile(r"v?(\d{1,6}(?:\.\d{1,6}){0,4})(.{0,60})", re.IGNORECASE | re.DOTALL)
_BEFORE = re.compile(r"[-.~]?(?:alpha|beta|rc|pre|preview|dev|next|canary|snapshot|[ab])(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """`numbers` without their final zeros. `rank` is below 0 for what comes before the release of these numbers."""

    numbers: tuple[int, ...]
    rank: int = 0
    before: tuple[int, ...] = ()


def version_of(text: str) -> Version | None:
    """The version that a string is; None when it is none.

    >>> version_of("3.0.0-beta1") < version_of("3.0")
    True
    """
    read = _READ.fullmatch(text.strip())
    if read is None:
        return None
    numbers = [int(one) for one in read.group(1).split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    if not _BEFORE.match(read.group(2)):
        return Version(tuple(numbers))
    stage = read.group(2).lower().lstrip("-.~")[:1]
    rank = {"d": -5, "s": -5, "n": -5, "c": -5, "a": -4, "b": -3, "p": -2, "r": -1}[stage]
    return Version(tuple(numbers), rank, tuple(int(one) for one in re.findall(r"\d{1,9}", read.group(2))[:4]))


def rebuilt(text: str) -> str:
    """What follows the number of a build that is not the publisher's (`+dfsg`, `-debian`, `-lts`); "" for a plain one.

    Whoever rebuilt it may have patched it: its number alone accuses nobody.
    """
    read = _READ.fullmatch(text.strip())
    if read is None or _BEFORE.match(read.group(2)):
        found = re.search(r"(?:dfsg|debian|ubuntu)[\w.+~-]{0,30}", text, re.IGNORECASE)
        return found.group() if found else ""
    return read.group(2).strip(" .")
