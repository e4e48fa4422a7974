"""The walk of one visitor: breadth first from where the sign-in led, reading only, with the session of the account.

The brakes are those of the walk without an account: dangerous links are listed and not followed, what repeats a shape
is sampled, pages and bytes are counted. robots.txt is not heeded: it keeps
search engines away from the very pages that a mandate is about.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.check.context import CollectorContext
from pgssi_probe.discovery.address import extension
from pgssi_probe.discovery.collect import BATCH, ENDS, MAX_FAILURES_IN_A_ROW, MAX_KEPT_BYTES, REDIRECTS, location
from pgssi_probe.discovery.danger import is_dangerous, words
from pgssi_probe.discovery.frontier import Candidate, Frontier
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Link, Page, Skipped
from pgssi_probe.identity import Session
from pgssi_probe.inventory.acting import Acts
from pgssi_probe.inventory.bundles import parts_of
from pgssi_probe.inventory.gleaning import Found, of_document, of_json, of_script
from pgssi_probe.inventory.model import Endpoint, Source, Visit
from pgssi_probe.inventory.references import ASSETS
from pgssi_probe.inventory.requests import is_json, request_of
from pgssi_probe.net.exchange import Exchange, Request

DEPTH: Final = 4
MAX_BODY: Final = 400_000
"""Bytes read of each answer: a scanned document is known by its beginning."""
MAX_SCRIPTS: Final = 8
MAX_PARTS: Final = 16
"""Parts of a scripted application that are read beside the scripts of its pages."""
MAX_DATA: Final = 60
"""Addresses of data, named by scripts, that are asked for whatever they have in common."""
MAX_CODE: Final = 2_000_000
"""Bytes read of each script: what an application bundles of its own often stands at the end."""
OUT_IN_A_ROW: Final = 4
"""Refusals one after the other after which the session is looked at."""
RENEWALS: Final = 1
"""Times that a session which a page ended is opened again."""
ARCHIVES: Final = words("""
    .zip .gz .tgz .bz2 .xz .7z .rar .tar .iso .exe .msi .dmg .apk .jar .war .mp3 .avi .mov .ogg .wav .tif .tiff .bmp
