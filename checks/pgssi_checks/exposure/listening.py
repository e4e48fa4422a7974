"""Which ports are known, which networks belong to shared relays, and what the states of two passes amount to."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from pgssi_probe import yaml_text

PORTS: Final = Path(__file__).with_name("known_ports.yaml")
NETWORKS: Final = Path(__file__).with_name("shared_networks.yaml")
CONTROLS: Final = 5
"""Ports chosen by chance, where nobody listens: a host that has them open has all of them open."""
DELIVERY: Final = frozenset(
    {
        "Cloudflare", "Akamai", "Fastly", "Amazon CloudFront", "Azure Front Door", "Google", "Imperva", "Sucuri",
        "OVHcloud CDN", "DDoS-Guard",
    }
)  # fmt: skip
"""Relays of relays.yaml that stand on addresses of their own, shared by many sites."""


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    """Refused, by the host or on its behalf."""
    SILENT = "silent"
    """No answer: filtered, most often."""


class Kind(StrEnum):
    DATA = "data"
    ADMIN = "admin"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Port:
    number: int
    name: str
    kind: Kind

    def __str__(self) -> str:
        return f"{self.number} ({self.name})"


@cache
def known_ports() -> tuple[Port, ...]:
    return tuple(Port(one["port"], one["name"], Kind(one["kind"])) for one in yaml_text.read(PORTS)["ports"])


def ports_dated() -> date:
    return date.fromisoformat(yaml_text.read(PORTS)["date"])


@cache
def _networks() -> tuple[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str], ...]:
    told = yaml_text.read(NETWORKS)["networks"]
    return tuple((ipaddress.ip_network(text), name) for name, texts in told.items() for text in texts)


def shared_by(address: str) -> str:
    """The delivery network that an address belongs to; "" when it is not known to belong to any."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return next((name for network, name in _networks() if parsed.version == network.version and parsed in network), "")


def control_ports(known: Iterable[int]) -> tuple[int, ...]:
    """Ports where nothing is expected, of the range that services do not take by default."""
    taken = set(known)
    chosen: dict[int, None] = {}
    while len(chosen) < CONTROLS:
        port = 30_000 + secrets.randbelow(30_000)
        if port not in taken:
            chosen[port] = None
    return tuple(chosen)


def settled(first: Mapping[int, State], second: Mapping[int, State]) -> dict[int, State]:
    """What two passes amount to: open when both say so, closed when either does, silent otherwise.

    A port that answers once only is not called open: a device that stands between answers for others at times.
    """
    final: dict[int, State] = {}
    for port, state in first.items():
        again = second.get(port, state)
        if state is again:
            final[port] = state
        else:
            final[port] = State.CLOSED if State.CLOSED in {state, again} else State.SILENT
    return final


def declared_ports(told: JsonValue) -> frozenset[int]:
    """Ports that the operator expects open: `["22", "8443/tcp"]`. What is no port is left out."""
    found = set()
    for one in told if isinstance(told, list) else []:
        number = str(one).partition("/")[0].strip()
        if number.isascii() and number.isdigit() and 0 < int(number) < 65536:
            found.add(int(number))
    return frozenset(found)
