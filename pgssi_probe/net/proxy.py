"""What a forward proxy is, and how one is declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.net.exchange import Headers
from pgssi_probe.net.scope import canonical_host

OWN: Final = ("own-1", "own-2")
"""Labels of the relays that the probe runs itself, on loopback, when they are asked for."""
LABEL: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy: where it listens, and the headers by which it knows us."""

    label: str
    host: str
    port: int
    headers: Headers = ()


def proxy_of(label: str, url: str) -> Proxy:
    """A declared proxy, `http://host:port`. ValueError for anything else; credentials have no place in the file."""
    parts = urlsplit(url)
    if LABEL.fullmatch(label) is None or label in OWN:
        raise ValueError("label")
    if parts.scheme != "http" or parts.username or not parts.hostname or not parts.port or parts.path not in {"", "/"}:
        raise ValueError("proxy")
    return Proxy(label, canonical_host(parts.hostname), parts.port)
