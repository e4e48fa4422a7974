"""The only way between the browser and the target: each held request is judged here and sent by the network of a check.

Scope, journal, pace, budgets, identification and caps on hostile bodies are therefore those of every other request.

Limits of this way, told once. Answers come whole: what streams (event streams, long polling) is refused. Requests lack
`Accept-Language` and the client hints. The HTTP cache of Chromium is not used, and is imitated where it matters
(`going_back`): what lacks `no-store` is shown again. Cookies, CORS, pre-flights, mixed content, integrity and content
policies are applied by Chromium on the answers as received; `Clear-Site-Data`, which it would apply in the layer that
is replaced, is applied here.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urldefrag, urlsplit

from pgssi_probe.browser.asked import Asked, Fate
from pgssi_probe.check.context import Network
from pgssi_probe.identity.session import Session, origin_of
from pgssi_probe.net.exchange import Exchange, Failure, Headers, Request, Response

MAX_BODY: Final = 24_000_000
"""Bytes of one answer given to the browser: the scripts of an application are long."""
MAX_BYTES: Final = 80_000_000
MAX_ASKED: Final = 2_000
"""Requests of a visit, sent or not, from which on nothing is answered any more."""
NOT_FORWARDED: Final = frozenset(
    {"host", "connection", "content-length", "user-agent", "accept-encoding", "upgrade-insecure-requests", "te"}
)
"""Headers that the client writes itself: every request of a run bears the same name."""
NOT_GIVEN: Final = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"})
"""Headers of an answer that are no longer true of a decoded body."""
UNSEEN: Final = frozenset({"image", "font", "media", "texttrack"})
STREAMS: Final = re.compile(
    r"/(?:xhr_streaming|xhr|eventsource|htmlfile|jsonp_polling)(?:\?|$)|[?&]EIO=\d|[?&]transport=|/signalr/|/sse(?:[/?]|$)|longpoll",
    re.IGNORECASE,
)
"""Addresses of the usual stand-ins for WebSockets (SockJS, engine.io, SignalR), which hold a request open."""
CREDENTIALS: Final = re.compile(
    r"authorization|xc?-(?!.*(?:csrf|xsrf|verification|request))(?:[a-z0-9]{1,20}-){0,2}"
    r"(?:api-key|auth|session|session-id|token|jwt)",
    re.IGNORECASE,
)
"""Headers with which scripts sign their requests, the name of the application between perhaps (X-Actual-Token)."""
REASONS: Final = {
    Failure.DNS: "NameNotResolved",
    Failure.REFUSED: "ConnectionRefused",
    Failure.CONNECT_TIMEOUT: "TimedOut",
    Failure.RESPONSE_TIMEOUT: "TimedOut",
    Failure.RESET: "ConnectionReset",
}
PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
SHARED: Final = frozenset({"script", "stylesheet"})
BLANK_PATH: Final = "/.pgssi-probe-blank"
"""An empty page of an origin, answered here and never asked of it: the place from which its storage is read."""

Clearing = Callable[[str, frozenset[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser is given; `failure` is an errorReason of the protocol."""

    response: Response | None = None
    failure: str = ""


@dataclass
class Shelf:
    """Static files that any visit of the run may be given again: asked once for all."""

    held: dict[str, Exchange] = field(default_factory=dict)
    room: int = 48_000_000

    def take(self, url: str) -> Exchange | None:
        return self.held.get(url)

    def keep(self, exchange: Exchange) -> None:
        response = exchange.response
        if response is None or response.status != 200 or response.truncated or exchange.url in self.held:
            return
        private = re.search(r"no-store|no-cache|private", ",".join(response.all("cache-control")), re.IGNORECASE)
        if private or response.header("set-cookie") or len(response.body) > self.room:
            return
        self.room -= len(response.body)
        self.held[exchange.url] = exchange


