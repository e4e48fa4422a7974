"""`login.throttling` (AA7): what repeated failures cost, on the sacrificed account only, by the right password.

Baseline, then one, five and ten failures, each series followed by the right password; then how long the refusal lasts,
whom it strikes, and whether it can be walked around.

What the report draws, stable from version 1 of the check on:

- Evidence with the data `{"attempts": [row, …]}`, one row for each attempt on the sacrificed account, in
  order, 200 at most: `n` (from 1), `given` ("right" or "wrong"), `how` (how it was answered: "signed_in", "refused",
  "message", "captcha", "silence", "second_factor", "unknown", or a status such as "429"), `status` (number or null),
  `seconds` (time to the first byte of the answer to the password), `wait` (seconds that `Retry-After` announces, or
  null), `at` (seconds since the first attempt was answered), `by` ("direct", or "elsewhere" through a proxy).
- Facts of the outcome on the brake: `after` (failures after which the right password is refused, or null), `in_a_row`
  (longest series after which it is accepted), `blocked_seconds` and `free_seconds` (bracket of the recovery since the
  last failure; `free_seconds` null when it was never accepted again), `announced_seconds`, `scope` ("account",
  "address", "account-and-address", or null for undetermined), `failures` (sent in all), `delays` ([number of the wrong
  attempt, seconds of its answer], 60 at most), `waits` (seconds announced), `left_free` (whether the account could
  sign in at the end, or null).
"""

from __future__ import annotations

from pydantic import JsonValue

from pgssi_checks.login.attempts import ALREADY_OPEN, Attempt, Trials
from pgssi_checks.login.braking import Thresholds, Trace, facts_of, rows, scope_of, slug_of
from pgssi_checks.login.bypasses import bypasses
from pgssi_checks.login.left_elsewhere import left_to, not_ours
from pgssi_checks.login.wrong_passwords import ALLOWANCE, PROVEN, SACRIFICE, Allowance, Spent
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.identity import SignInState, plan_of
from pgssi_probe.identity.plan import OWN_ONLY

SERIES = (1, 5, 10)
LADDER = (30.0, 60.0, 125.0, 310.0, 620.0, 930.0)
"""Seconds since the last failure at which the right password is tried again. From one to the next there are a little
more than one, three and five minutes: where an attempt during the brake starts it again, as django-axes does by
default, a brake as long as that of the guide's example is seen to end all the same."""
GRACE = 30.0
"""Seconds by which the last of them may exceed the time that recovery is watched."""
SETTLED = 61.0
"""Seconds to wait where another check has just sent failures: many applications count those of the last minute, and a
brake that begins after five would be said to begin after two."""
UNCLEAR_MAX = 3
"""Failures answered by neither yes nor no after which the trials end."""
BASELINE: dict[SignInState, Reason] = {
    SignInState.THROTTLED: Reason.RATE_LIMITED,
    SignInState.REFUSED: Reason.BLOCKED,
}


class Unclear(Exception):
    """What the target answers cannot be judged."""


async def observe(ctx: CheckContext) -> list[Observation]:
    site = ctx.target.site
    plan = await plan_of(ctx, SACRIFICE)
    if providers := left_to(plan):
        return [not_ours(ctx.target, providers)]
    if SACRIFICE not in ctx.accounts:
        return [inconclusive(site, Reason.ACCOUNT_MISSING, missing="accounts.sacrifice")]
    if not str(ctx.declared.get("login.unlock-contact") or "").strip():
        return [inconclusive(site, Reason.UNDECLARED, declare="login.unlock-contact")]
    if not plan.usable or plan.driver in OWN_ONLY:
        return [inconclusive(site, Reason.NO_SAMPLE)]
    allowance = await ctx.collect(ALLOWANCE)
    return await Protocol(ctx, allowance).observations()


class NotTried(Exception):
    """No wrong password can be sent: the way in is one that only a window of the browser goes."""


class AnyPassword(Exception):
    """Two invented passwords opened the account."""


