"""The HTTP client: one exchange at a time over httpx transports, everything captured, nothing followed or remembered.

No cookie jar, no redirect, no proxy from the environment, and one retry only: an idempotent request that a kept-alive
connection swallowed without a byte of answer is sent again on a new connection, with the same X-Request-Id.
"""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import cast

import httpx

from pgssi_probe.clock import Clock
from pgssi_probe.net.body import BodyCaps, BodyReader
from pgssi_probe.net.dial import Dialer, DialError
from pgssi_probe.net.exchange import Exchange, Failure, Headers, Request, Response, TlsFacts, Truncation
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.lanes import Lane, Lanes
from pgssi_probe.net.pinned_backend import PinnedBackend
from pgssi_probe.net.wire import HEAD_ALLOWANCE, Wire, WireLostError

MAX_HEADER_FIELDS = 512
"""Beyond, the answer is refused. The size of the head is bounded by h11 (100 KB) and hpack (64 KB)."""

DETAIL_CHARS = 200

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

RawHeaders = list[tuple[bytes, bytes]]


class HttpClient:
    """Sends requests. Use it from one event loop; close with `aclose`, which closes the dialer too."""

    def __init__(self, dialer: Dialer, limits: Limits, clock: Clock, *, user_agent: str) -> None:
        self._dialer = dialer
        self._limits = limits
        self._clock = clock
        self._caps = BodyCaps(limits.max_body_wire, limits.max_body_decoded)
        self._own_headers: RawHeaders = [
            (b"User-Agent", user_agent.encode("latin-1", "replace")),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"gzip, br"),
        ]
        self._lanes = Lanes(dialer)

    async def send(self, request: Request, by: str = "") -> Exchange:
        """One exchange. What the target does wrong is a `failure` with a short, safe `detail`, never an exception.

        A request that cannot be written as HTTP is Failure.PROTOCOL with a detail that begins with "request:".
        """
        return await self.complete(self.begin(request, by))

    def begin(self, request: Request, by: str = "") -> Capture:
        """For who must know what was sent even when cancelled: `complete` next."""
        return Capture(request, by, self._clock)

    async def complete(self, capture: Capture) -> Exchange:
        request = capture.request
        try:
            prepared = self._prepare(capture, await self._dialer.introduced(request))
        except DialError as error:
            return capture.failed(error.failure, error.detail)
        except (httpx.InvalidURL, ValueError):
            return capture.failed(Failure.PROTOCOL, "request: not a sendable URL, method or header")
        url = prepared.url
        http2 = request.http_version != "1.1" and url.scheme == "https"
        key = (url.scheme, url.raw_host.decode("ascii"), url.port or 0, http2, request.via, request.certificate)
        while True:
            lane = self._lanes.take(key)
            kept_alive = lane.uses > 0
            lane.uses += 1
            exchange = await self._send_on(lane, prepared, capture)
            swallowed = exchange.failure is Failure.RESET and request.method in IDEMPOTENT
            if not (kept_alive and swallowed):
                return exchange

    async def aclose(self) -> None:
        await self._lanes.aclose()
        await self._dialer.aclose()

    def _prepare(self, capture: Capture, introduction: Headers) -> httpx.Request:
        request = capture.request
        given = [(name.encode("latin-1"), _encode(value)) for name, value in request.headers]
        names = {name.lower() for name, _ in given}
        headers = [(name, value) for name, value in self._own_headers if name.lower() not in names]
        headers.append((b"X-Request-Id", capture.id.encode()))
        headers += [(name, value) for name, value in given if name.lower() != b"x-request-id"]
        headers += [(name.encode("ascii"), _encode(value)) for name, value in introduction]
        prepared = httpx.Request(
            request.method,
            request.url,
            headers=headers,
            content=request.body or None,
            extensions={"target": _encode(request.origin_form)} if request.origin_form is not None else {},
        )
        if request.via and prepared.url.scheme == "http":  # the last proxy must know where it goes
            form = prepared.extensions.get("target", prepared.url.raw_path)
            prepared.extensions["target"] = b"http://%b%b" % (prepared.url.netloc, form)
        if prepared.url.scheme not in {"http", "https"} or not prepared.url.host:
            raise ValueError("not an http URL")
        capture.sent_headers = _without(_decode(prepared.headers.raw), introduction)
        return prepared

    async def _send_on(self, lane: Lane, prepared: httpx.Request, capture: Capture) -> Exchange:
        backend = lane.backend
        caps = self._caps.within(capture.request.max_body)
        reader: BodyReader | None = None
        clean = False
        try:
            if backend.wire is not None:
                backend.wire.allow(HEAD_ALLOWANCE)
            async with asyncio.timeout(self._limits.request_timeout):
                answer = await lane.transport.handle_async_request(prepared)
                raw = answer.headers.raw
                capture.head(answer, raw, backend)
                if len(raw) > MAX_HEADER_FIELDS:
                    return capture.failed(Failure.PROTOCOL, f"response: more than {MAX_HEADER_FIELDS} header fields")
                if backend.wire is not None:
                    backend.wire.allow(caps.wire * 2 + HEAD_ALLOWANCE)  # framing included
                reader = BodyReader(_content_encoding(raw), caps)
                stream = cast("httpx.AsyncByteStream", answer.stream)
                async for chunk in stream:
                    if not reader.add(chunk) and backend.wire is not None:
                        backend.wire.cut()  # the next read raises, which unwinds httpcore in good order
                await stream.aclose()
                clean = reader.truncated is None
        except TimeoutError:
            if reader is not None:
                return capture.answered(reader, Truncation.TIME_CAP)
            if backend.wire is None:
                return capture.failed(Failure.CONNECT_TIMEOUT, "no connection in time")
            return capture.failed(Failure.RESPONSE_TIMEOUT, "no answer in time", backend)
        except DialError as error:
            return capture.failed(error.failure, error.detail, backend)
        except httpx.HTTPError as error:
            if reader is not None:
                flooded = backend.wire is not None and backend.wire.flooded
                return capture.answered(reader, Truncation.WIRE_CAP if flooded else Truncation.CONNECTION_LOST)
            return capture.failed(*_explain(error, backend.wire), backend)
        finally:
            if clean:
                await self._lanes.give_back(lane)
            else:
                await self._lanes.discard(lane)
        return capture.answered(reader)


