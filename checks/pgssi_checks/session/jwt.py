"""`session.jwt`: is a JWT that carries a session signed, verified and bounded in time (GC1, AA10, AA11)?

What a token says is read here; its secret is guessed here; forged ones are sent, each between two uses of the untouched
one, which must be let in. A forged token holds the same claims: nobody else's account is ever tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.tokens.bearing import Bearing, bearings
from pgssi_checks.session.tokens.claims import sensitive_kinds, tells_identity
from pgssi_checks.session.tokens.forging import ASYMMETRIC, Forgery, forgeries, pointing_elsewhere, pointing_nowhere
from pgssi_checks.session.tokens.guessing import guessed, site_words
from pgssi_checks.session.tokens.json_token import Embedded, JsonToken, embedded
from pgssi_checks.session.tokens.key_sets import published_keys, spellings
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.identity import Session, carriers

MAX_CARRIERS = 2
SAYS_NOTHING = frozenset({None, 408, 423, 425, 429, 502, 503, 504})
"""Statuses of a server, or of a relay, that has no time: they tell nothing of a token."""
EVERYTHING = "signature-ignored"
"""The outcome after which trying other forgeries says nothing more."""


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    session = (await ground.open()).session
    found = bearings(await carriers(session, ground.oracle, ground.another))
    if not found:
        raise Lost(Reason.NO_SAMPLE)
    held = [bearing for bearing in found if embedded(bearing.token(session)) is not None]
    if not held:
        return [Observation(slug="no-jwt", subject=found[0].subject)]
    observations = []
    for bearing in held[:MAX_CARRIERS]:
        judging = Judging(ground, session, bearing)
        observations += await judging.all()
        session = judging.session
    return observations


@dataclass
class Judging:
    """One token. `session` is renewed when a forged token closes it, as a careful server may do."""

    ground: Ground
    session: Session
    bearing: Bearing
    accepted: dict[str, list[str]] = field(default_factory=dict)
    """Slug -> kinds of forged tokens let in."""
    refused: list[str] = field(default_factory=list)

    async def all(self) -> list[Observation]:
        ctx, held = self.ground.ctx, self._held()
        observations = [*self._read(held.token)]
        if await guessed(held.token, _words(ctx, held.token), float(ctx.setting("guessing_seconds"))):
            observations.append(self._said("weak-secret", {"algorithm": held.token.algorithm}))
        try:
            await self._forge()
            if EVERYTHING not in self.accepted and await self._follows_addresses():
                self.accepted["key-address-followed"] = ["key-address"]
        except Lost as lost:
            return [*observations, *self._let_in(), inconclusive(ctx.target.site, lost.reason)]
        observations += self._let_in()
        if not observations:
            life = held.token.lifetime(ctx.clock.now())
            facts: dict[str, JsonValue] = {
                "algorithm": held.token.algorithm,
                "minutes": round((life or 0) / 60, 1),
                "count": len(self.refused),
                "identity": tells_identity(held.token.payload),
            }
            observations.append(self._said("sound", facts))
        return observations

    def _held(self) -> Embedded:
        held = embedded(self.bearing.token(self.session))
        if held is None:
            raise Lost(Reason.UNSTABLE_TARGET)
        return held

    def _said(self, slug: str, facts: dict[str, JsonValue]) -> Observation:
        """Neither the token nor a claim is kept: kinds and numbers only."""
        kept = self.ground.ctx.keep_facts("token", {**facts, "refused": [*self.refused]})
        return Observation(slug=slug, subject=self.bearing.subject, facts=facts, evidence=(kept,))

    def _let_in(self) -> list[Observation]:
        return [self._said(slug, {"kinds": [*kinds], "count": len(kinds)}) for slug, kinds in self.accepted.items()]

    def _read(self, token: JsonToken) -> list[Observation]:
        """What the token says of itself and of its user."""
        ctx, found = self.ground.ctx, []
        life = token.lifetime(ctx.clock.now())
        hours = round((life or 0) / 3600, 1)
        if life is None:
            found.append(self._said("exp-missing", {}))
        elif life > float(ctx.setting("hours_max")) * 3600:
            found.append(self._said("exp-long", {"hours": hours}))
        kinds = sensitive_kinds(token.payload)
        if kinds:
            found.append(self._said("sensitive-payload", {"kinds": [*kinds]}))
        return found

    async def _forge(self) -> None:
        token = self._held().token
        keys = spellings(await published_keys(self.ground.ctx, token)) if token.algorithm in ASYMMETRIC else ()
        for forgery in forgeries(token, keys):
            if forgery.slug in self.accepted:
                continue
            if await self._accepts(forgery):
                self.accepted.setdefault(forgery.slug, []).append(forgery.kind)
                if forgery.slug == EVERYTHING:
                    return
            else:
                self.refused.append(forgery.kind)

    async def _accepts(self, forgery: Forgery) -> bool:
        """Let in twice, where a visitor without a session is not; the untouched token is in before and after.

        When the untouched one is out after a refusal, the forged one was perhaps refused for that: it is tried again.
        """
        for _ in range(2):
            await self._untouched_is_in()
            if await self._is_in(forgery):
                if await self.ground.is_in(self.ground.visitor()) or not await self._is_in(forgery):
                    raise Lost(Reason.UNSTABLE_TARGET)
                await self._untouched_is_in()
                return True
            if await self.ground.is_in(self.session):
                return False
        return False

    async def _is_in(self, forgery: Forgery) -> bool:
        held = self._held()
        return await self.ground.lets_in(self.bearing.put(self.session, held.around(forgery.make(held.token))))

    async def _untouched_is_in(self) -> None:
        if not await self.ground.is_in(self.session):
            self.session = (await self.ground.renew()).session

    async def _follows_addresses(self) -> bool:
        """Does an address of keys change the answer, each time, where as long a header of no meaning does not? In an
        order that no alternation follows: a server that says to wait every other time must not be accused."""
        seen: dict[bool, set[int | None]] = {True: set(), False: set()}
        for points in (False, True, True, False, False, True):
            held = self._held()
            value = (pointing_elsewhere if points else pointing_nowhere)(held.token)
            sight = await self.ground.oracle.look(self.bearing.put(self.session, held.around(value)))
            seen[points].add(sight.status)
        await self._untouched_is_in()
        every = seen[True] | seen[False]
        return len(seen[True]) == len(seen[False]) == 1 and len(every) == 2 and not every & SAYS_NOTHING


def _words(ctx: CheckContext, token: JsonToken) -> tuple[str, ...]:
    said = [token.payload.get(claim) for claim in ("iss", "aud", "azp", "client_id")]
    return site_words([ctx.target.host, *(one for one in said if isinstance(one, str))])
