"""Ways to the target: directly, by forward proxies, in HTTP/1.1 only, rewritten as by a proxy that decrypts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pgssi_probe.check import Exchange, Failure, Network, Request
from pgssi_probe.check.through import Through
from pgssi_probe.net.exchange import Headers

MAX_DECLARED: Final = 3
OWN: Final = ("own-1", "own-2")
"""Relays that the probe runs on loopback when the engagement declares no proxy (`pgssi_probe.net.proxy.OWN`)."""
DOCUMENTATION: Final = ("203.0.113.77", "198.51.100.23")
"""Addresses that belong to nobody (RFC 5737)."""


def rewritten(address: str) -> Headers:
    """What a proxy that opens the traffic adds (RFC 9110 §7.6.3)."""
    return (("Via", "1.1 proxy.example"), ("X-Forwarded-For", address))


Asked = tuple[str, int]
"""Path of a form that was sent, and the status of the answer."""


@dataclass(frozen=True, slots=True)
class Route:
    """`slug` is the outcome when the application breaks there; "" for the direct way. `name` is shown as it is."""

    slug: str
    name: str
    via: tuple[str, ...] = ()
    headers: Headers = ()
    http11: bool = False


DIRECT: Final = Route("", "-")


def routes(declared: Sequence[str], *, encrypted: bool) -> list[Route]:
    """The ways to try, in order. A chain comes last: where one proxy breaks the application, two say nothing more."""
    found = [Route("via-breaks", "Via, X-Forwarded-For", headers=rewritten(DOCUMENTATION[0]), http11=True)]
    if encrypted:
        found.append(Route("http11-breaks", "HTTP/1.1", http11=True))
    ones = list(declared[:MAX_DECLARED]) or [OWN[0]]
    found += [Route("proxy-breaks", label, via=(label,)) for label in ones]
    return [*found, chain(declared)]


def chain(declared: Sequence[str]) -> Route:
    """Two proxies one behind the other; a relay of ours stands in front when only one is declared."""
    labels = (declared[0], declared[1]) if len(declared) > 1 else (OWN[0], declared[0]) if declared else OWN
    return Route("chain-breaks", " → ".join(labels), via=tuple(labels))


def moves(declared: Sequence[str]) -> list[tuple[Route, Route]]:
    """Pairs of ways between which the address of a visitor changes: where a session is opened, where it goes on."""
    first, second = (Route("address-bound", "X-Forwarded-For", headers=rewritten(one)) for one in DOCUMENTATION)
    real = [(DIRECT, Route("address-bound", declared[0], via=(declared[0],)))] if declared else []
    return [*real, (first, second)]


class RoutedNetwork(Through):
    """The network of a check by one way. What fails there is the answer, not a sign that the target suffers."""

    def __init__(self, network: Network, route: Route) -> None:
        super().__init__(network)
        self._route = route
        self.last: Exchange | None = None
        """The last answer that was no redirect, or the last failure."""
        self.given: dict[Asked, frozenset[str]] = {}
        """Names of the cookies that each kind of answer set."""
        self.blocked = False
        """A proxy did not lead to the target: nothing is known of the application by this way."""

    async def send(self, request: Request) -> Exchange:
        route = self._route
        done = await super().send(
            replace(
                request,
                via=route.via,
                headers=(*request.headers, *route.headers),
                http_version="1.1" if route.http11 else request.http_version,
                provokes_errors=True,
            )
        )
        self.last = done
        if done.response is not None and request.method == "POST":
            names = {value.partition("=")[0].strip() for value in done.response.all("set-cookie")}
            self.given.setdefault((request.parts.path, done.response.status), frozenset(names))
        in_the_clear = bool(route.via) and not done.secure
        self.blocked |= done.failure is Failure.PROXY or (in_the_clear and done.status in {407, 502, 503, 504})
        return done