class Capture:
    """What is known of an exchange while it goes on."""

    def __init__(self, request: Request, by: str, clock: Clock) -> None:
        self.request = request
        self.id = uuid.uuid4().hex
        self.sent_headers: Headers = ()
        self._by = by
        self._clock = clock
        self._started: datetime = clock.now()
        self._began = clock.monotonic()
        self._first_byte: float | None = None
        self._peer: str | None = None
        self._source: str | None = None
        self._tls: TlsFacts | None = None
        self._status = 0
        self._reason = ""
        self._http_version = ""
        self._headers: Headers = ()

    def head(self, answer: httpx.Response, raw: RawHeaders, backend: PinnedBackend) -> None:
        self._follow(backend)
        ready = max(self._began, backend.wire.ready_at) if backend.wire is not None else self._began
        self._first_byte = self._clock.monotonic() - ready
        self._status = answer.status_code
        self._reason = answer.extensions.get("reason_phrase", b"").decode("latin-1")
        self._http_version = answer.extensions.get("http_version", b"HTTP/1.1").decode("latin-1")
        self._headers = _decode(raw)

    def answered(self, reader: BodyReader, cut: Truncation | None = None) -> Exchange:
        body = reader.finish(cut)
        return self._exchange(
            response=Response(
                status=self._status,
                reason=self._reason,
                http_version=self._http_version,
                headers=self._headers,
                body=body,
                wire_bytes=reader.wire_bytes,
                truncated=reader.truncated,
            )
        )

    def failed(self, failure: Failure, detail: str, backend: PinnedBackend | None = None) -> Exchange:
        if backend is not None:
            self._follow(backend)
        return self._exchange(failure=failure, detail=safe_detail(detail))

    def _follow(self, backend: PinnedBackend) -> None:
        if backend.wire is not None:
            self._peer = backend.wire.peer
            self._source = backend.wire.source
            self._tls = backend.wire.tls

    def _exchange(
        self, *, response: Response | None = None, failure: Failure | None = None, detail: str = ""
    ) -> Exchange:
        return Exchange(
            id=self.id,
            request=self.request,
            sent_headers=self.sent_headers,
            started=self._started,
            elapsed=self._clock.monotonic() - self._began,
            response=response,
            failure=failure,
            detail=detail,
            peer=self._peer,
            tls=self._tls,
            by=self._by,
            first_byte=self._first_byte,
            source=self._source,
        )


def _explain(error: httpx.HTTPError, wire: Wire | None) -> tuple[Failure, str]:
    cause = error.__cause__
    if isinstance(cause, WireLostError):
        return cause.failure, cause.detail
    if isinstance(error, httpx.LocalProtocolError):
        if wire is not None and wire.http2:  # h2 does not say which side broke its rules
            reason = cause.args[0] if cause is not None and cause.args else error
            return Failure.PROTOCOL, f"response: {type(reason).__name__}"
        return Failure.PROTOCOL, f"request: {error}"
    if isinstance(error, httpx.ProtocolError):
        if "disconnected" in str(error):
            if wire is not None and wire.heard and not wire.http2:
                return Failure.PROTOCOL, "response: ended before its head did"
            return Failure.RESET, "closed without an answer"
        return Failure.PROTOCOL, f"response: {error}"
    return Failure.RESET, "connection lost"


def safe_detail(text: str) -> str:
    """Printable ASCII, one line, at most 200 characters: what a target wrote may be in a parser's message."""
    return "".join(char if " " <= char <= "~" else "?" for char in text[:DETAIL_CHARS])


def _content_encoding(raw: RawHeaders) -> str:
    return ",".join(value.decode("latin-1") for name, value in raw if name.lower() == b"content-encoding")


def _decode(raw: RawHeaders) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)


def _without(headers: Headers, secret: Headers) -> Headers:
    """What opens a proxy is nothing that the target is told."""
    return tuple(pair for pair in headers if pair not in secret)


def _encode(text: str) -> bytes:
    """Header bytes as written: latin-1 where that is possible, since captured values are, else UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
