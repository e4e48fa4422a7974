"""What pages asked the browser for, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pgssi_probe.net.exchange import Exchange


class Fate(StrEnum):
    """What became of a request. Only `SENT` reached the target."""

    SENT = "sent"
    REUSED = "reused"
    """Answered from what was received before: a cache."""
    OUT_OF_SCOPE = "out_of_scope"
    METHOD = "method"
    """A method that whoever visits did not declare."""
    CLEAR_TEXT = "clear_text"
    """Data that an HTTPS page sends over plain HTTP."""
    STREAM = "stream"
    """An answer that would never end (event stream, long polling)."""
    LEFT_OUT = "left_out"
    """A picture, a font, a film: nobody looks."""
    MIXED = "mixed"
    """Plain HTTP within an HTTPS page, stopped by the browser itself."""
    SOCKET = "socket"
    """A WebSocket: never opened."""
    POPUP = "popup"
    """A window, closed as soon as opened."""
    BUDGET = "budget"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Asked:
    """`kind` is that of the browser, lower case: document, script, stylesheet, image, font, media, xhr, fetch, ping,
    other, websocket, window. `page` is the address of the page that asked. `by` is `parser`, `script` or "" and
    `by_url` the script."""

    url: str
    method: str
    kind: str
    fate: Fate
    page: str = ""
    by: str = ""
    by_url: str = ""
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class Mixed:
    """A plain-HTTP load in an HTTPS page, as the browser told it. `upgraded`: it was asked for over HTTPS instead."""

    url: str
    page: str
    kind: str
    upgraded: bool
