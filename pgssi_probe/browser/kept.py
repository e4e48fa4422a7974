"""What a browser keeps of an application: cookies, storages, databases, caches, service workers. Values stay in memory;
what may be stored of them is a name, a size and a keyed digest."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import JsonValue

MAX_ENTRIES: Final = 400
MAX_VALUE: Final = 40_000
"""Characters of a value that are read; `size` is that of the whole."""


class Place(StrEnum):
    COOKIE = "cookie"
    LOCAL = "local_storage"
    SESSION = "session_storage"
    DATABASE = "indexed_db"
    CACHE = "cache_storage"
    WORKER = "service_worker"


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing kept. `name` is a key, `database/store/key`, `cache URL` or the scope of a worker; `where` is an
    origin, or the domain of a cookie. `script` says whether scripts can read it (HttpOnly cookies they cannot)."""

    place: Place
    where: str
    name: str
    value: str
    size: int
    script: bool = True
    lasting: bool = True
    """False for what ends with the window or the browser session."""

    def __repr__(self) -> str:
        return f"Kept({self.place}, {self.where!r}, {self.name!r}, size={self.size})"


@dataclass(frozen=True)
class Dump:
    """Everything kept at one moment. `cut` says that some of it was not read."""

    entries: tuple[Kept, ...]
    cut: bool = False

    def of(self, *places: Place) -> tuple[Kept, ...]:
        return tuple(entry for entry in self.entries if entry.place in places)


class Digests:
    """Keyed digests under a key that is never kept: equal values are seen equal within one piece of evidence, and
    nobody can try values afterwards."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, value: str) -> str:
        return hmac.new(self._key, value.encode(errors="replace"), hashlib.sha256).hexdigest()[:12]

    def table(self, dump: Dump) -> list[JsonValue]:
        """What may be stored of a dump: place, where, name, size, digest. Names are cut."""
        return [
            {
                "place": str(entry.place),
                "where": entry.where[:120],
                "name": entry.name[:120],
                "size": entry.size,
                "digest": self.of(entry.value),
            }
            for entry in dump.entries[:MAX_ENTRIES]
        ]


@cache
def reader() -> str:
    """The expression that reads the storages of an origin, run in a world apart from the page's own scripts."""
    script = (files(__package__) / "read_kept.js").read_text(encoding="utf-8")
    return script.replace("__MAX__", str(MAX_VALUE)).replace("__MOST__", str(MAX_ENTRIES))


def read_back(given: Any) -> tuple[str, list[Kept], bool]:
    """Origin, entries and whether some are missing, from what the reader returned. Other shapes are left out."""
    if not isinstance(given, Mapping):
        return "", [], True
    origin = str(given.get("origin", ""))[:300]
    entries = []
    for line in given.get("found") or ():
        if isinstance(line, Sequence) and len(line) == 4 and line[0] in set(Place):
            place = Place(line[0])
            entries.append(
                Kept(place, origin, str(line[1]), str(line[2]), int(line[3]), lasting=place is not Place.SESSION)
            )
    return origin, entries, bool(given.get("cut"))


def cookies_kept(cookies: Iterable[Mapping[str, Any]]) -> list[Kept]:
    """The cookies of a context, as Playwright gives them."""
    return [
        Kept(
            Place.COOKIE,
            str(cookie.get("domain", "")),
            str(cookie.get("name", "")),
            str(cookie.get("value", ""))[:MAX_VALUE],
            len(str(cookie.get("value", ""))),
            script=not cookie.get("httpOnly"),
            lasting=float(cookie.get("expires", -1)) > 0,
        )
        for cookie in cookies
    ]
