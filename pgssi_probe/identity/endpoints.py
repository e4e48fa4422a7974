"""Which address of a scripted application takes credentials: read from its scripts, else tried at usual places.

Nothing is posted here. An address shows itself by its answer to GET, or to OPTIONS where GET says 404.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from pgssi_probe.check.context import CollectorContext
from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.identity.guessing import BrokenPlaces
from pgssi_probe.identity.jsonapi import USUAL_ENDPOINTS
from pgssi_probe.identity.steps import Step
from pgssi_probe.identity.vocabulary import OTHER_FORM, SIGN_OUT, address_words
from pgssi_probe.net.exchange import Exchange, Request

MAX_SCRIPT: Final = 2_000_000
MAX_BASES: Final = 3
MAX_PROBES: Final = 36
UNPROVED: Final = 3
"""How many addresses of scripts a sign-in may try that did not show themselves."""
_QUOTED_PATH = re.compile(
    r"[\"'`](?:\$\{[^}\"'`]{1,60}\})?"
    r"(/?[A-Za-z0-9_.~/-]{0,80}(?:login|signin|sign-in|authenticate|connexion|session|token)s?[A-Za-z]{0,10}/?)[\"'`?]"
)
_BASE = re.compile(r"[\"'`](/?(?:-/|[A-Za-z0-9_]{1,20}/)?(?:api|rest|backend)(?:/[A-Za-z0-9_-]{1,20}){0,2})/?[\"'`]")
_WORD = re.compile(r"login|signin|authenticate|connexion|sessions?|tokens?", re.IGNORECASE)
_LIKELY = re.compile(r"(?:^|/|-)(?:api|auth|rest|oauth2?|sec|security|users?|accounts?|v\d)/", re.IGNORECASE)
_SURE = re.compile(r"(?:login|signin|sign-in|authenticate|connexion)/?$", re.IGNORECASE)


def endpoints_in(scripts: Iterable[str], most: int = 12) -> tuple[str, ...]:
    """Paths of scripts that read like the endpoint of a sign-in, those below `api` first."""
    found: dict[str, None] = {}
    for script in scripts:
        for match in _QUOTED_PATH.finditer(script[:MAX_SCRIPT]):
            path, words = match[1], address_words(match[1])
            is_path = "/" in path or _WORD.fullmatch(path)  # and not the name of an element or of a file
            if is_path and not OTHER_FORM.search(words) and not SIGN_OUT.search(words) and "." not in path:
                found.setdefault(path)
            if len(found) >= 10 * most:
                break
    return tuple(sorted(found, key=_unlikely))[:most]


def _unlikely(path: str) -> tuple[bool, bool, bool]:
    return (not _LIKELY.search(path), not _SURE.search(path), not path.startswith("/"))


def bases_in(scripts: Iterable[str]) -> tuple[str, ...]:
    """Paths of scripts below which an API stands, the most frequent first."""
    seen = Counter(match[1].strip("/") for script in scripts for match in _BASE.finditer(script[:MAX_SCRIPT]))
    return tuple(base for base, _ in seen.most_common(MAX_BASES))


def takes_posts(exchange: Exchange) -> bool:
    """Whether the answer to a GET shows an endpoint that waits for a POST: 405, or an error told in JSON but 404."""
    response = exchange.response
    if response is None:
        return False
    if response.status == 405:
        return "POST" in (response.header("allow") or "POST").upper()
    return response.status in {400, 401, 403, 415, 422} and response.media_type.endswith("json")


def allows_posts(exchange: Exchange) -> bool:
    """Whether the answer to OPTIONS lists POST (RFC 9110 §9.3.7), and not every method there is."""
    response = exchange.response
    allowed = (response.header("allow") or "").upper() if response and response.status < 300 else ""
    return "POST" in allowed and "DELETE" not in allowed


@dataclass
class EndpointSearch:
    """One search in progress. `steps` grows with what was tried; `asked` counts requests."""

    ctx: CollectorContext
    site: Site
    pages: tuple[Page, ...] = ()
    """Pages met beside those of the site."""
    steps: list[Step] = field(default_factory=list)
    asked: int = 0
    broken: BrokenPlaces = field(default_factory=BrokenPlaces)

    async def find(self) -> tuple[str, tuple[str, ...]]:
        """How they were found, and the endpoints: one that showed itself, else some to be tried; none at all is ()."""
        await self._load()
        scripts = tuple(self._scripts())
        named = [url for path in endpoints_in(scripts) for url in self._addresses(path, bases_in(scripts))]
        places = dict.fromkeys((self.ctx.target.origin + "/", urljoin(self.site.home.url, ".")))
        usual = [urljoin(place, path.lstrip("/")) for place in places for path in USUAL_ENDPOINTS]
        listed = frozenset(named)
        for url in dict.fromkeys((*named[:14], *usual, *named[14:])):
            if self.asked >= MAX_PROBES:
                break
            if self.ctx.excluded(url) or not self.ctx.network.in_scope(url) or is_dangerous(url):
                continue
            if self.broken.holds(url):
                continue
            if await self._waits(url, "script" if url in listed else "usual", listed=url in listed):
                return self.steps[-1].kind, (url,)
        unproved = [url for url in named if _SURE.search(url) and self.ctx.network.in_scope(url)]
        return "script", tuple(unproved[:UNPROVED])

    async def _waits(self, url: str, how: str, *, listed: bool) -> bool:
        exchange = await self.ctx.get(url, (("Accept", "application/json"),))
        self.asked += 1
        self.broken.add(url, exchange.status)
        answers = takes_posts(exchange)
        if answers and exchange.status in {401, 403}:
            answers = not await self._closed_alike(url, exchange.status)
        if listed and not answers and exchange.status in {200, 404}:
            answers = allows_posts(await self.ctx.network.send(Request("OPTIONS", url)))
            self.asked += 1
        self.steps.append(Step(how, url, exchange.status, "endpoint" if answers else "no_endpoint"))
        return answers

    async def _closed_alike(self, url: str, status: int) -> bool:
        """Whether an address beside it that does not exist is refused with the same status: the whole place is closed
        to strangers (Verdaccio), and the refusal shows nothing."""
        beside = urljoin(url.rstrip("/"), secrets.token_hex(6))
        self.asked += 1
        return (await self.ctx.get(beside, (("Accept", "application/json"),))).status == status

    def _addresses(self, path: str, bases: tuple[str, ...]) -> Iterator[str]:
        """Where a path of a script may lead: as it stands, and below each base of the API."""
        bare = path.lstrip("/")
        below = [f"/{base}/{bare}" for base in bases if not bare.startswith(base)]
        own = f"/{bare}"
        for each in (own, *below):
            url = absolute(each, self.site.home.url)
            if url is not None:
                yield url

    async def _load(self) -> None:
        """The scripts of pages that the walk did not meet."""
        known = {exchange.url for exchange in self.site.resources}
        self._more: list[str] = []
        for page in self.pages:
            for resource in page.document.resources:
                wanted = resource.tag == "script" and resource.url not in known and len(self._more) < 8
                if wanted and self.ctx.network.in_scope(resource.url) and not self.ctx.excluded(resource.url):
                    known.add(resource.url)
                    exchange = await self.ctx.get(resource.url)
                    self.asked += 1
                    self._more.append(exchange.response.text[:MAX_SCRIPT] if exchange.response else "")

    def _scripts(self) -> Iterator[str]:
        yield from self._more
        for page in (*self.pages, *self.site.pages):
            yield from page.document.inline_scripts
        for resource in self.site.resources:
            if resource.response is not None:
                yield resource.response.text[:MAX_SCRIPT]
