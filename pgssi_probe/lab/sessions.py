"""Sessions kept on the server: tokens are random, listed here, and worthless once removed from the list."""

from __future__ import annotations

import hmac
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pgssi_probe.clock import Clock

EndReason = Literal["idle", "absolute", "elsewhere", "signed-out", "error"]


@dataclass
class SessionPolicy:
    """Life of a session. Durations in seconds, on the injected clock."""

    idle: float = 15 * 60
    absolute: float = 8 * 3600
    rotate_at_sign_in: bool = True
    adopt_unknown: bool = False
    """Make a session of any token received, and keep that token at sign-in."""
    end_at_sign_out: bool = True
    end_at_error: bool = True
    when_already_open: Literal["allow", "close-first", "close-first-silently", "refuse"] = "allow"
    refuse_while: float = 150
    """Seconds after its last request during which an open session makes `refuse` refuse another."""
    show_last_sign_in: bool = True
    last_sign_in_hour: bool = True
    sign_out_control: bool = True
    listed_as: Callable[[str], str] = lambda token: token
    """Token -> what is written in the list of sessions. A weakness may keep only a part."""


@dataclass
class Session:
    """One visitor. `username` is None before sign-in; times are seconds on the injected clock."""

    token: str
    csrf: str
    opened: float
    seen: float
    username: str | None = None
    previous_sign_in: str | None = None
    pending: str | None = None
    """User whose password was right and whose second factor is awaited."""
    adopted: bool = False
    """The token is the visitor's own choice."""

    def csrf_matches(self, given: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), given.encode())


class AlreadyOpen(Exception):
    """The user has a session, and the policy allows only one."""


class SessionStore:
    """The list of live sessions, and why the recent dead ones ended."""

    def __init__(self, policy: SessionPolicy, clock: Clock, seed: int | None = None) -> None:
        self._policy = policy
        self._clock = clock
        self._live: dict[str, Session] = {}
        self._ended: dict[str, EndReason] = {}
        self._random = random.Random(seed) if seed is not None else None  # noqa: S311 reproducible tests only

    def _secret(self) -> str:
        if self._random is None:
            return secrets.token_urlsafe(32)
        return self._random.randbytes(32).hex()

    def open(self, token: str | None = None) -> Session:
        """A new session; a token of the visitor's own is a weakness."""
        now = self._clock.monotonic()
        session = Session(token=token or self._secret(), csrf=self._secret(), opened=now, seen=now)
        session.adopted = token is not None
        self._live[self._policy.listed_as(session.token)] = session
        return session

    def find(self, token: str) -> Session | None:
        """The live session of a token, whose idle delay starts again; None when there is none."""
        session = self._live.get(self._policy.listed_as(token))
        if session is None:
            return None
        now = self._clock.monotonic()
        if session.username is not None:
            if now - session.opened >= self._policy.absolute:
                self.end(session, "absolute")
                return None
            if now - session.seen >= self._policy.idle:
                self.end(session, "idle")
                return None
        session.seen = now
        return session

    def sign_in(self, session: Session, username: str) -> Session:
        """The signed-in session that replaces an anonymous one.

        Raises AlreadyOpen when the policy refuses a second session of the same user.
        """
        others = self.of_user(username)
        if self._policy.when_already_open == "refuse":
            now = self._clock.monotonic()
            if any(now - other.seen < self._policy.refuse_while for other in others):
                raise AlreadyOpen(username)
            for other in others:
                self.end(other, "elsewhere")
        if self._policy.when_already_open in ("close-first", "close-first-silently"):
            for other in others:
                self.end(other, "elsewhere" if self._policy.when_already_open == "close-first" else "signed-out")
        if self._policy.rotate_at_sign_in and not session.adopted:
            self._live.pop(self._policy.listed_as(session.token), None)
            session = self.open()
        session.username, session.opened, session.pending = username, self._clock.monotonic(), None
        return session

    def of_user(self, username: str) -> list[Session]:
        """Live sessions of a user, oldest first."""
        now = self._clock.monotonic()
        return [
            session
            for session in self._live.values()
            if session.username == username
            and now - session.opened < self._policy.absolute
            and now - session.seen < self._policy.idle
        ]

    def end(self, session: Session, reason: EndReason) -> None:
        self._live.pop(self._policy.listed_as(session.token), None)
        self._ended[session.token] = reason

    def why_ended(self, token: str) -> EndReason | None:
        return self._ended.get(token)