@dataclass
class Crossing:
    """The judgement of one visit. `asked` is everything, in order of completion."""

    network: Network
    shelf: Shelf
    methods: frozenset[str]
    label: str = ""
    session: Session | None = None
    """Whose credentials in headers are added; its cookies are in the browser already."""
    pictures: bool = False
    clearing: Clearing | None = None
    asked: list[Asked] = field(default_factory=list)
    initiators: dict[str, tuple[str, str]] = field(default_factory=dict)
    documents: dict[str, Exchange] = field(default_factory=dict)
    """Frame -> the answer that it shows."""
    carried: dict[str, dict[str, str]] = field(default_factory=dict)
    """Origin -> the credentials that the scripts of pages last put in headers."""
    going_back: bool = False
    under_way: int = 0
    quiet_since: float = 0.0
    fault: BaseException | None = None
    _networked: list[tuple[int, str]] = field(default_factory=list)
    _seen: dict[str, Exchange] = field(default_factory=dict)
    _bytes: int = 0

    async def answer(self, event: dict[str, Any]) -> Answer:
        """What the browser is given for a held request. Never raises: a fault of ours is kept in `fault`."""
        self.under_way += 1
        try:
            return await self._answer(event)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 (raised again where the visit awaits)
            self.fault = error
            return Answer(failure="Failed")
        finally:
            self.under_way -= 1

    async def _answer(self, event: dict[str, Any]) -> Answer:
        given = event["request"]
        kind = str(event.get("resourceType", "other")).lower()
        url, method = urldefrag(given["url"])[0], given["method"]
        shown = self.documents.get(str(event.get("frameId", "")))
        page = shown.url if shown is not None else _header(given["headers"], "referer")
        base = Asked(url, method, kind, Fate.FAILED, page)
        mark = str(event.get("networkId", ""))
        if len(self.asked) >= MAX_ASKED or self._bytes >= MAX_BYTES:
            return Answer(failure="Aborted")
        fate = self._judged(url, method, kind, page, _header(given["headers"], "accept"))
        if fate is not None:
            self._note(replace(base, fate=fate), mark)
            if fate is Fate.LEFT_OUT and kind == "image":
                return Answer(_pixel())
            if fate is Fate.STREAM:  # 204 is what an event stream does not come back from
                return Answer(Response(204 if kind != "document" else 404, "", "HTTP/1.1", (), b"", 0))
            return Answer(failure="BlockedByClient")
        if urlsplit(url).path == BLANK_PATH:
            return Answer(Response(200, "", "HTTP/1.1", (("Content-Type", "text/html"),), b"", 0))
        reused = self._reusable(url, method, kind, given["headers"])
        if reused is not None:
            self._note(replace(base, fate=Fate.REUSED, exchange=reused), mark)
            return await self._passed(event, kind, reused)
        body = _body(given)
        if body is None:
            self._note(base, mark)
            return Answer(failure="Failed")
        request = self._dressed(Request(method, url, _forwarded(given["headers"]), body, max_body=MAX_BODY))
        self._learn(url, kind, given["headers"])
        exchange = await self.network.send(replace(request, account=self.label))
        self.quiet_since = asyncio.get_running_loop().time()
        response = exchange.response
        if response is None:
            fate = {Failure.BUDGET: Fate.BUDGET, Failure.OUT_OF_SCOPE: Fate.OUT_OF_SCOPE}.get(
                exchange.failure or Failure.PROTOCOL, Fate.FAILED
            )
            self._note(replace(base, fate=fate, exchange=exchange), mark)
            return Answer(failure=REASONS.get(exchange.failure or Failure.PROTOCOL, "Failed"))
        self._bytes += len(response.body)
        self._note(replace(base, fate=Fate.SENT, exchange=exchange), mark)
        if method == "GET" and kind in SHARED:
            self.shelf.keep(exchange)
        if method == "GET" and response.status == 200:
            self._seen[url] = exchange
        return await self._passed(event, kind, exchange)

    async def _passed(self, event: dict[str, Any], kind: str, exchange: Exchange) -> Answer:
        response = exchange.response
        assert response is not None  # noqa: S101
        cleared = clear_site_data(response)
        if cleared and exchange.secure and not self.going_back:
            if "cache" in cleared:
                origin = origin_of(exchange.url)
                self._seen = {url: one for url, one in self._seen.items() if origin_of(url) != origin}
            if self.clearing is not None:
                await self.clearing(exchange.url, cleared)
        if kind == "document":
            self.documents[str(event.get("frameId", ""))] = exchange
        return Answer(response)

    def _judged(self, url: str, method: str, kind: str, page: str, accept: str) -> Fate | None:
        """Why a request is not sent; None when it may be."""
        if not self.network.in_scope(url):
            return Fate.OUT_OF_SCOPE
        if not self.pictures and (kind in UNSEEN or (kind == "other" and accept.startswith("image/"))):
            return Fate.LEFT_OUT
        if method not in self.methods:
            return Fate.METHOD
        if method != "GET" and url.startswith("http:") and page.startswith("https:"):
            return Fate.CLEAR_TEXT
        if kind == "eventsource" or (kind in {"xhr", "fetch", "other", "document", "script"} and STREAMS.search(url)):
            return Fate.STREAM
        return None

    def _reusable(self, url: str, method: str, kind: str, headers: dict[str, str]) -> Exchange | None:
        if method != "GET":
            return None
        if self.going_back:
            seen = self._seen.get(url)
            return seen if seen is not None and shown_again(seen, headers) else None
        return self.shelf.take(url) if kind in SHARED else None

    def _dressed(self, request: Request) -> Request:
        session = self.session
        if session is None or (session.origin and origin_of(request.url) != session.origin):
            return request
        own = {name.lower() for name, _ in request.headers}
        credentials = (*session.headers, *(session.authoriser(request) if session.authoriser else ()))
        added = tuple(pair for pair in credentials if pair[0].lower() not in own)
        return replace(request, headers=(*request.headers, *added))

    def _learn(self, url: str, kind: str, headers: dict[str, str]) -> None:
        if kind in {"xhr", "fetch"}:
            signed = {name: value for name, value in headers.items() if CREDENTIALS.fullmatch(name)}
            self.carried.setdefault(origin_of(url), {}).update(signed)

    def _note(self, asked: Asked, mark: str) -> None:
        if mark:
            self._networked.append((len(self.asked), mark))
        self.asked.append(asked)

    def everything(self) -> tuple[Asked, ...]:
        """What was asked so far, with who asked as far as the browser told it."""
        named = list(self.asked)
        for index, mark in self._networked:
            by, by_url = self.initiators.get(mark, ("", ""))
            if by:
                named[index] = replace(named[index], by=by, by_url=by_url)
        return tuple(named)


