"""Values that a request carries beside its address: headers that pages repeat, and cookies that are no session."""

from __future__ import annotations

import re
from typing import Final

from pgssi_checks.input.asking import Asker
from pgssi_checks.input.points import Point
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Parameter, Place, Source

HEADERS: Final = ("User-Agent", "Referer", "X-Forwarded-For")
"""What error pages, logs and counters of visits repeat or keep."""
MAX_COOKIES: Final = 6
_SESSION: Final = re.compile(
    r"sess|^sid$|token|csrf|xsrf|nonce|auth|jwt|login|remember|^__(?:host|secure)-|signature", re.IGNORECASE
)
_OPAQUE: Final = re.compile(r"[A-Za-z0-9+/=_.%:-]{22,}")
"""A value that long without a word names a session or a signature."""


def headers_on(url: str) -> list[Point]:
    """The headers, sent by nobody with the address."""
    endpoint = Endpoint("GET", url, Source.LINK, frozenset({ANONYMOUS}))
    return [Point(endpoint, Parameter(Place.HEADER, name), ANONYMOUS) for name in HEADERS]


def cookies_of(asker: Asker) -> list[Point]:
    """Cookies that the site gave to nobody in particular, each with the last page that gave it: a language, a theme, a
    place in a list. Those that may name a session are left alone."""
    session = asker.visitors[ANONYMOUS].session.fork()
    given: dict[str, str] = {}
    for answer in asker.inventory.visits[ANONYMOUS].answers:
        lines = answer.response.all("set-cookie") if answer.response is not None else ()
        session.jar.store(answer.url, lines, asker.ctx.clock.now())
        given |= {line.partition("=")[0].strip(): answer.url for line in lines}
    return [
        Point(
            Endpoint("GET", given[cookie.name], Source.LINK, frozenset({ANONYMOUS})),
            Parameter(Place.COOKIE, cookie.name, cookie.value),
            ANONYMOUS,
        )
        for cookie in session.jar
        if not _SESSION.search(cookie.name) and not _OPAQUE.fullmatch(cookie.value) and cookie.name in given
    ][:MAX_COOKIES]