""")
NOT_ASKED: Final = ASSETS | ARCHIVES
OF_DATA: Final = re.compile(r"^/(?:[\w-]+/)?(?:api|rest|v\d)/", re.IGNORECASE)
"""Addresses that give data: asked before the routes of a scripted application, whose page is everywhere the same."""
SCRIPTS: Final = frozenset({"application/javascript", "text/javascript", "application/x-javascript"})


@dataclass
class Walking:
    """One walk in progress. `limit` counts requests. `found` is what the answers spoke of, in order."""

    ctx: CollectorContext
    label: str
    session: Session
    limit: int
    sign_in_paths: tuple[str, ...] = ()
    doors: frozenset[str] = frozenset()
    """Addresses of the pages that ask for a password: visited last, since many end the session of who opens them."""
    renew: Callable[[], Awaitable[Session | None]] | None = None
    """Signs in again; None when that does not succeed."""
    acts: Acts = field(default_factory=Acts)
    """What was seen to act, by all accounts."""
    pages: list[Page] = field(default_factory=list)
    answers: list[Exchange] = field(default_factory=list)
    found: dict[tuple[str, str, bytes], Found] = field(default_factory=dict)
    frontier: Frontier = field(init=False)
    complete: bool = True
    lost: bool = False
    ended: bool = False
    """Stopped by a failure, a budget or too many bytes."""
    used: int = 0
    scripts: int = 0
    read: set[str] = field(default_factory=set)
    """Scripts whose paths are known already."""
    code: list[Exchange] = field(default_factory=list)
    """The scripts of the pages, as they were answered."""
    parts: int = 0
    _data: deque[str] = field(default_factory=deque)
    _named: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)
    ended_by: set[str] = field(default_factory=set)
    """Pages after which the session was over."""
    _bodies: set[str] = field(default_factory=set)
    _kept: int = 0
    _failures: int = 0
    _refused_to: list[Candidate] = field(default_factory=list)
    """What was refused since the last page that was not."""
    _last: str = ""
    """That page."""
    _renewed: int = 0

    def __post_init__(self) -> None:
        self.frontier = Frontier(
            self.ctx.network.in_scope, self.ctx.excluded, max_depth=DEPTH, no_pages=NOT_ASKED, doors=self.doors
        )

    async def walk(self, start: Iterable[str], landed: Page | None = None) -> None:
        """From the page where the sign-in led, read already, and the addresses known otherwise."""
        if landed is not None:
            self.frontier.seen(landed.url)
            await self._keep(landed.exchange, 0)
        await self.go_on(start)

    async def go_on(self, urls: Iterable[str], more: int = 0) -> None:
        """Walk from these addresses too, `more` requests further than the limit."""
        self.limit += more
        for url in urls:
            self.frontier.offer(Link(url, ""), 1)
        while self.used < self.limit and not self.ended:
            batch = deque(self._named_data() or self.frontier.take(min(BATCH, self.limit - self.used)))
            if not batch:
                return
            while batch:
                self.used += 1
                batch.extendleft(reversed(await self._ask(batch.popleft())))
                if self._stopped():
                    self.ended, self.complete = True, False
                if self.ended or self.lost:
                    for left in batch:
                        self.frontier.skip(left.url, Skipped.BUDGET)
                    return

    def ask_first(self, urls: Iterable[str]) -> None:
        """Have these addresses asked for before all others, and not sampled: two words below one folder of an API are
        two kinds of data, and no catalogue."""
        for url in urls:
            wanted = url not in self._named and len(self._named) < MAX_DATA and not is_dangerous(url)
            if wanted and self.ctx.network.in_scope(url) and not self.ctx.excluded(url):
                self._named.add(url)
                self._data.append(url)

    def _named_data(self) -> list[Candidate]:
        """The next of them."""
        batch: list[Candidate] = []
        while self._data and len(batch) < min(BATCH, self.limit - self.used):
            url = self._data.popleft()
            if url not in self._asked:
                self.frontier.seen(url)
                batch.append(Candidate(0, 1, 0, Link(url, "")))
        return batch

    async def heard(self, exchange: Exchange) -> None:
        """File an answer that a window was given with a session of the same account."""
        if exchange.url not in self._asked:
            self.frontier.seen(exchange.url)
            await self._keep(exchange, DEPTH - 1)

    async def send(self, found: Found) -> Exchange | None:
        """A request that reads and is no plain GET: a query of GraphQL, a GET with a header of its own."""
        if self.ended or self.lost or self.used >= self.limit:
            return None
        self.used += 1
        described = Endpoint(found.method, found.url, found.source, frozenset(), body=found.body)
        described = replace(described, media_type=found.media_type, headers=found.headers)
        exchange = await self.session.send(replace(request_of(described), max_body=MAX_BODY))
        self.answers.append(exchange)
        self._kept += len(exchange.response.body) if exchange.response is not None else 0
        if self._stopped():
            self.ended, self.complete = True, False
        return exchange

    def learn(self, found: Iterable[Found]) -> None:
        """File requests that were learned otherwise than by an answer of this walk."""
        self._glean(found, 0)

    def visit(self) -> Visit:
        """What the walk saw. Nothing is asked for any more."""
        left = len(self.frontier)
        self.frontier.close()
        whole = self.complete and not left and not self.lost and not self.frontier.overflowed
        return Visit(
            label=self.label,
            session=self.session,
            pages=tuple(self.pages),
            answers=tuple(self.answers),
            scripts=tuple(self.code),
            complete=whole,
            why="lost" if self.lost else "",
        )

    async def _ask(self, candidate: Candidate) -> list[Candidate]:
        """Ask for one address. Gives what is to be asked for again, in a new session."""
        if self.acts.is_one(candidate.url):
            self.frontier.skip(candidate.url, Skipped.DANGEROUS)
            return []
        request = Request("GET", candidate.url, max_body=MAX_BODY)
        self._asked.add(candidate.url)
        exchange = await self.session.send(request)
        target = location(exchange)
        if self._refused(exchange, target):
            self._refused_to.append(candidate)
            self.answers.append(exchange)
            if len(self._refused_to) < OUT_IN_A_ROW:
                return []
            refused = self._refused_to if await self._is_out() else []
            again = await self._in_again(refused) if refused else []
            self._refused_to = []
            return again
        self._refused_to.clear()
        self._last = candidate.url
        self.acts.learn(candidate.url, target, exchange.status)
        if target is not None:
            self.answers.append(exchange)
            self.frontier.offer(Link(target, candidate.link.text), candidate.depth, candidate.hops + 1)
            return []
        await self._keep(exchange, candidate.depth)
        return []

    def _refused(self, exchange: Exchange, target: str | None) -> bool:
        to_sign_in = target is not None and any(path in target for path in self.sign_in_paths)
        return exchange.status in {401, 403} or to_sign_in

    async def _is_out(self) -> bool:
        """Whether the first page of the walk is refused too: the session is gone, not the pages forbidden."""
        if not self.pages:
            return False
        again = await self.session.get(self.pages[0].url)
        return self._refused(again, location(again))

    async def _in_again(self, refused: list[Candidate]) -> list[Candidate]:
        """Sign in once more. Gives what was refused meanwhile, but for the first: it may be what ended the session, by
        leading to the sign-in page. The page before it may be that too."""
        session = await self.renew() if self.renew is not None and self._renewed < RENEWALS else None
        self.lost = session is None
        if session is None:
            return []
        self._renewed += 1
        self.session = session
        if self._last != self.pages[0].url:
            self.ended_by.add(self._last or refused[0].url)
        del self.answers[-len(refused) :]
        return refused[1:]

    async def _keep(self, exchange: Exchange, depth: int) -> None:
        """File an answer; one that is new gives what it speaks of."""
        self._asked.add(exchange.url)
        self.answers.append(exchange)
        response = exchange.response
        self._failures = self._failures + 1 if response is None else 0
        if response is None or response.status in REDIRECTS:
            return
        self._kept += len(response.body)
        if response.sha256 in self._bodies:
            return
        self._bodies.add(response.sha256)
        page = await parse_page(exchange)
        if page is not None:
            if response.status == 200:
                self.pages.append(page)
            self._glean(of_document(page.document, exchange.url), depth)
            await self._read_scripts(page)
        elif response.status == 200 and is_json(response.media_type):
            self._glean(of_json(response.body, exchange.url), depth)
        elif response.status == 200 and response.media_type in SCRIPTS:
            self._glean(of_script(response.text, exchange.url), depth)

    async def _read_scripts(self, page: Page) -> None:
        """The scripts of signed-in pages tell what those pages ask for."""
        for one in page.document.resources:
            wanted = one.tag == "script" and one.url not in self.read and self.ctx.network.in_scope(one.url)
            if not wanted or self.scripts >= MAX_SCRIPTS or self.ctx.excluded(one.url):
                continue
            self.read.add(one.url)
            if is_dangerous(one.url) and extension(one.url) not in {".js", ".mjs"}:
                continue
            self.scripts += 1
            await self._read_script(one.url, page.url)

    async def _read_script(self, url: str, page: str) -> None:
        exchange = await self.session.send(Request("GET", url, max_body=MAX_CODE))
        if exchange.status == 200 and exchange.response is not None:
            self.code.append(exchange)
            self.told_by_script(exchange.response.text, url, page)
            await self.read_parts(exchange.response.text, url, page)

    def told_by_script(self, text: str, url: str, page: str) -> None:
        """File what a script speaks of."""
        self._glean(of_script(text, url, page), DEPTH - 1)

    async def read_parts(self, text: str, url: str, page: str) -> None:
        """Read the code that a script may load later: it speaks of what the first pages do not ask for."""
        for part in parts_of(text, url, page):
            if self.parts >= MAX_PARTS or self.ended or self.lost:
                return
            if part in self.read or not self.ctx.network.in_scope(part) or self.ctx.excluded(part):
                continue
            self.read.add(part)
            self.parts += 1
            await self._read_script(part, page)

    def _glean(self, found: Iterable[Found], depth: int) -> None:
        for one in found:
            if not self.ctx.network.in_scope(one.url):
                continue
            self.found.setdefault(one.key, one)
            if one.headers or not one.complete:
                continue
            if one.method == "GET" and not one.writes and not is_dangerous(one.url, one.text):
                if one.source in {Source.SCRIPT, Source.BROWSER} and OF_DATA.search(urlsplit(one.url).path):
                    self.ask_first((one.url,))
                self.frontier.offer(Link(one.url, one.text), depth + 1)
            elif one.method == "GET":
                self.frontier.skip(one.url, Skipped.DANGEROUS)

    def _stopped(self) -> bool:
        last = self.answers[-1] if self.answers else None
        ended = last is not None and last.failure in ENDS
        return ended or self._failures >= MAX_FAILURES_IN_A_ROW or self._kept > MAX_KEPT_BYTES
