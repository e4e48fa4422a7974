"""A session: requests with explicit cookies and headers, redirects followed by hand. No state but its own jar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.check.context import Network
from pgssi_probe.clock import Clock
from pgssi_probe.discovery.collect import REDIRECTS, location
from pgssi_probe.identity.jar import Jar
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.model.account import ClientCertificate
from pgssi_probe.net.exchange import Exchange, Headers, Request

MAX_HOPS: Final = 8

Authoriser = Callable[[Request], Headers]
"""Headers that depend on the request (RFC 7616: the method and the address are hashed)."""


class Session:
    """What one visitor holds. `label` is that of the account, for the journal; "" for nobody.

    Credentials in `headers` or from `authoriser` go to `origin` only, when it is given. `certificate` is shown to the
    origin `shown_to` only.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        jar: Jar | None = None,
        label: str = "",
        headers: Headers = (),
        *,
        origin: str = "",
        authoriser: Authoriser | None = None,
        certificate: ClientCertificate | None = None,
        shown_to: str = "",
    ) -> None:
        self.network = network
        self.clock = clock
        self.jar = Jar() if jar is None else jar
        self.label = label
        self.headers = tuple(headers)
        self.origin = origin
        self.authoriser = authoriser
        self.certificate = certificate
        self.shown_to = shown_to

    def __repr__(self) -> str:
        return f"Session({self.label!r}, cookies={list(self.cookie_names)})"

    @property
    def cookie_names(self) -> tuple[str, ...]:
        return self.jar.names(self.clock.now())

    @property
    def header_names(self) -> tuple[str, ...]:
        """Names of the headers that carry credentials."""
        return tuple(name for name, _ in self.headers) + (("Authorization",) if self.authoriser else ())

    async def send(self, request: Request) -> Exchange:
        """Send with the cookies and headers of the session; keep the cookies of the answer. No redirect is followed.

        A header that the request has itself, Cookie included, is not added.
        """
        own = {name.lower() for name, _ in request.headers}
        added = [(name, value) for name, value in self._credentials(request) if name.lower() not in own]
        cookie = self.jar.header(request.url, self.clock.now())
        if cookie and "cookie" not in own:
            added.append(("Cookie", cookie))
        shown = self.certificate if self.shown_to and origin_of(request.url) == self.shown_to else None
        dressed = replace(
            request,
            headers=(*request.headers, *added),
            account=self.label or request.account,
            certificate=shown or request.certificate,
        )
        exchange = await self.network.send(dressed)
        if exchange.response is not None:
            self.jar.store(request.url, exchange.response.all("set-cookie"), self.clock.now())
        return exchange

    def _credentials(self, request: Request) -> Headers:
        if self.origin and origin_of(request.url) != self.origin:
            return ()
        return (*self.headers, *(self.authoriser(request) if self.authoriser else ()))

    async def get(self, url: str, headers: Headers = ()) -> Exchange:
        return await self.send(Request("GET", url, headers))

    async def follow(
        self, request: Request, hops: int = MAX_HOPS, *, stop: Callable[[str], bool] | None = None, repeats: int = 1
    ) -> tuple[Exchange, ...]:
        """The exchanges from a request to where its redirects lead, within the scope, at most `hops` redirects.

        Never to a national provider, nor to an address at which `stop` says so. A body is sent again at most `repeats`
        times, where a redirect asks for it.

        Like a browser, 303 always and 301 and 302 after a POST go on with GET (Fetch §4.4). A body is never sent again
        to another origin than that of the request: it may hold a password.
        """
        chain = [await self.send(request)]
        while len(chain) <= hops:
            target = location(chain[-1])
            if target is None or (stop is not None and stop(target)):
                break
            if not self.network.in_scope(target) or provider_of(target) is not None:
                break
            following = _redirected(request, target, chain[-1].status or 0)
            if following is None or (following.body and repeats <= 0):
                break
            repeats -= bool(following.body)
            request = following
            chain.append(await self.send(request))
        return tuple(chain)

    def fork(self) -> Session:
        """The same visitor with an own copy of the jar."""
        return self._with(jar=self.jar.fork())

    def without_cookie(self, name: str) -> Session:
        return self._with(jar=self.jar.without(name))

    def with_cookie(self, name: str, value: str, url: str = "") -> Session:
        """A fork in which a cookie has this value; a new one is for the host of `url`, else of the first cookie."""
        first = next(iter(self.jar), None)
        return self._with(jar=self.jar.with_value(name, value, url or (f"//{first.domain}/" if first else self.origin)))

    def with_only(self, *names: str) -> Session:
        """A fork with these cookies and no other, without credentials in headers or on the connection."""
        return self._with(jar=self.jar.only(names), headers=(), authoriser=None, certificate=None)

    def with_headers(self, *headers: tuple[str, str]) -> Session:
        """A fork whose headers are replaced by these, one name at a time."""
        names = {name.lower() for name, _ in headers}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return self._with(jar=self.jar.fork(), headers=(*kept, *headers))

    def without_header(self, name: str) -> Session:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        authoriser = None if name.lower() == "authorization" else self.authoriser
        return self._with(jar=self.jar.fork(), headers=kept, authoriser=authoriser)

    def without_certificate(self) -> Session:
        """A fork that shows no certificate."""
        return self._with(jar=self.jar.fork(), certificate=None)

    def on(self, network: Network) -> Session:
        """The same cookies by another way out: that of the check which uses the session now."""
        moved = self.fork()
        moved.network = network
        return moved

    def become(self, other: Session) -> None:
        """Hold what the other session holds, in place of what was held: that one goes on as this one."""
        self.jar, self.headers, self.authoriser = other.jar, other.headers, other.authoriser
        self.origin, self.certificate, self.shown_to = other.origin, other.certificate, other.shown_to

    def _with(self, **changed: object) -> Session:
        values: dict[str, object] = {
            "jar": self.jar,
            "label": self.label,
            "headers": self.headers,
            "origin": self.origin,
            "authoriser": self.authoriser,
            "certificate": self.certificate,
            "shown_to": self.shown_to,
            **changed,
        }
        return Session(self.network, self.clock, **values)  # type: ignore[arg-type]


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def same_party(url: str, other: str) -> bool:
    """Whether two addresses are of one application: the same host, on the same port or in clear and encrypted."""
    one, two = urlsplit(url), urlsplit(other)
    return one.hostname == two.hostname and (one.netloc.lower() == two.netloc.lower() or one.scheme != two.scheme)


def _redirected(request: Request, target: str, status: int) -> Request | None:
    """The request that follows a redirect; None when it must not be sent."""
    if status not in REDIRECTS:
        return None
    keeps = status in {307, 308} or request.method in {"GET", "HEAD"}
    if keeps and request.body and origin_of(target) != origin_of(request.url):
        return None
    named = {"content-type", "origin"}
    headers = request.headers if keeps else tuple(pair for pair in request.headers if pair[0].lower() not in named)
    if origin_of(target) != origin_of(request.url):
        headers = tuple(pair for pair in headers if pair[0].lower() not in {"cookie", "authorization", "x-csrf-token"})
    return replace(
        request,
        method=request.method if keeps else "GET",
        url=target,
        headers=headers,
        body=request.body if keeps else b"",
        origin_form=None,
        act="",
    )
