"""The scope: which hosts, ports, addresses and paths the mandate covers, enforced where connections are made."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[Iterable[str]]]

DEFAULT_PORTS = {"http": 80, "https": 443}


class OutOfScope(OSError):
    """A connection that the mandate does not cover. The message holds the host and port, nothing of the target."""


class NameNotResolved(OSError):
    """The name has no address."""


def parse_address(text: str) -> IPAddress | None:
    """An IP literal, without brackets or zone; IPv4-mapped IPv6 becomes IPv4. None when `text` is a name."""
    try:
        address = ipaddress.ip_address(text.strip("[]").split("%", 1)[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def canonical_host(host: str) -> str:
    """The form in which hosts are compared: A-labels, lower case, no final dot, compressed IP literal.

    Raises ValueError for what cannot be a host.
    """
    host = host.strip().rstrip(".") if not host.strip().endswith("..") else ""
    address = parse_address(host)
    if address is not None:
        return str(address)
    if host and not host.isascii():
        import idna  # only names in other scripts pay for its tables

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise ValueError("not a host name") from None
    host = host.lower()
    labels = host.split(".")
    if len(host) > 253 or not all(0 < len(label) <= 63 for label in labels):
        raise ValueError("not a host name")
    if any(char <= " " or char in "/\\@:?#[]%\x7f" for char in host):
        raise ValueError("not a host name")
    return host


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be reached. Build it with `Scope.of`; the fields are already canonical.

    `endpoints` are (host, port); port None means any port. A host `*.example.org` stands for every name below
    `example.org`, and is admitted only where it resolves to public addresses, since nobody named it.
    `addresses`, when not empty, must contain whatever an admitted name resolves to.
    `probed` are hosts of which any port may be dialled, by raw connections only: an URL with such a port stays outside.
    `excluded` are paths: a prefix ("/admin" covers "/admin" and "/admin/x"), or a glob when it holds `*` or `?`.
    `primary` is the host named first, the target.
    """

    endpoints: frozenset[tuple[str, int | None]]
    addresses: tuple[IPNetwork, ...] = ()
    excluded: tuple[str, ...] = ()
    primary: str = ""
    probed: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, *endpoints: str, addresses: Iterable[str] = (), excluded: Iterable[str] = (), probed: Iterable[str] = ()
    ) -> Scope:
        """Each endpoint is an URL (`https://host[:port]/…`), `host:port`, `host:*` (any port), or `[v6]:port`.

        Raises ValueError for anything else.
        """
        return cls(
            frozenset(_endpoint(text) for text in endpoints),
            tuple(ipaddress.ip_network(text, strict=False) for text in addresses),
            tuple(excluded),
            _endpoint(endpoints[0])[0] if endpoints else "",
            frozenset(canonical_host(host) for host in probed),
        )

    def including(self, *endpoints: str) -> Scope:
        """The same scope with more endpoints."""
        more = frozenset(_endpoint(text) for text in endpoints)
        return replace(self, endpoints=self.endpoints | more)

    def named(self, host: str, port: int) -> bool:
        """Whether this host (canonical) was named by the operator with this port."""
        return (host, port) in self.endpoints or (host, None) in self.endpoints

    def may_probe(self, host: str) -> bool:
        """Whether any port of this host (canonical) may be dialled. Only where the mandate lists its addresses."""
        return bool(self.addresses) and host in self.probed

    def below_wildcard(self, host: str, port: int) -> bool:
        parts = host.split(".")
        parents = ("*." + ".".join(parts[i:]) for i in range(1, len(parts)))
        return any(self.named(parent, port) for parent in parents)

    def allows(self, host: str, port: int) -> bool:
        """Whether a connection to this host, in any spelling, may be tried."""
        try:
            host = canonical_host(host)
        except ValueError:
            return False
        return self.named(host, port) or self.below_wildcard(host, port)

    def excludes(self, path: str) -> bool:
        """Whether the operator asked that this path be left alone. Compared decoded, normalised, in any case."""
        candidates = {_plain_path(path), _plain_path(unquote(path))}
        return any(_matches(pattern.lower(), candidate) for pattern in self.excluded for candidate in candidates)

    def allows_url(self, url: str) -> bool:
        """Whether this absolute http(s) URL is in the scope and not excluded."""
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        except ValueError:
            return False
        if port is None or not parts.hostname:
            return False
        return self.allows(parts.hostname, port) and not self.excludes(parts.path or "/")


def _endpoint(text: str) -> tuple[str, int | None]:
    if "://" in text:
        parts = urlsplit(text)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        if port is None or not parts.hostname:
            raise ValueError(f"not an endpoint: {text!r}")
        return canonical_host(parts.hostname), port
    host, colon, port_text = text.rpartition(":")
    if not colon or parse_address(text) is not None:
        raise ValueError(f"an endpoint needs a port, or `:*` for any port: {text!r}")
    wildcard = "*." if host.startswith("*.") else ""
    name = wildcard + canonical_host(host.removeprefix("*."))
    if port_text == "*":
        return name, None
    if not (port_text.isascii() and port_text.isdigit() and 0 < int(port_text) < 65536):
        raise ValueError(f"not a port: {text!r}")
    return name, int(port_text)


