"""An exchange: one request as sent and what came back, captured whole, never interpreted here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from pgssi_probe.model.account import ClientCertificate

Headers = tuple[tuple[str, str], ...]

KEPT_TEXT = 32_768
"""Bytes of a body whose text is decoded once and for all."""


class Failure(StrEnum):
    """Why no response came. A response whose body was cut is one all the same: see `Truncation`."""

    DNS = "dns"
    REFUSED = "refused"
    CONNECT_TIMEOUT = "connect_timeout"
    RESPONSE_TIMEOUT = "response_timeout"
    TLS = "tls"
    PROTOCOL = "protocol"
    RESET = "reset"
    PROXY = "proxy"
    """A proxy of `Request.via` did not lead there: nothing is known of the target."""
    OUT_OF_SCOPE = "out_of_scope"
    BUDGET = "budget"
    STOPPED = "stopped"


class Truncation(StrEnum):
    """Why the body is not whole."""

    WIRE_CAP = "wire_cap"
    DECODED_CAP = "decoded_cap"
    TIME_CAP = "time_cap"
    BROKEN_ENCODING = "broken_encoding"
    CONNECTION_LOST = "connection_lost"


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `url` is absolute. `headers` are added to those that every request carries.

    `http_version` "1.1" forbids HTTP/2 for this request. A request is idempotent unless its method says otherwise;
    a check may send others only if its declaration lists the method under `sends.methods`.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    http_version: str | None = None
    origin_form: str | None = None
    """Request target sent verbatim instead of the path and query of `url` (bad encodings, dot segments).
    Printable ASCII without spaces: anything else cannot be sent."""
    provokes_errors: bool = False
    """Errors and delays of the answer are asked for: they do not count as ill health of the target."""
    max_body: int = 0
    """Bytes of body worth reading, wire and decoded; 0 for what the sender is allowed anyway."""
    certificate: ClientCertificate | None = field(default=None, repr=False)
    """Shown on the connection that carries the request, which no request without it shares."""
    account: str = ""
    """Label of the account whose session the request carries, for the journal; never a user name."""
    act: str = ""
    """What the request does for people, for the journal: "sign_out"."""
    via: tuple[str, ...] = ()
    """Labels of the forward proxies to go through, first met first; see `pgssi_probe.net.proxies`."""

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """The negotiated TLS parameters of the connection that carried the exchange."""

    version: str
    cipher: str
    alpn: str | None
    certificate_der: bytes | None
    verified: bool
    verify_error: str | None = None


@dataclass(frozen=True)
class Response:
    """`body` is decoded and capped; `truncated` says when it is not whole. Sizes are in bytes."""

    status: int
    reason: str
    http_version: str
    headers: Headers
    body: bytes
    wire_bytes: int
    truncated: Truncation | None = None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header, in order of arrival."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        values = self.all(name)
        return values[0] if values else None

    @property
    def media_type(self) -> str:
        """Media type without parameters, lower case; "" when undeclared."""
        return (self.header("content-type") or "").split(";", 1)[0].strip().lower()

    @property
    def is_html(self) -> bool:
        if self.media_type in {"text/html", "application/xhtml+xml"}:
            return True
        return not self.media_type and self.body[:512].lstrip().lower().startswith((b"<!doctype html", b"<html"))

    @property
    def text(self) -> str:
        """The body as text, in the declared charset when Python knows it, else UTF-8; never raises.

        Kept for short bodies only: a hundred long ones would weigh twice.
        """
        return self._text if len(self.body) <= KEPT_TEXT else self._decoded()

    @cached_property
    def _text(self) -> str:
        return self._decoded()

    def _decoded(self) -> str:
        declared = (self.header("content-type") or "").lower()
        charset = declared.split("charset=", 1)[1].split(";")[0].strip(" \"'") if "charset=" in declared else "utf-8"
        try:
            return self.body.decode(charset, errors="replace")
        except (LookupError, ValueError):
            return self.body.decode("utf-8", errors="replace")

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Exchange:
    """`id` is the X-Request-Id that was sent. Exactly one of `response` and `failure` tells the end,
    except for a response whose body was cut, which has `response.truncated`.

    `elapsed` is in seconds, to the last byte, connecting included. `first_byte` is in seconds too, from an open
    connection to the head of the response: the one to compare when timing matters.
    """

    id: str
    request: Request
    sent_headers: Headers
    started: datetime
    elapsed: float
    response: Response | None = None
    failure: Failure | None = None
    detail: str = ""
    peer: str | None = None
    tls: TlsFacts | None = None
    by: str = field(default="", compare=False)
    first_byte: float | None = None
    source: str | None = None
    """Our own address and port, as this machine sees it."""

    @property
    def url(self) -> str:
        return self.request.url

    @property
    def status(self) -> int | None:
        return self.response.status if self.response else None

    @property
    def truncated(self) -> Truncation | None:
        """Why the body is not whole: what it does not show proves nothing then."""
        return self.response.truncated if self.response else None

    @property
    def secure(self) -> bool:
        return self.request.parts.scheme == "https"
