"""What the walk may fetch next, and why it leaves the rest: pure bookkeeping, no network."""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_probe.discovery.address import directory, extension, shape
from pgssi_probe.discovery.danger import is_dangerous_link, words, words_of
from pgssi_probe.discovery.robots import Robots
from pgssi_probe.discovery.site import Link, Skipped

MAX_DEPTH: Final = 2
MAX_HOPS: Final = 10
MAX_PER_SHAPE: Final = 3
MAX_NOTABLE_PER_SHAPE: Final = 12
MAX_PER_DIRECTORY: Final = 12
MAX_SKIPPED: Final = 1_000

NOTABLE: Final = re.compile(
    r"\b(?:mentions? legales?|legal|imprint|impressum|cgu|cgv|conditions|terms|tos|privacy|confidentialite|rgpd|gdpr|"
    r"donnees (?:a caractere )?personnel(?:les)?|protection des donnees|data protection|cookies?|traceurs|dpo|"
    r"contact(?:s|er|ez)?|nous joindre|aide|help|support|assistance|faq|accessibilite|accessibility|securite|security|"
    r"hameconnage|phishing|vigilance|heberge(?:ur|ment)|a propos|about|"
    r"connexion|connecter|identifier|authentification|login|log in|signin|sign in|register|inscription|sign up|signup|"
    r"mot de passe|password|mon compte|espace (?:patient|personnel|professionnel|client))\b"
)

FILES: Final = words("""
    .pdf .doc .docx .odt .xls .xlsx .ods .ppt .pptx .odp .rtf .csv .zip .gz .tgz .bz2 .xz .7z .rar .tar .iso .exe .msi
    .dmg .apk .jar .war .png .jpg .jpeg .gif .webp .svg .ico .bmp .tif .tiff .avif .mp3 .mp4 .avi .mov .webm .ogg .wav
    .woff .woff2 .ttf .eot .otf .css .js .mjs .map .ics .vcf .epub .dcm
""")
PROGRAMS: Final = words(".php .php5 .phtml .asp .aspx .jsp .jspx .cgi .cfm .pl")
"""Pages that are each a file of the application: many in one directory are no catalogue."""
FOLDED: Final = re.compile(r"[#~?]")
"""A shape that stands for more than one address."""


@dataclass(order=True, slots=True)
class Candidate:
    """Notable links first, doors last, then by depth, then in the order they were met."""

    rank: int
    depth: int
    order: int
    link: Link = field(compare=False)
    hops: int = field(default=0, compare=False)

    @property
    def url(self) -> str:
        return self.link.url


def is_notable(link: Link) -> bool:
    """Whether the link looks like sign-in, notices, contact, help: what the checks look for first."""
    parts = urlsplit(link.url)
    return bool(NOTABLE.search(words_of(f"{unquote_plus(parts.path)} {unquote_plus(parts.query)} {link.text}")))


class Frontier:
    """`offer` what is found, `take` what to fetch. An address is judged once; `skipped` tells why it was left."""

    def __init__(
        self,
        in_scope: Callable[[str], bool],
        excluded: Callable[[str], bool],
        *,
        max_depth: int = MAX_DEPTH,
        no_pages: frozenset[str] = FILES,
        doors: frozenset[str] = frozenset(),
    ) -> None:
        """`no_pages`: extensions of what is not asked for. `doors`: addresses asked for after all others, since a
        sign-in page may end the session of who opens it."""
        self._in_scope = in_scope
        self._excluded = excluded
        self._max_depth = max_depth
        self._no_pages = no_pages
        self._doors = doors
        self.robots = Robots()
        self._seen: set[str] = set()
        self._heap: list[Candidate] = []
        self._order = itertools.count()
        self._shapes: Counter[str] = Counter()
        self._directories: Counter[str] = Counter()
        self._paths: set[str] = set()
        self._skipped: dict[str, Skipped] = {}
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def skipped(self) -> tuple[tuple[str, Skipped], ...]:
        return tuple(self._skipped.items())

    def seen(self, url: str) -> None:
        """Mark an address as already fetched."""
        self._seen.add(url)

    def skip(self, url: str, reason: Skipped) -> None:
        if len(self._skipped) < MAX_SKIPPED:
            self._skipped.setdefault(url, reason)
        else:
            self.overflowed = True

    def offer(self, link: Link, depth: int, hops: int = 0) -> None:
        if link.method != "GET":
            self.skip(link.url, Skipped.DANGEROUS)  # and its address may be met again, to be read
            return
        if link.url in self._seen:
            return
        self._seen.add(link.url)
        reason = self._refusal(link, depth, hops)
        if reason is not None:
            self.skip(link.url, reason)
            return
        rank = 2 if link.url in self._doors else 0 if is_notable(link) else 1
        heapq.heappush(self._heap, Candidate(rank, depth, next(self._order), link, hops))

    def take(self, count: int) -> list[Candidate]:
        """At most `count` candidates, best first. Repetition is judged here, so that the best of a shape go first."""
        taken: list[Candidate] = []
        while self._heap and len(taken) < count:
            candidate = heapq.heappop(self._heap)
            if self._repeats(candidate):
                self.skip(candidate.url, Skipped.REPEATED)
            else:
                taken.append(candidate)
        return taken

    def close(self) -> None:
        """What is still waiting was left for want of budget."""
        for candidate in sorted(self._heap):
            self.skip(candidate.url, Skipped.BUDGET)
        self._heap.clear()

    def _refusal(self, link: Link, depth: int, hops: int) -> Skipped | None:
        if not self._in_scope(link.url):
            return Skipped.OUT_OF_SCOPE
        if self._excluded(link.url):
            return Skipped.EXCLUDED
        if is_dangerous_link(link):
            return Skipped.DANGEROUS
        if extension(link.url) in self._no_pages:
            return Skipped.NOT_A_PAGE
        if not self.robots.allows(link.url):
            return Skipped.DISALLOWED
        if depth > self._max_depth or hops > MAX_HOPS:
            return Skipped.BUDGET
        return None

    def _repeats(self, candidate: Candidate) -> bool:
        signature, place = shape(candidate.url), directory(candidate.url)
        notable = candidate.rank == 0
        if FOLDED.search(signature) and self._shapes[signature] >= (
            MAX_NOTABLE_PER_SHAPE if notable else MAX_PER_SHAPE
        ):
            return True
        # A catalogue by name has as many shapes as names: what lies below one directory is counted too.
        path = signature.partition("?")[0]
        below = urlsplit(place).path != "/" and path not in self._paths and extension(candidate.url) not in PROGRAMS
        if not notable and below and self._directories[place] >= MAX_PER_DIRECTORY:
            return True
        self._shapes[signature] += 1
        self._directories[place] += path not in self._paths
        self._paths.add(path)
        return False
