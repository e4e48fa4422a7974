"""Which library a script is, and which version: from its address, and from what it says of itself. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from pgssi_checks.components.js_version import WRITTEN, Version, rebuilt, version_of
from pgssi_probe import yaml_text

MARKS: Final = Path(__file__).with_name("js_libraries_marks.yaml")
MAX_CODE: Final = 2_000_000
MAX_FOUND: Final = 40
MAX_ADDRESS: Final = 2_000
_GAP: Final = r"[\s\S]{0,120}?"
_ENDING = re.compile(
    r"(?:[.-](?:min|slim|umd|esm|global|prod|production|runtime|core|full|pack|packed|compressed|bundle|all|custom))"
    r"{0,4}\.m?js\Z"
)


@dataclass(frozen=True, slots=True)
class Library:
    """`key` is its name in lists of vulnerabilities. `below`: releases from this one on are another library."""

    key: str
    name: str
    stems: tuple[str, ...]
    marks: tuple[str, ...]
    below: Version | None
    running: tuple[str, ...] = ()
    """What it is called where a browser reads the version of what runs."""


@dataclass(frozen=True, slots=True)
class Found:
    """A library with its version as written. `rebuilt` is the mark of whoever rebuilt it, "" for a publisher's own
    release. `excerpt` is what told."""

    library: Library
    version: Version
    shown: str
    rebuilt: str
    excerpt: str


@cache
def libraries() -> tuple[Library, ...]:
    return tuple(
        Library(
            entry["library"],
            entry["name"],
            tuple(entry["stems"]),
            tuple(entry["marks"]),
            version_of(entry["below"]) if "below" in entry else None,
            tuple(entry.get("running", ())),
        )
        for entry in yaml_text.read(MARKS)["libraries"]
    )


@cache
def _compiled(mark: str) -> re.Pattern[str]:
    """A mark is read literally, any white space standing for some: each try ends after a bounded number of steps."""
    parts = (r"\s{1,20}".join(re.escape(word) for word in part.split(" ")) for part in mark.split("…"))
    return re.compile(_GAP.join(parts) + f"({WRITTEN})")


@cache
def _literals() -> tuple[tuple[Library, str, str], ...]:
    """Each mark with its longest word, looked for first: nearly all are absent of nearly all scripts."""
    return tuple(
        (library, mark, max(re.split(r"[ …]", mark), key=len)) for library in libraries() for mark in library.marks
    )


def in_code(code: str) -> tuple[Found, ...]:
    """The libraries that a script, or a bundle, says it holds."""
    code = code[:MAX_CODE]
    found: dict[tuple[str, Version], Found] = {}
    for library, mark, word in _literals():
        if word not in code:
            continue
        for match in _compiled(mark).finditer(code):
            one = _found(library, match.group(1), " ".join(match.group().split()))
            if one is not None:
                found.setdefault((library.key, one.version), one)
            if len(found) >= MAX_FOUND:
                return tuple(found.values())
    return tuple(found.values())


def in_browser(name: str, version: str) -> Found | None:
    """The library that a browser read the version of, under that name."""
    library = next((one for one in libraries() if name in one.running), None)
    return _whole(library, version, f"{name} = {version}") if library is not None else None


def in_address(url: str) -> Found | None:
    """The library that an address names with a version: `jquery-1.8.3.min.js`, `/npm/vue@2.6.0/…`, `/jquery/3.1.0/…`.

    A version in the query is not read: content managers put their own there.
    """
    try:
        path = unquote(urlsplit(url[:MAX_ADDRESS]).path).lower()
    except ValueError:
        return None
    segments = [segment for segment in path.split("/") if segment]
    for one in _named(segments):
        if one is not None:
            return one
    return None


def _named(segments: list[str]) -> Iterator[Found | None]:
    if not segments:
        return
    last = _ENDING.sub("", segments[-1])
    scoped = [f"{one}/{two}" for one, two in pairwise(segments) if one.startswith("@")]
    for library in libraries():
        for stem in library.stems:
            if (
                last != segments[-1]
                and last.startswith(stem)
                and last[len(stem) : len(stem) + 1] in {"-", ".", "_", "@"}
            ):
                yield _whole(library, last[len(stem) + 1 :], segments[-1])
            for segment in (*segments[:-1], *scoped):
                if segment.startswith(stem + "@"):
                    yield _whole(library, segment[len(stem) + 1 :], segment)
            for one, two in pairwise(segments[:-1]):
                if one == stem:
                    yield _whole(library, two, f"{one}/{two}")


def _whole(library: Library, text: str, excerpt: str) -> Found | None:
    written = re.fullmatch(f"v?({WRITTEN})", text[:80])
    return _found(library, written.group(1), excerpt) if written else None


def _found(library: Library, written: str, excerpt: str) -> Found | None:
    shown = written.rstrip(".-+~")
    version = version_of(shown)
    if version is None or (library.below is not None and version >= library.below):
        return None
    return Found(library, version, shown, rebuilt(shown), excerpt[:200])


def merged(found: Iterable[Found]) -> dict[tuple[str, str], Found]:
    """Each library and version once, the first sight of it kept."""
    kept: dict[tuple[str, str], Found] = {}
    for one in found:
        kept.setdefault((one.library.key, one.shown), one)
    return kept
