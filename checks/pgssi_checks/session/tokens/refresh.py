"""Refresh tokens: what a sign-in by API gives beside the token, and where it is exchanged for another (RFC 6749 §6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlencode

from pgssi_probe.check import CheckContext, Exchange, Request
from pgssi_probe.discovery.address import absolute
from pgssi_probe.identity import Session, SignIn
from pgssi_probe.identity.doors import told_at
from pgssi_probe.identity.jsonapi import parsed, token_in
from pgssi_probe.identity.schemes import bearer

KEY: Final = re.compile(r"refresh|renouvel|rafraich", re.IGNORECASE)
TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{8,8192}")
NAMES: Final = (
    "refresh", "token/refresh", "refresh-token", "refresh_token", "refreshToken", "token", "renew", "renouvellement",
    "jeton/renouvellement", "rafraichir",
)  # fmt: skip
MAX_DEPTH: Final = 4
MAX_TRIES: Final = 16
How = Literal["json", "form", "header"]


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`key` is the name under which the sign-in at `url` gave it."""

    url: str
    key: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Way:
    """Where and how a refresh token is taken. `key` names it in the body."""

    url: str
    how: How
    key: str

    def request(self, token: str) -> Request:
        accept = ("Accept", "application/json")
        if self.how == "header":
            return Request("POST", self.url, (*bearer(token), accept, ("Content-Type", "application/json")), b"{}")
        if self.how == "form":
            body = urlencode({"grant_type": "refresh_token", self.key: token}).encode("ascii")
            return Request("POST", self.url, (accept, ("Content-Type", "application/x-www-form-urlencoded")), body)
        return Request(
            "POST", self.url, (accept, ("Content-Type", "application/json")), json.dumps({self.key: token}).encode()
        )


def refresh_token(signed: SignIn) -> RefreshToken | None:
    """What the sign-in was given to renew its token with; None when nothing of the kind."""
    for exchange in reversed(signed.exchanges):
        found = _found(parsed(exchange.response))
        if found is not None:
            return RefreshToken(exchange.url, *found)
    return None


def _found(data: Any, depth: int = 0) -> tuple[str, str] | None:
    if not isinstance(data, dict) or depth > MAX_DEPTH:
        return None
    items = list(data.items())[:200]
    for key, value in items:
        if KEY.search(str(key)) and isinstance(value, str) and TOKEN.fullmatch(value):
            return str(key)[:100], value
    inner = (_found(value, depth + 1) for _, value in items)
    return next((one for one in inner if one is not None), None)


def ways(token: RefreshToken, declared: str = "") -> Iterator[Way]:
    """Where a token may be taken, likeliest first: at a declared address and nowhere else; beside the address of the
    sign-in, then at that address itself."""
    if declared:
        yield from (Way(declared, "json", token.key), Way(declared, "header", token.key))
        yield Way(declared, "form", "refresh_token")
        return
    place = token.url.partition("?")[0].rstrip("/")
    beside = place.rpartition("/")[0]
    for name in NAMES:
        for how in ("json", "header"):
            yield Way(f"{beside}/{name}", how, token.key)
    yield Way(f"{place}/refresh", "json", token.key)
    yield Way(place, "form", "refresh_token")


def with_new_token(session: Session, answer: Exchange) -> Session | None:
    """The session as its user would go on with it; None when the answer gives no token."""
    data = parsed(answer.response) if answer.status is not None and answer.status < 300 else None
    token = token_in(data)
    held = next((value for name, value in session.headers if name.lower() == "authorization"), "Bearer")
    return session.with_headers(*bearer(token, held.partition(" ")[0])) if token is not None else None


@dataclass
class Renewal:
    """A session with its refresh token, renewed as the application's script does. `way` is found at the first use."""

    session: Session
    token: RefreshToken | None
    way: Way | None = None
    declared: str = ""
    """Address that the engagement gives (`login.refresh_url`)."""

    @classmethod
    def of(cls, signed: SignIn, ctx: CheckContext | None = None, way: Way | None = None) -> Renewal:
        url = told_at(ctx.declared, signed.session.label).get("login.refresh_url") if ctx is not None else None
        declared = absolute(url, ctx.target.url) if ctx is not None and isinstance(url, str) and url else None
        return cls(signed.session, refresh_token(signed), way, declared or "")

    async def renew(self) -> bool:
        """Exchange the refresh token; `session` and `token` are the new ones then. Costs MAX_TRIES requests at most,
        and one when the way is known. A token that is refused is never sent to another address after the way is known.
        """
        if self.token is None:
            return False
        if self.way is not None:
            return await self._by(self.way)
        absent: set[str] = set()
        for tried, way in enumerate(ways(self.token, self.declared)):
            if tried >= MAX_TRIES:
                break
            if way.url in absent or not self.session.network.in_scope(way.url):
                continue
            answer = await self._send(way)
            if answer.status in {404, 405, 501}:
                absent.add(way.url)
            if self._took(answer):
                self.way = way
                return True
        return False

    async def _by(self, way: Way) -> bool:
        return self._took(await self._send(way))

    async def _send(self, way: Way) -> Exchange:
        assert self.token is not None  # noqa: S101 (narrowing)
        bare = self.session.fork()
        bare.headers = ()  # the token that it replaces is not sent
        return await bare.send(way.request(self.token.value))

    def _took(self, answer: Exchange) -> bool:
        renewed = with_new_token(self.session, answer)
        if renewed is None or self.token is None:
            return False
        found = _found(parsed(answer.response))
        self.session = renewed
        if found is not None:
            self.token = RefreshToken(self.token.url, *found)
        return True
