"""`login.user-enumeration` (AA4, AA7): does anything tell a stranger that an account exists?

The sacrificed account and invented ones meet the same wrong password in turn: what the answers say is compared, then
how long they take. The form that resets a password is asked once for a known account and twice for an invented one; so
is the form that creates an account, with a confirmation that is not the password, so that it creates none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from pydantic import JsonValue

from pgssi_checks.login.attempts import ACCEPTED, answer_to
from pgssi_checks.login.left_elsewhere import left_to, not_ours
from pgssi_checks.login.registration_pages import registration_form
from pgssi_checks.login.reset_pages import reset_form
from pgssi_checks.login.response_times import Threshold, can_test, differ, differ_at_sight, p_value
from pgssi_checks.login.telling import Answer, answer_of, differences
from pgssi_checks.login.wrong_passwords import (
    ALLOWANCE,
    PROVEN,
    SACRIFICE,
    Allowance,
    GuardedNetwork,
    Spent,
    invented_password,
    invented_user,
)
from pgssi_checks.session.sharing.patience import announced_wait
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import Secret, Session, SignIn, SignInPlan, SignInState, plan_of, sign_in
from pgssi_probe.identity.forms import filled
from pgssi_probe.identity.plan import OWN_ONLY

KEPT_FOR_THROTTLING: Final = 11
"""Failures left to `login.throttling`: one, then ten."""
UNANNOUNCED: Final = 61.0
"""Seconds to wait after a refusal that does not say how long."""


class Accepted(Exception):
    """The target takes a wrong password: nothing can be compared."""


@dataclass
class Side:
    """Answers and times of one kind of user."""

    answers: list[Answer] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)


async def observe(ctx: CheckContext) -> list[Observation]:
    plan = await plan_of(ctx, SACRIFICE)
    site = ctx.target.site
    if providers := left_to(plan):
        return [not_ours(ctx.target, providers)]
    if not plan.usable or plan.driver in OWN_ONLY:
        return [inconclusive(site, Reason.NO_SAMPLE)]
    if plan.form is not None and plan.form.username is None:
        return [Observation(slug="no-user-name", subject=Subject(kind="form", name=plan.url))]
    if not ctx.accounts:
        return [inconclusive(site, Reason.ACCOUNT_MISSING, missing="accounts.sacrifice")]
    reset = [*await _reset(ctx), *await _registration(ctx)]
    if SACRIFICE not in ctx.accounts:
        return [*reset, inconclusive(Subject(kind="form", name=plan.url), Reason.ACCOUNT_MISSING, missing="sacrifice")]
    return [*await _sign_in(ctx, plan), *reset]


def _subject(plan: SignInPlan) -> Subject:
    return Subject(kind="form", name=plan.place)


async def _sign_in(ctx: CheckContext, plan: SignInPlan) -> list[Observation]:
    allowance = await ctx.collect(ALLOWANCE)
    tries = min(int(ctx.setting("pairs")), max(0, allowance.left - KEPT_FOR_THROTTLING))
    if tries < 2:
        return [inconclusive(_subject(plan), Reason.BUDGET_EXHAUSTED, left=allowance.left)]
    if not await ctx.collect(PROVEN):
        return [inconclusive(_subject(plan), Reason.BLOCKED, account=SACRIFICE)]
    comparison = Comparison(ctx, allowance)
    try:
        await comparison.run(tries)
    except Accepted:
        return [inconclusive(_subject(plan), Reason.UNSTABLE_TARGET)]
    except Spent:
        pass
    return _judged(ctx, _subject(plan), comparison)


class Comparison:
    """Pairs of attempts, an invented user and the sacrificed one, in alternate order."""

    def __init__(self, ctx: CheckContext, allowance: Allowance) -> None:
        self.ctx = ctx
        self.allowance = allowance
        self.known, self.unknown = Side(), Side()
        self.held_back = 0

    async def run(self, pairs: int) -> None:
        waited = 0.0
        for number in range(pairs):
            # An invented user first: an application that has yet to warm up then seems slow for nobody real.
            order = (False, True) if number % 2 == 0 else (True, False)
            pause = 0.0
            for is_known in order:
                pause = max(pause, await self._one(is_known))
            waited += pause
            if waited > float(self.ctx.setting("patience_seconds")):
                return
            if pause:
                await self.ctx.clock.sleep(pause)

    async def _one(self, is_known: bool) -> float:
        """One attempt; the seconds to wait when it is held back, which is no answer to compare."""
        known = self.ctx.accounts[SACRIFICE].username
        password, username = invented_password(), None if is_known else _like(known.partition("@")[2])
        allowance = self.allowance if is_known else Allowance()
        guarded = GuardedNetwork(self.ctx.network, allowance, password, self.ctx.clock)
        context = replace(self.ctx, network=guarded)
        done = await sign_in(context, SACRIFICE, Secret(password), username=username)
        if done.state in ACCEPTED:
            raise Accepted
        sent = answer_to(done.exchanges, password)
        if sent is None or sent.response is None or done.exchanges[-1].response is None:
            return 0.0
        if _held_back(done):
            self.held_back += 1
            waits = [wait for one in done.exchanges if (wait := announced_wait(one)) is not None]
            return (waits[0] if waits else UNANNOUNCED) + 0.5
        side = self.known if is_known else self.unknown
        typed = (username or "", self.ctx.accounts[SACRIFICE].username, password)
        chain = done.exchanges[done.exchanges.index(sent) :]
        answer = answer_of(chain, done.landing, typed)
        if _is_new_refusal(answer, side.answers):
            self.held_back += 1
            return UNANNOUNCED
        side.answers.append(answer)
        side.seconds.append(sent.elapsed if sent.first_byte is None else sent.first_byte)
        side.exchanges.append(sent)
        return 0.0


def _is_new_refusal(answer: Answer, earlier: Sequence[Answer]) -> bool:
    """A refusal by a status that no earlier failure of this kind of user met: a brake that says nothing more."""
    known = {status for one in earlier for status in one.statuses}
    return bool(earlier) and any((status or 0) >= 400 and status not in known for status in answer.statuses)


def _held_back(done: SignIn) -> bool:
    """Refused for having failed too often: nothing that a first attempt would hear."""
    statuses = {one.status for one in done.exchanges}
    return (
        done.state is SignInState.THROTTLED
        or bool(statuses & {423, 429})
        or max(one.status or 0 for one in done.exchanges) >= 500
    )


def _judged(ctx: CheckContext, subject: Subject, seen: Comparison) -> list[Observation]:
    known, unknown = seen.known, seen.unknown
    threshold = Threshold(
        alpha=float(ctx.setting("alpha")),
        ratio=float(ctx.setting("effect_ratio")),
        seconds=float(ctx.setting("effect_seconds")),
        sure_ratio=float(ctx.setting("sure_ratio")),
        few_ratio=float(ctx.setting("few_ratio")),
        few_seconds=float(ctx.setting("few_seconds")),
    )
    if not known.answers or not unknown.answers:
        return [inconclusive(subject, Reason.RATE_LIMITED if seen.held_back else Reason.NO_SAMPLE)]
    enough = can_test(len(known.seconds), len(unknown.seconds), threshold.alpha)
    facts: dict[str, JsonValue] = {
        "known": len(known.seconds),
        "unknown": len(unknown.seconds),
        "known_ms": _milliseconds(known.seconds),
        "unknown_ms": _milliseconds(unknown.seconds),
        "p": round(p_value(known.seconds, unknown.seconds), 5),
        "alpha": threshold.alpha,
    }
    times: dict[str, JsonValue] = {
        "known_seconds": [*known.seconds],
        "unknown_seconds": [*unknown.seconds],
    }
    measured = ctx.keep_facts("times", {**facts, **times})
    told = differences(known.answers, unknown.answers)
    found: list[Observation] = []
    if told:
        kept = (ctx.keep(known.exchanges[0]), ctx.keep(unknown.exchanges[0]))
        found.append(Observation(slug="message", subject=subject, facts={**facts, "by": [*told]}, evidence=kept))
    slug = None
    if enough and differ(known.seconds, unknown.seconds, threshold):
        slug = "timing"
    elif not enough and differ_at_sight(known.seconds, unknown.seconds, threshold):
        slug = "timing-few"
    elif not told:
        slug = "alike" if enough and len(known.answers) > 1 else "alike-in-words"
    if slug == "alike-in-words" and min(len(known.answers), len(unknown.answers)) < 2:
        return [
            inconclusive(subject, Reason.RATE_LIMITED if seen.held_back else Reason.NO_SAMPLE, evidence=(measured,))
        ]
    return [*found, Observation(slug=slug, subject=subject, facts=facts, evidence=(measured,))] if slug else found


def _milliseconds(seconds: Sequence[float]) -> float:
    return round(1000 * median(seconds), 1)


async def _reset(ctx: CheckContext) -> list[Observation]:
    """The reset form: an invented user, the known one once, another invented one."""
    site = await ctx.collect(SITE)
    label = SACRIFICE if SACRIFICE in ctx.accounts else "a"
    if label not in ctx.accounts:
        return []
    username = ctx.accounts[label].username
    found = reset_form(site.pages, username)
    if found is None or not ctx.network.in_scope(found[1].action):
        return []
    url = found[0].url
    told: list[tuple[Answer, Exchange]] = []
    at = username.partition("@")[2]
    for name in (_like(at), username, _like(at)):
        answer = await _asked(ctx, url, name, label, username)
        if answer is None:
            return []
        told.append(answer)
    first, known, second = (answer for answer, _ in told)
    noise = differences([first, first], [second, second])
    by = [what for what in differences([known, known], [first, second]) if what not in noise]
    subject = Subject(kind="form", name=url)
    kept = (ctx.keep(told[1][1]), ctx.keep(told[0][1]))
    facts: dict[str, JsonValue] = {"by": [*by]}
    return [Observation(slug="reset-message" if by else "reset-alike", subject=subject, facts=facts, evidence=kept)]


async def _registration(ctx: CheckContext) -> list[Observation]:
    """The form that creates an account, handed in with a confirmation that is not the password: an invented user, the
    known one once, another invented one."""
    site = await ctx.collect(SITE)
    label = SACRIFICE if SACRIFICE in ctx.accounts else "a"
    if label not in ctx.accounts:
        return []
    username = ctx.accounts[label].username
    form = registration_form(site.pages, username)
    if form is None or not ctx.network.in_scope(form.form.action):
        return []
    at = username.partition("@")[2]
    told: list[tuple[Answer, Exchange]] = []
    for name in (_like(at), username, _like(at)):
        session = Session(ctx.network, ctx.clock, label=label)
        page = await parse_page((await session.follow(Request("GET", form.page.url)))[-1])
        shown = registration_form([page], username) if page is not None else None
        if page is None or shown is None or not ctx.network.in_scope(shown.form.action):
            return []
        typed = shown.typed(name)
        chain = await session.follow(filled(shown.form, typed, page.url))
        if chain[-1].response is None or chain[-1].status in {403, 423, 429} or (chain[-1].status or 0) >= 500:
            return []
        landing = await parse_page(chain[-1])
        if landing is None or registration_form([landing], username) is None:
            return []  # not shown again: it may have been accepted, or the name be said by leading elsewhere
        told.append((answer_of(chain, landing, (*typed.values(), username)), chain[0]))
    first, known, second = (answer for answer, _ in told)
    noise = differences([first, first], [second, second])
    by = [what for what in differences([known, known], [first, second]) if what not in noise]
    slug = "registration-message" if by else "registration-alike"
    kept = (ctx.keep(told[1][1]), ctx.keep(told[0][1]))
    subject = Subject(kind="form", name=form.page.url)
    return [Observation(slug=slug, subject=subject, facts={"by": [*by]}, evidence=kept)]


def _like(host: str) -> str:
    """An invented user name, an address at the same host when that is what names an account."""
    return f"{invented_user()}@{host}" if host else invented_user()


async def _asked(ctx: CheckContext, url: str, username: str, label: str, known: str) -> tuple[Answer, Exchange] | None:
    """The answer to one request for a new password; None when it cannot be compared. `known` is a name that the page
    may say by itself."""
    session = Session(ctx.network, ctx.clock, label=label)
    opened = await session.follow(Request("GET", url))
    page = await parse_page(opened[-1])
    found = reset_form([page], username) if page is not None else None
    if page is None or found is None or not ctx.network.in_scope(found[1].action):
        return None
    chain = await session.follow(filled(found[1], {found[2].name: username}, page.url))
    last = chain[-1]
    if last.response is None or last.status in {403, 423, 429} or (last.status or 0) >= 500:
        return None
    return answer_of(chain, await parse_page(last), (username, known)), chain[0]
