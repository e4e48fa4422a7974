"""What tells whether a session is signed in: one page, and the traits in which it differs with a session and without.

An answer is reduced to a few traits, compared with those of both sides. Signs of being out are narrow: a
401 or 403, a redirect to the sign-in page, a password field that was not there. A 429, a 5xx, a time-out says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity.session import Session
from pgssi_probe.identity.sighting import CLOSED, Sighting, Trait, sighting
from pgssi_probe.identity.trying import SignIn
from pgssi_probe.model.account import Account
from pgssi_probe.net.exchange import Request

HARD: Final = frozenset({Trait.STATUS, Trait.REDIRECT, Trait.PASSWORD})
FIRM: Final = frozenset({*HARD, Trait.SIGN_OUT, Trait.DECLARED})
"""Traits that do not depend on who is signed in."""
JSON: Final = (("Content-Type", "application/json"), ("Accept", "application/json"))
CONTROLS: Final = frozenset({Trait.SIGN_OUT, Trait.DECLARED})
TELLING: Final = frozenset({Trait.DECLARED, Trait.USER, Trait.SHAPE, Trait.STATE})
SAME_KIND: Final = 0.50
"""Likeness below which a page is not the one that was chosen, whoever it is for [ours]."""
ALIKE: Final = 0.80
"""Likeness with the page of a side from which soft traits alone may speak for it [ours]."""


class State(StrEnum):
    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Oracle:
    """`url` is "" and `reason` says why when none could be chosen: a key under `identity.reason`.

    `quality` are facts for the report: url, rounds, the differing traits, both statuses, candidates compared.
    """

    url: str = ""
    reason: str = ""
    inside: Sighting | None = None
    outside: Sighting | None = None
    traits: tuple[Trait, ...] = ()
    quality: Mapping[str, JsonValue] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict, repr=False)
    marker: str = ""
    label: str = ""
    sign_in: SignIn | None = None
    """The sign-in with which it was chosen; its session goes by the network of the collection."""
    body: bytes = field(default=b"", repr=False)
    """What is posted there, for an interface that is asked by JSON-RPC; a GET otherwise."""

    @property
    def usable(self) -> bool:
        return bool(self.url)

    async def state(self, session: Session) -> State:
        """Whether `session` is signed in now: one request, charged to whoever owns the session, no redirect followed.

        UNKNOWN when nothing may be concluded, and always when the oracle is not usable.
        """
        if self.inside is None or self.outside is None:
            return State.UNKNOWN
        return self.judged(await self.look(session))

    async def look(self, session: Session) -> Sighting:
        """What `state` judges: one request."""
        return await seen(session, self.url, self.accounts, self.marker, self.label, self.body)

    def judged(self, now: Sighting) -> State:
        """Pure: what one sighting says."""
        if self.inside is None or self.outside is None or not now.speaks:
            return State.UNKNOWN
        like_in = frozenset(trait for trait in self.traits if now.traits.get(trait) == self.inside.traits.get(trait))
        like_out = frozenset(trait for trait in self.traits if now.traits.get(trait) == self.outside.traits.get(trait))
        refused = now.status in {401, 403} and self.inside.status not in {401, 403}
        if refused or self._narrowly_out(like_in, like_out):
            return State.OUT
        firm = FIRM.intersection(self.traits)
        whole = len(like_in) == len(self.traits)
        if (firm <= like_in if firm else whole) and self._still_the_page(now, like_in):
            return State.IN
        if len(like_out) == len(self.traits) and now.likeness(self.outside) >= ALIKE:
            return State.OUT
        return State.UNKNOWN

    def _narrowly_out(self, like_in: frozenset[Trait], like_out: frozenset[Trait]) -> bool:
        """What the application decides is all as without a session, one of it is a sign of being out, and no control
        of signed-in people is there."""
        hard = HARD.intersection(self.traits)
        if self.outside is None or not hard or not hard <= like_out or CONTROLS & like_in:
            return False
        outside = self.outside.traits
        return (
            outside.get(Trait.STATUS) in {"401", "403", CLOSED}
            or bool(outside.get(Trait.REDIRECT))
            or (Trait.PASSWORD in hard and outside.get(Trait.PASSWORD) == "yes")
        )

    def _still_the_page(self, now: Sighting, like_in: frozenset[Trait]) -> bool:
        """Whether it is the page that signed-in people see, and not another with the same status: a page of
        maintenance must not be taken for an open session."""
        assert self.inside is not None  # noqa: S101 (narrowing)
        for trait in (Trait.SIGN_OUT, Trait.PASSWORD):
            if now.traits.get(trait) != self.inside.traits.get(trait):
                return False
        if self.inside.traits.get(Trait.SIGN_OUT) == "yes" or TELLING & like_in:
            return not HARD.isdisjoint(self.traits) or Trait.SIGN_OUT in like_in or now.likeness(self.inside) >= ALIKE
        return now.likeness(self.inside) >= SAME_KIND


async def seen(
    session: Session, url: str, accounts: Mapping[str, Account], marker: str, label: str = "", body: bytes = b""
) -> Sighting:
    """One look at an address, reduced to its traits; the user name is that of the session, else of `label`."""
    exchange = await (session.send(Request("POST", url, JSON, body)) if body else session.get(url))
    account = accounts.get(session.label or label)
    username = account.username if account else ""
    shown = account is not None and account.certificate is not None
    return sighting(exchange, await parse_page(exchange), username=username, marker=marker, certificate=shown)
