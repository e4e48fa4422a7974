"""Forward proxies between us and the target: those that the engagement declares, and two of our own on loopback.

A proxy is a way, never a destination: a request names the proxies it goes through (`Request.via`), by label, and the
scope guard decides on its final destination as for any other. Encrypted traffic goes through a CONNECT tunnel (RFC 9110
§9.3.6), so that no proxy reads it; clear traffic is handed to the last proxy in absolute form (RFC 9112 §3.2.2).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Final

import httpcore

from pgssi_probe.net.proxy import OWN, Proxy, proxy_of
from pgssi_probe.net.relay import Relay
from pgssi_probe.net.scope import ScopeGuard
from pgssi_probe.net.wire import Wire, WireLostError

MAX_HEAD: Final = 16_384
MAX_HOPS: Final = 4
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")


class ProxyError(Exception):
    """No way through. The message names the proxy by its label and is safe to show."""


class Proxies:
    """The proxies of a run. Our own are opened when first needed, and closed with `aclose`."""

    def __init__(self, guard: ScopeGuard, declared: Mapping[str, str] | None = None) -> None:
        """Raises ValueError for what is no proxy."""
        self._guard = guard
        self._declared = {label: proxy_of(label, url) for label, url in (declared or {}).items()}
        self._relays: dict[str, Relay] = {}
        self._opening = asyncio.Lock()

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the declared ones, in order."""
        return tuple(self._declared)

    async def chain(self, labels: tuple[str, ...]) -> list[Proxy]:
        """Raises ProxyError for a label that nobody declared, or when one of ours cannot listen."""
        if len(labels) > MAX_HOPS:
            raise ProxyError("too many proxies")
        return [await self._one(label) for label in labels]

    async def _one(self, label: str) -> Proxy:
        if label in self._declared:
            return self._declared[label]
        if label not in OWN:
            raise ProxyError("proxy not declared")
        async with self._opening:
            relay = self._relays.get(label)
            if relay is None:
                relay = self._relays[label] = Relay(label, self._resolved)
                try:
                    await relay.start()
                except OSError:
                    del self._relays[label]
                    raise ProxyError(f"proxy {label}: cannot listen on loopback") from None
        return Proxy(label, relay.host, relay.port, relay.credentials)

    async def _resolved(self, host: str, port: int) -> tuple[str, ...]:
        """Where a relay of ours may go: another proxy of the run, or what the scope admits. Raises OSError."""
        others = [(one.host, one.port) for one in self._declared.values()]
        others += [(relay.host, relay.port) for relay in self._relays.values()]
        return (host,) if (host, port) in others else await self._guard.admit(host, port)

    async def aclose(self) -> None:
        for relay in self._relays.values():
            await relay.aclose()


async def connect_through(wire: Wire, proxy: Proxy, host: str, port: int, timeout: float) -> None:
    """Ask a proxy, at the other end of `wire`, for a tunnel to host and port. Raises ProxyError."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", *(f"{n}: {v}" for n, v in proxy.headers), "", ""]
    head = b""
    try:
        async with asyncio.timeout(timeout):
            await wire.write("\r\n".join(lines).encode("ascii"))
            while b"\r\n\r\n" not in head:
                chunk = await wire.read(MAX_HEAD)
                head += chunk
                if not chunk or len(head) > MAX_HEAD:
                    raise ProxyError(f"proxy {proxy.label}: no answer to CONNECT")
    except TimeoutError:
        raise ProxyError(f"proxy {proxy.label}: CONNECT timed out") from None
    except (WireLostError, httpcore.WriteError):
        raise ProxyError(f"proxy {proxy.label}: connection lost") from None
    status = _STATUS_LINE.match(head)
    if status is None or not head.endswith(b"\r\n\r\n"):
        raise ProxyError(f"proxy {proxy.label}: not an answer to CONNECT")
    if not 200 <= int(status[1]) < 300:
        raise ProxyError(f"proxy {proxy.label}: CONNECT answered {int(status[1])}")