def clear_site_data(response: Response) -> frozenset[str]:
    """The directives of Clear-Site-Data (W3C), lower case; `*` is all of them."""
    named = {part.strip().strip('"').lower() for part in ",".join(response.all("clear-site-data")).split(",")}
    return frozenset({"cache", "cookies", "storage"} if "*" in named else named & {"cache", "cookies", "storage"})


def shown_again(exchange: Exchange, headers: dict[str, str]) -> bool:
    """Whether a browser that goes back shows what it kept without asking: it does whatever the age, unless `no-store`
    forbade keeping, or the answer varies with a header that is another now (RFC 9111 §4.1)."""
    response = exchange.response
    if response is None or "no-store" in ",".join(response.all("cache-control")).lower():
        return False
    then = {name.lower(): value for name, value in exchange.request.headers}
    varies = [name.strip().lower() for value in response.all("vary") for name in value.split(",")]
    return all(
        name != "*" and then.get(name, "") == _header(headers, name) for name in varies if name not in NOT_FORWARDED
    )


def _forwarded(headers: dict[str, str]) -> Headers:
    return tuple(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in NOT_FORWARDED and not name.lower().startswith("sec-ch-")
    )


def _header(headers: dict[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _body(given: dict[str, Any]) -> bytes | None:
    """The body of a held request; None when the browser does not give it."""
    entries = given.get("postDataEntries")
    if entries is None:
        return b"" if not given.get("hasPostData") else None
    return b"".join(base64.b64decode(entry.get("bytes", "")) for entry in entries)


def _pixel() -> Response:
    return Response(200, "", "HTTP/1.1", (("Content-Type", "image/gif"),), PIXEL, 0)


def fulfilled(response: Response) -> dict[str, Any]:
    """The parameters of Fetch.fulfillRequest for an answer."""
    return {
        "responseCode": response.status,
        "responseHeaders": [
            {"name": name, "value": value} for name, value in response.headers if name.lower() not in NOT_GIVEN
        ],
        "body": base64.b64encode(response.body).decode(),
    }
