"""Dialling: the pinned address instead of a new resolution, and a verdict on the certificate for each endpoint.

TLS is tried first with full verification, against the system store and the declared authority. When that fails the
reason is recorded, and the connection is made again without verification and with old versions and suites allowed: a
scan must go on with an expired certificate, and say so (`TlsFacts.verified`, `verify_error`). The verdict of an
endpoint is kept, so a bad certificate costs one connection more for the run, a good one none.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pgssi_probe.clock import Clock
from pgssi_probe.model.account import ClientCertificate
from pgssi_probe.net.exchange import Failure, Headers, Request, TlsFacts
from pgssi_probe.net.proxies import Proxies, ProxyError, connect_through
from pgssi_probe.net.proxy import Proxy
from pgssi_probe.net.scope import NameNotResolved, OutOfScope, ScopeGuard
from pgssi_probe.net.tls_contexts import TlsContexts
from pgssi_probe.net.wire import Wire

Endpoint = tuple[str, int]
Way = tuple[str, ...]
"""Labels of the proxies to an endpoint; () for none."""


class DialError(Exception):
    """No usable connection. `failure` is the closed reason, the message is safe to show."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifying handshake said of an endpoint."""

    verified: bool
    error: str | None = None


class Dialer:
    """Shared by all connections of a run. Raises OSError when the declared authority cannot be read."""

    def __init__(
        self,
        guard: ScopeGuard,
        clock: Clock,
        *,
        ca_file: str | None = None,
        timeout: float = 10.0,
        proxies: Proxies | None = None,
    ) -> None:
        self.guard = guard
        self.proxies = proxies or Proxies(guard)
        self._clock = clock
        self._contexts = TlsContexts(ca_file)
        if ca_file is not None:
            self._contexts.get(verify=True, http2=True)  # an unreadable authority is the operator's to mend, now
        self._timeout = timeout
        self._verdicts: dict[tuple[Endpoint, Way], Verdict] = {}
        self._facts: dict[tuple[Endpoint, Way], TlsFacts] = {}
        self._preferred: dict[str, str] = {}
        self._open: set[Wire] = set()

    async def dial(
        self,
        endpoint: Endpoint,
        *,
        http2: bool,
        follow: Callable[[Wire], None],
        certificate: ClientCertificate | None = None,
    ) -> Wire:
        """A TCP connection to one of the pinned addresses, the one that answered before first. Raises DialError.

        `follow` is told of this connection, and of the one that replaces it when a certificate does not pass.
        """
        host = endpoint[0]
        addresses = await self.admit(endpoint)
        first = self._preferred.get(host, addresses[0])
        ordered = [first, *(address for address in addresses if address != first)]
        failure = DialError(Failure.REFUSED, "no address")
        for address in ordered:
            share = self._timeout if address is ordered[-1] else self._timeout / 3
            try:
                wire = await self._connect(
                    address, endpoint, share, http2=http2, follow=follow, certificate=certificate
                )
            except DialError as error:
                failure = error
                continue
            self._preferred[host] = address
            return wire
        raise failure

    async def dial_through(
        self,
        way: Way,
        endpoint: Endpoint,
        *,
        tunnel: bool,
        http2: bool,
        follow: Callable[[Wire], None],
        certificate: ClientCertificate | None = None,
    ) -> Wire:
        """A connection by the proxies of `way`: a tunnel to the endpoint, or to the last proxy only. Raises DialError.

        The endpoint passes the scope guard first, as if it were dialled from here.
        """
        await self.admit(endpoint)
        try:
            proxies = await self.proxies.chain(way)
        except ProxyError as error:
            raise DialError(Failure.PROXY, str(error)) from None

        async def reach() -> Wire:
            return await self._through(proxies, endpoint, tunnel=tunnel, secure=secure, follow=follow)

        async def secure(wire: Wire, name: str) -> Wire:
            return await self._secure(
                wire, name.rstrip("."), endpoint, way, reach, http2=http2, certificate=certificate
            )

        return await reach()

    async def introduced(self, request: Request) -> Headers:
        """What a request in the clear says to the last proxy on its way. Raises DialError."""
        if not request.via or request.parts.scheme != "http":
            return ()
        try:
            return (await self.proxies.chain(request.via))[-1].headers
        except ProxyError as error:
            raise DialError(Failure.PROXY, str(error)) from None

    async def _through(
        self,
        proxies: list[Proxy],
        endpoint: Endpoint,
        *,
        tunnel: bool,
        secure: Callable[[Wire, str], Awaitable[Wire]],
        follow: Callable[[Wire], None],
    ) -> Wire:
        stops: list[Endpoint] = [(proxy.host, proxy.port) for proxy in proxies[1:]]
        if tunnel:
            stops.append(endpoint)
        first = proxies[0]
        try:
            wire = await self._open_wire(first.host, first.port, self._timeout, secure)
        except DialError as error:
            raise DialError(Failure.PROXY, f"proxy {first.label}: {error.detail}") from None
        follow(wire)
        try:
            for proxy, stop in zip(proxies, stops, strict=False):
                await connect_through(wire, proxy, *stop, self._timeout)
        except ProxyError as error:
            wire.abort()
            raise DialError(Failure.PROXY, str(error)) from None
        wire.ready_at = self._clock.monotonic()
        return wire

    async def admit(self, endpoint: Endpoint) -> tuple[str, ...]:
        """Raises DialError."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self.guard.admit(*endpoint)
        except OutOfScope as error:
            raise DialError(Failure.OUT_OF_SCOPE, str(error)) from None
        except NameNotResolved as error:
            raise DialError(Failure.DNS, str(error)) from None
        except TimeoutError:
            raise DialError(Failure.DNS, "resolution timed out") from None

    async def aclose(self) -> None:
        """Let the connections finish their farewell, then cut those that do not."""
        for _ in range(2):
            if self._open:
                await asyncio.wait([wire.closed for wire in self._open], timeout=1.5)
            for wire in list(self._open):
                wire.abort()
        await self.proxies.aclose()
        await asyncio.sleep(0)

    async def _connect(
        self,
        address: str,
        endpoint: Endpoint,
        timeout: float,
        *,
        http2: bool,
        follow: Callable[[Wire], None],
        certificate: ClientCertificate | None,
    ) -> Wire:
        async def again() -> Wire:
            return await self._connect(
                address, endpoint, self._timeout, http2=http2, follow=follow, certificate=certificate
            )

        async def secure(wire: Wire, name: str) -> Wire:
            return await self._secure(wire, name.rstrip("."), endpoint, (), again, http2=http2, certificate=certificate)

        wire = await self._open_wire(address, endpoint[1], timeout, secure)
        follow(wire)
        return wire

    async def _open_wire(
        self, address: str, port: int, timeout: float, secure: Callable[[Wire, str], Awaitable[Wire]]
    ) -> Wire:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, wire = await loop.create_connection(lambda: Wire(secure, self._clock), address, port)
        except TimeoutError:
            raise DialError(Failure.CONNECT_TIMEOUT, "no answer to the connection") from None
        except ConnectionRefusedError:
            raise DialError(Failure.REFUSED, "connection refused") from None
        except OSError as error:
            raise DialError(Failure.REFUSED, (error.strerror or "connection failed")[:80]) from None
        self._open.add(wire)
        wire.closed.add_done_callback(lambda _: self._open.discard(wire))
        return wire

    async def _secure(
        self,
        wire: Wire,
        name: str,
        endpoint: Endpoint,
        way: Way,
        again: Callable[[], Awaitable[Wire]],
        *,
        http2: bool,
        certificate: ClientCertificate | None,
    ) -> Wire:
        """TLS to the endpoint on a connection to it. `again` makes another when the verified handshake is refused."""
        place = (endpoint, way)  # a proxy that opens TLS shows a certificate of its own
        verdict = self._verdicts.get(place)
        if verdict is None or verdict.verified:
            try:
                found = await wire.handshake(
                    self._contexts.get(verify=True, http2=http2, certificate=certificate), name, self._timeout
                )
            except TimeoutError:
                raise DialError(Failure.TLS, "handshake timed out") from None
            except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
                verdict = Verdict(False, _verify_error(error))
                lasting = isinstance(error, ssl.SSLError)  # a lost connection says nothing of the certificate
                wire = await again()
            else:
                verdict = self._verdicts[place] = Verdict(True)
                wire.tls = self._remember(place, found, verdict)
                return wire
        else:
            lasting = True
        try:
            found = await wire.handshake(
                self._contexts.get(verify=False, http2=http2, certificate=certificate), name, self._timeout
            )
        except TimeoutError:
            raise DialError(Failure.TLS, "handshake timed out") from None
        except (OSError, ValueError) as error:
            raise DialError(Failure.TLS, _tls_error(error)) from None
        if lasting:
            self._verdicts[place] = verdict
        wire.tls = self._remember(place, found, verdict)
        return wire

    def _remember(self, place: tuple[Endpoint, Way], found: ssl.SSLObject, verdict: Verdict) -> TlsFacts:
        """Facts of a handshake; the object of the last one when they are the same, since every exchange holds them."""
        cipher = found.cipher()
        facts = TlsFacts(
            version=found.version() or "",
            cipher=cipher[0] if cipher else "",
            alpn=found.selected_alpn_protocol(),
            certificate_der=found.getpeercert(binary_form=True),
            verified=verdict.verified,
            verify_error=verdict.error,
        )
        known = self._facts.get(place)
        if known == facts:
            return known
        self._facts[place] = facts
        return facts


def _verify_error(error: Exception) -> str:
    """OpenSSL's own words for a certificate, else why there was no handshake to verify."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message[:200]
    return _tls_error(error)


def _tls_error(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS error").replace("_", " ").lower()[:200]
    return "connection lost during the handshake"
