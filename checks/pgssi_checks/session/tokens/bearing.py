"""What carries a session, proved by ablation, with its token apart from what surrounds it."""

from __future__ import annotations

from dataclasses import dataclass

from pgssi_probe.check import Subject
from pgssi_probe.identity import Carrier, Session

CREDENTIALS = frozenset({"basic", "digest", "negotiate", "ntlm"})
"""Schemes whose header holds credentials and no token: changing it would be trying a wrong password."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """A cookie, or a header whose value is an optional scheme and a token. `alone`: it is one of several that each
    open the account, as the session cookie beside credentials that go with every request (Tomcat): it is judged without
    the others, which would let any value of it in."""

    name: str
    is_cookie: bool
    alone: bool = False

    @property
    def subject(self) -> Subject:
        return Subject(kind="cookie" if self.is_cookie else "header", name=self.name[:200])

    def _header(self, session: Session) -> str:
        values = [value for name, value in session.headers if name.lower() == self.name.lower()]
        return values[0] if values else ""

    def scheme(self, session: Session) -> str:
        """The scheme of the header, as written; "" for a cookie or a bare token."""
        if self.is_cookie:
            return ""
        scheme, space, _ = self._header(session).partition(" ")
        return scheme if space else ""

    def is_token(self, session: Session) -> bool:
        return bool(self.token(session)) and self.scheme(session).lower() not in CREDENTIALS

    def token(self, session: Session) -> str:
        """The token of the session now: an application may renew it at any answer."""
        if self.is_cookie:
            return session.jar.value(self.name) or ""
        return self._header(session).partition(" ")[2] or self._header(session)

    def put(self, session: Session, token: str) -> Session:
        """A fork of the session with another token."""
        if self.is_cookie:
            return (session.with_only(self.name) if self.alone else session).with_cookie(self.name, token)
        scheme = self.scheme(session)
        return session.with_headers((self.name, f"{scheme} {token}".strip()))  # no space may end a header


def bearings(carriers: tuple[Carrier, ...]) -> tuple[Bearing, ...]:
    return tuple(Bearing(carrier.name, carrier.kind == "cookie", alone=carrier.suffices) for carrier in carriers)