class Protocol:
    """One run of the trials."""

    def __init__(self, ctx: CheckContext, allowance: Allowance) -> None:
        self.ctx = ctx
        self.allowance = allowance
        self.trials = Trials(ctx, allowance)
        self.trace = Trace()
        self.series: list[Attempt] = []
        self.unclear = 0
        self.ineffective = False
        """Wrong passwords were told to wait, and the right one got in all the same."""
        self.last_failure = ctx.clock.monotonic()

    async def observations(self) -> list[Observation]:
        site = self.ctx.target.site
        earlier = self.allowance.used
        if earlier and not await self.ctx.collect(PROVEN):  # asked before the first of them
            return [inconclusive(site, Reason.BLOCKED, account=SACRIFICE)]
        if earlier:
            await self.ctx.clock.sleep(SETTLED)
        baseline = await self.trials.right()
        if baseline.how == ALREADY_OPEN:
            return [inconclusive(site, Reason.BLOCKED, account=SACRIFICE, how=baseline.how)]
        if not baseline.accepted and not earlier:
            return [inconclusive(site, BASELINE.get(baseline.state, Reason.SESSION_LOST), how=baseline.how)]
        try:
            if baseline.accepted:
                await self._fail_and_probe()
            else:  # failures that another check needed were enough
                self._braked(earlier, baseline)
        except AnyPassword:
            facts = self._facts()
            return [Observation(slug="any-password", subject=site, facts=facts, evidence=tuple(self._evidence()))]
        except Unclear:
            return [self._nothing(Reason.UNSTABLE_TARGET)]
        except NotTried:
            return [self._nothing(Reason.NO_SAMPLE)]
        if self.trace.after is not None:
            await self._measure()
        slug = slug_of(self.trace, self.series, self._thresholds())
        kept = tuple(self._evidence())
        if slug is None:
            return [self._nothing(Reason.BUDGET_EXHAUSTED)]
        facts = self._facts()
        found = [Observation(slug=slug, subject=site, facts=facts, evidence=kept)]
        for bypass, how in self.trace.bypasses.items():
            found.append(Observation(slug=bypass, subject=site, facts={**facts, "way": how}, evidence=kept))
        return found

    def _nothing(self, reason: Reason) -> Observation:
        unsaid = inconclusive(self.ctx.target.site, reason, evidence=tuple(self._evidence()))
        return unsaid.model_copy(update={"facts": self._facts()})

    async def _fail_and_probe(self) -> None:
        """Series of failures until the right password is refused. Raises Unclear."""
        left = self.allowance.left
        planned = SERIES if left >= sum(SERIES) else (SERIES[0], SERIES[-1])
        for length in planned:
            if self.allowance.left < length:
                return
            series: list[Attempt] = []
            for _ in range(length):
                series.append(await self._wrong())
                if series[-1].how == "silence" or (series[-1].braked and not self.ineffective):
                    break
            probe = await self.trials.right()
            if probe.how == ALREADY_OPEN:
                raise Unclear
            self.series = series
            if not probe.accepted:
                probe_again = await self.trials.right()
                if not probe_again.accepted or probe.braked:
                    self._braked(len(series), probe)
                    return
            self.ineffective = self.ineffective or any(one.braked for one in series)
            self.trace.in_a_row = max(self.trace.in_a_row, len(series))

    async def _wrong(self) -> Attempt:
        attempt = await self.trials.wrong()
        if attempt.exchange is None:
            raise NotTried
        self.last_failure = self.ctx.clock.monotonic()
        if attempt.accepted:
            again = await self.trials.wrong()
            opened = attempt.state is again.state is SignInState.SIGNED_IN
            raise AnyPassword if opened and await self.trials.is_open() else Unclear
        if attempt.state is SignInState.UNKNOWN:
            self.unclear += 1
            if self.unclear > UNCLEAR_MAX:
                raise Unclear
        return attempt

    def _braked(self, after: int, probe: Attempt) -> None:
        told = next((n for n, one in enumerate(self.series) if one.braked), after)
        self.trace.after = max(1, min(after, told))
        self.trace.how = probe.how
        self.trace.announced = probe.wait
        self.trace.waits += [probe.wait] if probe.wait else []

    async def _measure(self) -> None:
        """Whom the brake strikes, how long it lasts, ways around it. The account is left free when it can be."""
        other = next((label for label in ("b", "a", "low", "high") if label in self.ctx.accounts), None)
        from_here = (await self.trials.right(label=other)).accepted if other is not None else None
        proxies = self.ctx.declared.get("proxies")
        proxy = (
            next((label for label in proxies if isinstance(label, str)), None) if isinstance(proxies, list) else None
        )
        elsewhere = await self.trials.elsewhere(proxy) if proxy is not None else None
        self.trace.scope = scope_of(from_here, elsewhere)
        affordable = self.allowance.left >= (self.trace.after or 0)
        try:
            if not affordable:
                await bypasses(self.trials, self.trace, other)
            await self._wait_for_recovery()
            if affordable and self.trace.free is not None:
                await bypasses(self.trials, self.trace, other)
                await self._leave_free()
        except Spent:
            return

    async def _wait_for_recovery(self) -> None:
        patience = 60.0 * _minutes(
            self.ctx.declared.get("login.recovery-minutes"), self.ctx.setting("recovery_minutes")
        )
        rungs = [rung for rung in LADDER if rung <= patience + GRACE]
        if patience > LADDER[-1]:
            rungs.append(patience)
        for rung in rungs:
            await self.ctx.clock.sleep(max(0.0, self.last_failure + rung - self.ctx.clock.monotonic()))
            probe = await self.trials.right()
            since = probe.at - self.last_failure
            if probe.accepted:
                self.trace.free = since
                self.trace.left_free = True
                return
            self.trace.blocked = since
            self.trace.left_free = False

    async def _leave_free(self) -> None:
        """The account is not left blocked by the last trials when waiting as long as before is enough."""
        started = self.ctx.clock.monotonic()
        for rung in LADDER:
            self.trace.left_free = (await self.trials.right()).accepted
            if self.trace.left_free or rung > max(300.0, 2 * (self.trace.free or 0)):
                return
            await self.ctx.clock.sleep(max(0.0, started + rung - self.ctx.clock.monotonic()))

    def _thresholds(self) -> Thresholds:
        return Thresholds(
            failures=SERIES[-1],
            soon=float(self.ctx.setting("soon_seconds")),
            lock_out=float(self.ctx.setting("lock_out_seconds")),
            rising_ratio=float(self.ctx.setting("rising_ratio")),
            rising_seconds=float(self.ctx.setting("rising_seconds")),
        )

    def _facts(self) -> dict[str, JsonValue]:
        return facts_of(self.trace, self.trials.attempts, self.allowance.used)

    def _evidence(self) -> list[str]:
        kept = [self.ctx.keep_facts("attempts", {"attempts": rows(self.trials.attempts)})]
        shown = next((one for one in self.trials.attempts if one.braked and one.exchange), None)
        if shown is not None and shown.exchange is not None:
            kept.append(self.ctx.keep(shown.exchange))
        return kept


def _minutes(declared: object, usual: object) -> float:
    """How long recovery is watched: what the engagement declares, within a day, or the setting."""
    if isinstance(declared, (int, float)) and not isinstance(declared, bool):
        return max(1.0, min(float(declared), 1440.0))
    return float(usual) if isinstance(usual, (int, float)) else 15.0
