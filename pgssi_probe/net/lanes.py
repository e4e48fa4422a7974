"""Lanes: httpx transports whose pool holds a single connection, side by side.

httpcore looks at every connection of a pool for every request, so that the cost of a request grows with the
concurrency (tried: 1.6 ms of CPU at one connection, 8.6 ms at a hundred). Single-connection pools keep it flat, and a
connection that breaks takes no other exchange with it.
"""

from __future__ import annotations

import ssl
from collections import OrderedDict

import httpcore
import httpx

from pgssi_probe.model.account import ClientCertificate
from pgssi_probe.net.dial import Dialer
from pgssi_probe.net.pinned_backend import PinnedBackend

MAX_IDLE = 24
"""Kept-alive connections over all hosts; the least recently used is closed first."""

KEEP_ALIVE = 15.0
"""Seconds after which an idle connection is not used again."""

Key = tuple[str, str, int, bool, tuple[str, ...], ClientCertificate | None]
"""Scheme, host, port, whether HTTP/2 may be spoken, the proxies on the way, and the certificate that is shown."""


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool of ours: it offers no other way to choose how connections are made."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool


class Lane:
    """One connection at most, remade as needed. `uses` counts requests."""

    def __init__(self, key: Key, dialer: Dialer, context: ssl.SSLContext) -> None:
        self.key = key
        self.uses = 0
        self.backend = PinnedBackend(dialer, http2=key[3], via=key[4], tunnel=key[0] == "https", certificate=key[5])
        self.transport = _Transport(
            httpcore.AsyncConnectionPool(
                ssl_context=context,
                max_connections=1,
                keepalive_expiry=KEEP_ALIVE,
                http2=key[3],
                network_backend=self.backend,
            )
        )


class Lanes:
    """Idle lanes by origin. A lane taken belongs to the taker until given back or discarded."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._idle: dict[Key, list[Lane]] = {}
        self._order: OrderedDict[Lane, None] = OrderedDict()
        # httpcore sets ALPN on the context it is given; the dialer uses contexts of its own
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def take(self, key: Key) -> Lane:
        """The lane of this origin used last, else a new one."""
        idle = self._idle.get(key)
        if not idle:
            return Lane(key, self._dialer, self._context)
        lane = idle.pop()
        if not idle:
            del self._idle[key]
        del self._order[lane]
        return lane

    async def give_back(self, lane: Lane) -> None:
        self._idle.setdefault(lane.key, []).append(lane)
        self._order[lane] = None
        if len(self._order) > MAX_IDLE:
            oldest, _ = self._order.popitem(last=False)
            siblings = self._idle[oldest.key]
            siblings.remove(oldest)
            if not siblings:
                del self._idle[oldest.key]
            await oldest.transport.aclose()

    async def discard(self, lane: Lane) -> None:
        if lane.backend.wire is not None:
            lane.backend.wire.abort()
        await lane.transport.aclose()

    async def aclose(self) -> None:
        lanes = list(self._order)
        self._order.clear()
        self._idle.clear()
        for lane in lanes:
            await lane.transport.aclose()
