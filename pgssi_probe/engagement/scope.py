"""Where the probe may go."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

from pydantic import field_validator

from pgssi_probe.model.outcome import Frozen


class ScopeSection(Frozen):
    """`hosts` are `host` or `host:port` besides the target's own; `addresses` restrict where names may resolve.

    `ports`: connections to other ports of the target's addresses may be tried, those of `addresses` only."""

    target: str = ""
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    excluded_paths: tuple[str, ...] = ()
    ports: bool = False
    plain_http: str | None = None
    ca_file: str | None = None

    @field_validator("hosts")
    @classmethod
    def _endpoints(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if "/" in host or not _reachable(f"https://{host.removesuffix(':*')}".replace("//*.", "//")):
                raise ValueError("host")
        return hosts

    @field_validator("target", "plain_http")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url and not (url.lower().startswith(("http://", "https://")) and _reachable(url)):
            raise ValueError("url")
        return url

    @field_validator("addresses")
    @classmethod
    def _networks(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            try:
                ip_network(address, strict=False)
            except ValueError:
                raise ValueError("network") from None
        return addresses

    def names(self, url: str) -> bool:
        """Whether `target` or `hosts` name the origin of an absolute URL, port included."""
        wanted = _origin(url)
        return any(
            _origin(named if "://" in named else f"https://{named}") == wanted for named in (self.target, *self.hosts)
        )


def _reachable(url: str) -> bool:
    """Whether an address has a host and a port that can be dialled."""
    try:
        host, port = urlsplit(url).hostname, urlsplit(url).port
    except ValueError:
        return False
    return bool(host) and port != 0 and not any(char.isspace() for char in url)


def _origin(url: str) -> tuple[str, int | None]:
    """Host in lower case and port, the scheme's own when it is not written; a port that is no number is None."""
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    except ValueError:
        port = None
    return (parts.hostname or "").lower(), port
