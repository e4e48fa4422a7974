"""`ABSENCE`, the negative control: what the application answers about what does not exist.

Two siblings of an address are invented, in the same directory and with the same extension, and asked as the same user.
An answer like theirs shows nothing: a soft 404, a denial of everything, the sign-in page, the shell of a single page.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

from pgssi_probe.check.context import Collector, CollectorContext, Network
from pgssi_probe.compare.similarity import Fingerprint, same_page_threshold
from pgssi_probe.discovery.address import directory, extension
from pgssi_probe.net.exchange import Exchange, Headers, Request

MAX_PAIRS: Final = 60
MAX_ROTATED: Final = 3
"""Pairs asked with cookies of the same names and other values: beyond, the application gives new ones at each answer,
and the last pair stands for all [ours]."""
LENGTH_SLACK: Final = 64
"""Bytes by which two answers to HEAD about nothing may differ: they may repeat the address [ours]."""
GONE: Final = frozenset({404, 410})
CONTROLLED: Final = frozenset({"GET", "HEAD"})
COMPARED_BODY: Final = 400_000
"""Bytes of body that are read of an invented address when nothing says how far the answer itself was read."""

Pair = tuple[Exchange, Exchange]


class Absence(StrEnum):
    """How an answer compares with those about nothing. All but `DIFFERENT` and `UNKNOWN` show that nothing is there."""

    GONE = "gone"
    """404 or 410."""
    SOFT = "soft"
    """The page that any invented address gets: a soft 404, the shell of a single page, a catch-all."""
    DENIED = "denied"
    """The refusal that any invented address gets."""
    REDIRECTED = "redirected"
    """The redirect that any invented address gets, such as to the sign-in page."""
    DIFFERENT = "different"
    """Not what an invented address gets."""
    UNKNOWN = "unknown"
    """No answer, or no control to compare with."""

    @property
    def absent(self) -> bool:
        return self not in {Absence.DIFFERENT, Absence.UNKNOWN}


@dataclass(frozen=True)
class Likeness:
    """What of an answer is compared: status, place of redirect, media type, folded text without its own address."""

    exchange: Exchange

    @property
    def status(self) -> int | None:
        return self.exchange.status

    @cached_property
    def landing(self) -> str:
        """Where a redirect leads, its own address and the values of the query left out; "" when it is none."""
        response = self.exchange.response
        target = response.header("location") if response is not None and 300 <= response.status < 400 else None
        if not target:
            return ""
        try:
            parts = urlsplit(urljoin(self.exchange.url, target))
        except ValueError:
            return target[:200]
        names = sorted({name for name, _ in parse_qsl(parts.query)[:30]})
        place = urlunsplit((parts.scheme, parts.netloc, parts.path, "&".join(names), ""))
        for echo in self.echoes:
            place = place.replace(echo, "¤")
        return place

    @cached_property
    def echoes(self) -> tuple[str, ...]:
        """The ways in which an answer repeats the address that was asked."""
        parts = urlsplit(self.exchange.url)
        path = parts.path.rstrip("/")
        name = path.rpartition("/")[2]
        plain = (
            self.exchange.url,
            path,
            unquote(path),
            quote(path, safe=""),
            name,
            unquote(name),
            name.rpartition(".")[0],
        )
        return tuple(sorted({echo for echo in plain if len(echo) > 3}, key=len, reverse=True))

    @cached_property
    def fingerprint(self) -> Fingerprint:
        response = self.exchange.response
        return Fingerprint.of(response.text if response else "", self.echoes)

    @property
    def media_type(self) -> str:
        return self.exchange.response.media_type if self.exchange.response else ""

    @property
    def length(self) -> int:
        """The length that a HEAD announces; 0 when it announces none."""
        announced = (self.exchange.response.header("content-length") if self.exchange.response else None) or ""
        return int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else 0

    def resembles(self, other: Likeness, threshold: float) -> bool:
        if self.status != other.status or self.landing != other.landing or self.media_type != other.media_type:
            return False
        if self.exchange.request.method == "HEAD" and abs(self.length - other.length) > LENGTH_SLACK:
            return False
        # What is said beside a redirect does not matter, and HEAD says nothing.
        return bool(self.landing) or self.fingerprint.similarity(other.fingerprint) >= threshold


class AbsenceControl:
    """One per run, shared: each pair of invented siblings is asked for once, however many checks want it together."""

    def __init__(self, network: Network, max_pairs: int = MAX_PAIRS) -> None:
        self._network = network
        self._max_pairs = max_pairs
        self._asked = 0
        self._pairs: dict[tuple[object, ...], asyncio.Task[tuple[Likeness, Likeness]]] = {}
        self._rotated: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
        """Keys of pairs that differ by the values of cookies only, in the order in which they were asked."""

    async def pair(
        self, url: str, *, method: str = "GET", headers: Headers = (), max_body: int = COMPARED_BODY
    ) -> Pair | None:
        """The answers to two invented siblings of `url`; None when no control could be had."""
        control = await self._control(url, method, headers, max_body)
        return (control[0].exchange, control[1].exchange) if control else None

    async def looks_absent(self, exchange: Exchange) -> bool:
        """True when the answer is what an invented address gets, or 404, or 410. A failed exchange is not absence."""
        return (await self.classify(exchange)).absent

    async def classify(self, exchange: Exchange) -> Absence:
        """How the answer compares with those about nothing, asked with the same headers by the same method."""
        if exchange.response is None:
            return Absence.UNKNOWN
        if exchange.response.status in GONE:
            return Absence.GONE
        method = exchange.request.method if exchange.request.method in CONTROLLED else "GET"
        request = exchange.request
        control = await self._control(exchange.url, method, request.headers, request.max_body or COMPARED_BODY)
        if control is None:
            return Absence.UNKNOWN
        return compare(Likeness(exchange), control)

    async def _control(
        self, url: str, method: str, headers: Headers, max_body: int
    ) -> tuple[Likeness, Likeness] | None:
        # Read as far as the answer that they are compared with: a page and its beginning are not alike.
        key: tuple[object, ...] = (*_kind(url), method, headers, max_body)
        alike = self._rotated.setdefault((*_kind(url), method, _without_values(headers), max_body), [])
        if key not in self._pairs and len(alike) >= MAX_ROTATED and alike[-1] in self._pairs:
            key = alike[-1]
        task = self._pairs.get(key)
        if task is None:
            if self._asked >= self._max_pairs:
                return await self._nearest(key)
            self._asked += 1
            task = asyncio.ensure_future(self._invent(url, method, headers, max_body))
            self._pairs[key] = task
            alike.append(key)
        # Shielded: the check that asked first may be cancelled while others wait.
        control = await asyncio.shield(task)
        if any(one.exchange.response is None for one in control):
            if self._pairs.get(key) is task:
                del self._pairs[key]
            return None
        return control

    async def _nearest(self, key: tuple[object, ...]) -> tuple[Likeness, Likeness] | None:
        """When the allowance is spent: the control of another directory, same extension and user."""
        for known, task in self._pairs.items():
            if known[1:] == key[1:] and task.done() and not task.cancelled() and task.exception() is None:
                control = task.result()
                if all(one.exchange.response is not None for one in control):
                    return control
        return None

    async def _invent(self, url: str, method: str, headers: Headers, max_body: int) -> tuple[Likeness, Likeness]:
        first, second = await asyncio.gather(
            *(self._network.send(Request(method, sibling(url), headers, max_body=max_body)) for _ in range(2))
        )
        return Likeness(first), Likeness(second)


def sibling(url: str) -> str:
    """An address that nobody has, in the directory of `url`, of its kind: extension, hidden name, final slash."""
    parent, hidden, suffix, slash = _kind(url)
    return f"{parent}{hidden}{secrets.token_hex(8)}{suffix}{slash}"


def _without_values(headers: Headers) -> Headers:
    """The headers with the names of cookies only."""
    return tuple(
        (name, ";".join(sorted(part.partition("=")[0].strip() for part in value.split(";"))))
        if name.lower() == "cookie"
        else (name, value)
        for name, value in headers
    )


def _kind(url: str) -> tuple[str, str, str, str]:
    """Directory, leading dot, extension and final slash: what servers have rules about."""
    path = urlsplit(url).path
    slash = "/" if path.endswith("/") and path != "/" else ""
    bare = urljoin(url, path.rstrip("/") or "/")
    hidden = "." if bare.rpartition("/")[2].startswith(".") else ""
    return directory(bare), hidden, extension(bare), slash


def compare(answer: Likeness, control: tuple[Likeness, Likeness]) -> Absence:
    """Pure: `answer` against two answers about nothing, whose own likeness is the noise floor."""
    first, second = control
    noise = first.fingerprint.similarity(second.fingerprint) if first.status == second.status else None
    threshold = same_page_threshold(noise)
    if not any(answer.resembles(one, threshold) for one in control):
        return Absence.DIFFERENT
    if answer.landing:
        return Absence.REDIRECTED
    return Absence.DENIED if answer.status in {401, 403} else Absence.SOFT


async def _prepare(ctx: CollectorContext) -> AbsenceControl:
    return AbsenceControl(ctx.network)


ABSENCE: Collector[AbsenceControl] = Collector(name="absence", gather=_prepare, requests=2 * MAX_PAIRS)
