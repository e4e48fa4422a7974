"""What plain HTTP answers, judged hop by hop: pure functions over captured exchanges."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from pgssi_checks.cookie.set_cookie import parse_set_cookie
from pgssi_probe.net.exchange import Exchange, Failure, Response

PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
UNREACHED = frozenset({Failure.REFUSED, Failure.CONNECT_TIMEOUT, Failure.RESET})


class Hop(StrEnum):
    """What the first answer over plain HTTP does. The values of failures are slugs of https.enforcement."""

    ENFORCED = "enforced"
    CLOSED = "closed"
    REFUSED = "refused"
    CONTENT = "content-over-http"
    CONTENT_WITH_REDIRECT = "content-with-redirect"
    TEMPORARY = "redirect-temporary"
    NOT_HTTPS = "redirect-not-https"
    OTHER_HOST = "redirect-other-host"
    UNKNOWN = "unknown"


def destination(exchange: Exchange) -> str | None:
    """The absolute address of a redirect; None when there is none that can be followed."""
    response = exchange.response
    if response is None or response.status not in REDIRECTS:
        return None
    location = response.header("location")
    if not location:
        return None
    try:
        target = urljoin(exchange.url, location.strip())
        return target if urlsplit(target).hostname else None
    except ValueError:
        return None


def judge_hop(exchange: Exchange, *, longest_note: int) -> Hop:
    """The first answer. `longest_note` is the size in bytes up to which a redirect's body is a mere note."""
    response = exchange.response
    if response is None:
        return Hop.CLOSED if exchange.failure in UNREACHED else Hop.UNKNOWN
    target = destination(exchange)
    if target is None:
        return _without_redirect(response)
    parts = urlsplit(target)
    if parts.scheme != "https":
        return Hop.NOT_HTTPS
    if len(response.body) > longest_note:
        return Hop.CONTENT_WITH_REDIRECT
    if (parts.hostname or "") != (exchange.request.parts.hostname or ""):
        return Hop.OTHER_HOST
    return Hop.ENFORCED if response.status in PERMANENT else Hop.TEMPORARY


def _without_redirect(response: Response) -> Hop:
    if response.status >= 500:
        return Hop.UNKNOWN
    asks_password = response.status == 401 and response.header("www-authenticate") is not None
    served = 200 <= response.status < 300 and bool(response.body)
    return Hop.CONTENT if served or asks_password else Hop.REFUSED


def sets_cookie(exchange: Exchange) -> tuple[str, ...]:
    """Names of the cookies that an answer sets; deletions do not count."""
    lines = exchange.response.all("set-cookie") if exchange.response else ()
    cookies = (parse_set_cookie(line) for line in lines)
    return tuple(c.name[:200] for c in cookies if c is not None and not c.deletes(exchange.started))


def falls_back_to_http(exchange: Exchange, *, any_host: bool = False) -> bool:
    """An HTTPS answer that sends the browser to plain HTTP: on the same host, or on any when it is the way in."""
    target = destination(exchange) if exchange.secure else None
    if target is None:
        return False
    parts = urlsplit(target)
    return parts.scheme == "http" and (any_host or parts.hostname == exchange.request.parts.hostname)


def plain_address(url: str, plain_origin: str) -> str:
    """The same path and query on the plain HTTP origin."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{plain_origin.rstrip('/')}{parts.path or '/'}{query}"
