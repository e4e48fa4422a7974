"""How httpcore connects: by the dialer, to pinned addresses, or through the proxies of a way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpcore

from pgssi_probe.model.account import ClientCertificate
from pgssi_probe.net.dial import Dialer, Way
from pgssi_probe.net.wire import Wire


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """What httpcore is given instead of its own way to connect. Remembers its last connection."""

    def __init__(
        self,
        dialer: Dialer,
        *,
        http2: bool,
        via: Way = (),
        tunnel: bool = True,
        certificate: ClientCertificate | None = None,
    ) -> None:
        self._dialer = dialer
        self._certificate = certificate
        self._via = via
        self._tunnel = tunnel
        self._http2 = http2
        self.wire: Wire | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 (ours instead)
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Raises DialError."""
        self.wire = None
        if self._via:
            return await self._dialer.dial_through(
                self._via,
                (host, port),
                tunnel=self._tunnel,
                http2=self._http2,
                follow=self._follow,
                certificate=self._certificate,
            )
        return await self._dialer.dial(
            (host, port), http2=self._http2, follow=self._follow, certificate=self._certificate
        )

    def _follow(self, wire: Wire) -> None:
        self.wire = wire
