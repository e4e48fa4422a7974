"""A weak password tried on the sacrificed account, and its own put back (AA4). Only where the engagement says so.

What may go wrong is that the application takes a password and refuses the former one back: it keeps a history, allows
one change a day, or breaks down halfway. Hence the order. A longer password is set first and the declared one put back:
an application that refuses it leaves the account with a strong password. Only then a weak one is tried.

Both are made from the declared password, so that the report can say which one is in place without telling it. What
signs in is the only judge of what was set; pages are not believed. Each step starts from a sign-in of its own.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import log2
from typing import Final, Literal

from pydantic import JsonValue

from pgssi_checks.login.change_form import ChangeForm, change_form
from pgssi_checks.login.password_rules import KINDS
from pgssi_checks.login.wrong_passwords import SACRIFICE, Allowance, GuardedNetwork, Spent, invented_password
from pgssi_checks.session.sharing.patience import announced_wait
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import Session, SignInState, sign_in
from pgssi_probe.identity.forms import filled
from pgssi_probe.model.account import Secret

SUFFIX: Final = "-Pgssi9"
"""Follows the declared password in the longer one."""
WEAK: Final = 7
"""Characters of the declared password, in lower case, that make the weak one: 43 bits at most."""
LEAST: Final = 10
"""A declared password that is shorter cannot be told from the weak one clearly enough."""
FAILURES: Final = 6
"""Wrong passwords that the trial may cost; without so many left it does not begin."""
PAUSES: Final = (0.0, 5.0, 65.0)
"""Seconds before each try to sign in where the account is held back."""
RETURNS: Final = (*PAUSES, 305.0)
"""Seconds before each try to put the password back."""
State = Literal["suffix", "prefix", "unknown"]
ACCEPTED: Final = frozenset({SignInState.SIGNED_IN, SignInState.SECOND_FACTOR})


def weak_of(password: str) -> str:
    return password[:WEAK].lower()


def bits_of(password: str) -> float:
    """Length times the logarithm of the signs of the kinds that it uses (CNIL 2022-100)."""
    used = {"digit" if char.isdigit() else "lower" if char.isalpha() else "special" for char in password}
    return len(password) * log2(sum(KINDS[kind] for kind in used) or 1)


class Unclear(Exception):
    """What the application answers does not tell which password is in place, and none was changed."""


@dataclass
class Trial:
    """One trial. `now` is the password in place as far as is known, None when it is not."""

    ctx: CheckContext
    allowance: Allowance
    url: str
    """Page of the form."""
    own: str = field(repr=False)
    now: str | None = field(default=None, repr=False)
    answer: Exchange | None = None

    def __post_init__(self) -> None:
        self.now = self.own

    async def run(self) -> list[Observation]:
        """Nothing is left changed unless an outcome says so; a run that is stopped puts the password back first."""
        try:
            accepted = await self._tried()
        except (Unclear, Spent):
            accepted = None
        finally:
            if self.now != self.own:
                self.ctx.note("password_changed", account=SACRIFICE)
                with suppress(Spent):
                    await self._restore()
                self.ctx.note("password_restored" if self.now == self.own else "password_left", account=SACRIFICE)
        site = self.ctx.target.site
        found: list[Observation] = []
        if self.now != self.own:
            found.append(Observation(slug="not-restored", subject=site, facts={"state": self._state()}))
        if accepted is None:
            return found or [inconclusive(site, Reason.NO_SAMPLE, account=SACRIFICE)]
        weak = weak_of(self.own)
        facts: dict[str, JsonValue] = {"length": len(weak), "tried_bits": round(bits_of(weak))}
        kept = (self.ctx.keep(self.answer),) if self.answer is not None else ()
        slug = "weak-accepted" if accepted else "weak-refused"
        subject = Subject(kind="form", name=self.url)
        return [*found, Observation(slug=slug, subject=subject, facts=facts, evidence=kept)]

    async def _tried(self) -> bool | None:
        """Whether the weak password was taken; None when the way there and back is not open."""
        if await self._opens(self.own) is not True or await self._opens(invented_password()) is not False:
            raise Unclear
        longer = self.own + SUFFIX
        if not await self._change(longer, expected=True):
            return None  # by this form nothing is changed
        if not await self._change(self.own, expected=True):
            return None  # what follows puts it back, or says that it could not
        return await self._change(weak_of(self.own), expected=False)

    async def _change(self, to: str, *, expected: bool) -> bool:
        """Ask for another password, and see which of the two opens the account. Raises Unclear when neither does."""
        before = self.now or self.own
        self.now = None
        form, session = await self._form(before)
        if form is None or session is None:
            self.now = before
            return False
        request = filled(form.form, form.typed(before, to), form.page.url)
        self.answer = (await session.follow(request))[0]
        for password in (to, before) if expected else (before, to):
            if await self._opens(password):
                self.now = password
                return password == to
        raise Unclear

    async def _form(self, password: str) -> tuple[ChangeForm | None, Session | None]:
        for pause in PAUSES:
            await self.ctx.clock.sleep(pause)
            done = await sign_in(self.ctx, SACRIFICE, password=Secret(password))
            if done.state is SignInState.SIGNED_IN:
                page = await parse_page((await done.session.follow(Request("GET", self.url)))[-1])
                return (change_form(page) if page is not None else None), done.session
        return None, None

    async def _opens(self, password: str) -> bool | None:
        """Whether a password signs in; None when the account is held back, or nothing can be told. Counted as a wrong
        one while it is not known to be right."""
        for pause in PAUSES:
            await self.ctx.clock.sleep(pause)
            network = GuardedNetwork(self.ctx.network, self.allowance, password, self.ctx.clock)
            used = self.allowance.used
            done = await sign_in(replace(self.ctx, network=network), SACRIFICE, password=Secret(password))
            if done.state in ACCEPTED:
                self.allowance.used = used  # it was the right one
                return True
            if done.state is SignInState.REFUSED:
                return False
            waits = [wait for one in done.exchanges if (wait := announced_wait(one)) is not None]
            await self.ctx.clock.sleep(min(waits[0], PAUSES[-1]) if waits else 0.0)
        return None

    async def _restore(self) -> None:
        """Put the declared password back; failing that, leave a strong one rather than a weak one."""
        for pause in RETURNS:
            await self.ctx.clock.sleep(pause)
            if self.now is None:
                await self._find()
            if self.now is None or self.now == self.own:
                continue
            with suppress(Unclear):
                await self._change(self.own, expected=True)
            if self.now == self.own:
                return
            if self.now == weak_of(self.own):
                with suppress(Unclear):
                    await self._change(self.own + SUFFIX, expected=True)

    async def _find(self) -> None:
        for password in (self.own, weak_of(self.own), self.own + SUFFIX):
            if await self._opens(password):
                self.now = password
                return

    def _state(self) -> State:
        if self.now is None:
            return "unknown"
        return "prefix" if self.now == weak_of(self.own) else "suffix"
