"""`session.token-integrity`: is a session token that was altered refused (AA10)?

Each altered value is sent between two uses of the untouched one, which must be let in: what is refused then is refused
for its value. A part of the token that decides nothing (the route of a load balancer) is found first and left out.
"""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, field

from pydantic import JsonValue

from pgssi_checks.cookie.likeness import ENOUGH_BITS, random_bits
from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.tokens.bearing import Bearing, bearings
from pgssi_checks.session.tokens.tampering import KINDS, alterations, is_readable, segments
from pgssi_probe.check import CheckContext, Observation, Reason
from pgssi_probe.identity import Session, carriers

MAX_CARRIERS = 3


@dataclass
class Trial:
    """What became of each alteration of one token, by kind."""

    bearing: Bearing
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    inert: int = 0
    """Parts of the token that decide nothing."""


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    session = (await ground.open()).session
    found = bearings(await carriers(session, ground.oracle, ground.another))
    if not found:
        raise Lost(Reason.NO_SAMPLE)
    tokens = [bearing for bearing in found if bearing.is_token(session)]
    if not tokens:
        return [Observation(slug="no-token", subject=found[0].subject)]
    observations = []
    for bearing in tokens[:MAX_CARRIERS]:
        trial, session = await Altering(ground, session, Trial(bearing)).run()
        observations.append(_judged(ground.ctx, trial))
    return observations


def _judged(ctx: CheckContext, trial: Trial) -> Observation:
    slug = "tampered-accepted" if trial.accepted else "refused"
    data: dict[str, JsonValue] = {
        "accepted": [*trial.accepted],
        "refused": [*trial.refused],
        "inert_parts": trial.inert,
    }
    kept = ctx.keep_facts("altered", data, carrier=trial.bearing.subject.name)
    facts: dict[str, JsonValue] = {
        "count": len(trial.accepted or trial.refused),
        "kinds": [*(trial.accepted or trial.refused)],
    }
    return Observation(slug=slug, subject=trial.bearing.subject, facts=facts, evidence=(kept,))


@dataclass
class Altering:
    """The trials of one token. `session` is renewed when an altered token closes it, as a careful server may do."""

    ground: Ground
    session: Session
    trial: Trial

    async def run(self) -> tuple[Trial, Session]:
        await self._leave_out_inert_parts()
        for kind in KINDS:
            await self._untouched_is_in()
            value = self._altered(kind)
            if value is None:
                continue
            accepted = await self._accepts(value)
            await self._untouched_is_in(refused=not accepted)
            (self.trial.accepted if accepted else self.trial.refused).append(kind)
        if not self.trial.accepted and not self.trial.refused:
            raise Lost(Reason.NO_SAMPLE)
        return self.trial, self.session

    def _altered(self, kind: str) -> str | None:
        token = self.trial.bearing.token(self.session)
        chance = random.Random(secrets.randbits(64))  # noqa: S311 (the value only has to be wrong)
        return next((each.value for each in alterations(token, chance) if each.kind == kind), None)

    async def _accepts(self, value: str) -> bool:
        """Let in twice, where a visitor without a session is not."""
        put = self.trial.bearing.put
        if not await self.ground.lets_in(put(self.session, value)):
            return False
        return not await self.ground.is_in(self.ground.visitor()) and await self.ground.lets_in(
            put(self.session, value)
        )

    async def _untouched_is_in(self, *, refused: bool = False) -> None:
        """A session that is closed after an altered token was refused is no loss without a reason: another takes its
        place, which also shows that neither the account nor the address was shut out."""
        if not await self.ground.is_in(self.session):
            self.session = (await (self.ground.open() if refused else self.ground.renew())).session

    async def _leave_out_inert_parts(self) -> None:
        """From here on the token is without what the server does not read, unless that may be the signature of what
        remains and can be read: a signature that is not read is a weakness, and stays in to be altered."""
        bearing = self.trial.bearing
        for part in segments(bearing.token(self.session)):
            if not part.text or (random_bits(part.text) >= ENOUGH_BITS and is_readable(part.rest)):
                continue
            without = bearing.put(self.session, part.rest)
            if await self.ground.lets_in(without):
                self.session = without
                self.trial.inert += 1
                return
            await self._untouched_is_in()