def _plain_path(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("?", 1)[0].replace("\\", "/").split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment.split(";", 1)[0].lower())
    return "/" + "/".join(kept)


def _matches(pattern: str, path: str) -> bool:
    if "*" in pattern or "?" in pattern:
        return fnmatchcase(path, pattern) or fnmatchcase(path, pattern.rstrip("/") + "/*")
    prefix = pattern.rstrip("/")
    return path == prefix or path.startswith(prefix + "/")


async def system_resolver(host: str, port: int) -> Iterable[str]:
    """All A and AAAA addresses of a name, in the system's order of preference."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class ScopeGuard:
    """Admits connections. Each name is resolved once and stays pinned to what it resolved to then."""

    def __init__(self, scope: Scope, resolver: Resolver = system_resolver) -> None:
        self.scope = scope
        self._resolver = resolver
        self._pinned: dict[str, tuple[str, ...]] = {}
        self._pending: dict[str, asyncio.Future[tuple[str, ...]]] = {}
        self._refused: set[str] = set()

    async def admit(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses to dial for this host and port, never empty.

        Raises `OutOfScope`, or `NameNotResolved`, both OSError.
        """
        try:
            name = canonical_host(host)
        except ValueError:
            raise OutOfScope("not a host name") from None
        named = self.scope.named(name, port) or self.scope.may_probe(name)
        if not named and not self.scope.below_wildcard(name, port):
            raise OutOfScope(f"{name}:{port} is not in the scope")
        if name in self._refused:
            raise OutOfScope(f"{name} resolves elsewhere than at the start of the run")
        addresses = self._pinned.get(name) or await self._pin(name, port)
        if not named and not all(is_public(address) for address in addresses):
            raise OutOfScope(f"{name} has an internal address and was not named by the operator")
        return addresses

    def pinned(self, host: str) -> tuple[str, ...]:
        """What the name was resolved to, () when it was not met yet."""
        return self._pinned.get(canonical_host(host), ())

    async def recheck(self) -> tuple[str, ...]:
        """Resolve every pinned name again; refuse from now on, and return, those that have left all the addresses they
        had, and those that have an internal one they did not have.

        A public address more beside a known one is how load is spread. A name that no longer resolves stays pinned: we
        never needed the new answer.
        """
        strayed = []
        for name, addresses in list(self._pinned.items()):
            if parse_address(name) is not None or name in self._refused:
                continue
            try:
                now = _normalised(await self._resolver(name, 0))
            except OSError:
                continue
            known, more = set(addresses) & set(now), set(now) - set(addresses)
            if now and (not known or not all(is_public(address) for address in more)):
                self._refused.add(name)
                strayed.append(name)
        return tuple(strayed)

    async def _pin(self, name: str, port: int) -> tuple[str, ...]:
        pending = self._pending.get(name)
        if pending is None:
            pending = self._pending[name] = asyncio.ensure_future(self._resolve(name, port))
            pending.add_done_callback(lambda done: self._resolved(name, done))
        return await asyncio.shield(pending)  # one waiter that gives up must not take the answer from the others

    def _resolved(self, name: str, done: asyncio.Future[tuple[str, ...]]) -> None:
        del self._pending[name]
        if not done.cancelled():
            done.exception()  # seen, even when every waiter has gone

    async def _resolve(self, name: str, port: int) -> tuple[str, ...]:
        if parse_address(name) is not None:
            addresses: tuple[str, ...] = (name,)
        else:
            try:
                addresses = _normalised(await self._resolver(name, port))
            except (OSError, UnicodeError):
                raise NameNotResolved(f"{name} does not resolve") from None
        if not addresses:
            raise NameNotResolved(f"{name} does not resolve")
        if self.scope.addresses:
            for address in addresses:
                if not any(_contains(network, address) for network in self.scope.addresses):
                    raise OutOfScope(f"{name} resolves to {address}, which the mandate does not list")
        self._pinned[name] = addresses
        return addresses


def is_public(address: str) -> bool:
    """Whether an address is reachable from anywhere: not loopback, private, link-local, multicast or reserved."""
    parsed = parse_address(address)
    return parsed is not None and parsed.is_global and not parsed.is_multicast


def _contains(network: IPNetwork, address: str) -> bool:
    parsed = parse_address(address)
    return parsed is not None and parsed.version == network.version and parsed in network


def _normalised(addresses: Iterable[str]) -> tuple[str, ...]:
    """Without duplicates, IPv4-mapped as IPv4, zones kept since a link-local address is useless without."""
    seen: dict[str, None] = {}
    for text in addresses:
        parsed = parse_address(text)
        if parsed is not None:
            zone = text.partition("%")[2]
            seen[f"{parsed}%{zone}" if zone else str(parsed)] = None
    return tuple(seen)
