"""sitemap.xml (sitemaps.org protocol 0.9), read as a stream, without entities, DTD or network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from pgssi_probe.discovery.address import MAX_URL

MAX_BYTES: Final = 1_000_000
MAX_ENTRIES: Final = 500
KINDS: Final = frozenset({"url", "sitemap"})


@dataclass(frozen=True, slots=True)
class Sitemap:
    """Addresses as written: of pages, and of further sitemaps when it is an index."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


class _DoctypeRefused(ValueError):
    """A sitemap has no use for a document type; attacks have."""


@dataclass
class _Reader:
    found: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    _kind: str = ""
    _loc: list[str] | None = None
    _length: int = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local in KINDS:
            self._kind = local
        self._loc, self._length = ([], 0) if local == "loc" and self._kind else (None, 0)

    def text(self, data: str) -> None:
        if self._loc is not None and self._length <= MAX_URL:
            self._loc.append(data)
            self._length += len(data)

    def end(self, name: str) -> None:
        if self._loc is not None and name.rpartition(":")[2] == "loc":
            entry = "".join(self._loc).strip()
            if entry and len(entry) <= MAX_URL and len(self.found[self._kind]) < MAX_ENTRIES:
                self.found[self._kind].append(entry)
        self._loc = None

    @staticmethod
    def refuse(*_declaration: object) -> None:
        raise _DoctypeRefused


def parse_sitemap(body: bytes) -> Sitemap:
    """Never raises: what comes before the first fault is kept, a document type is refused."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(body[:MAX_BYTES].lstrip(), True)
    except _DoctypeRefused:
        return Sitemap()
    except (expat.ExpatError, ValueError, LookupError):
        pass
    return Sitemap(tuple(reader.found["url"]), tuple(reader.found["sitemap"]))
