"""One sign-in with an account of an engagement, outside of a run: to see that the file says enough."""

from __future__ import annotations

from dataclasses import dataclass

from pgssi_probe import __version__
from pgssi_probe.check.context import Collector, CollectorContext, Network
from pgssi_probe.clock import Clock, SystemClock
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.engine.asked import Scan
from pgssi_probe.engine.bounds import limits_of, scope_of
from pgssi_probe.engine.collected import Collections
from pgssi_probe.engine.preflight import preflight
from pgssi_probe.identity import Oracle, SignIn, SignInPlan, State, oracle_of, plan_of, sign_in, sign_out
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.gate import open_gate

MAX_REQUESTS = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found and how it went. `state` is what the oracle says of the session, UNKNOWN without an oracle."""

    plan: SignInPlan
    signed: SignIn
    oracle: Oracle
    state: State
    requests: int


async def try_account(scan: Scan, label: str, clock: Clock | None = None) -> Trial:
    """Find the sign-in, choose the oracle with this account, sign in once more and look. Raises Unreachable.

    The caller has seen that the mandate allows the active level; `scan.accounts` holds the account.
    """
    clock = clock or SystemClock()
    only = {label: scan.accounts[label]}
    async with open_gate(
        scope=scope_of(scan.target, scan.engagement),
        limits=limits_of(scan.engagement),
        clock=clock,
        user_agent=f"pgssi-probe/{__version__} (login-test)",
        ca_file=scan.target.ca_file,
    ) as gate:

        def network(collector: Collector[object]) -> Network:
            return gate.network(
                by=f"collector:{collector.name}", max_requests=collector.requests, methods=collector.methods
            )

        await preflight(scan.target, gate)
        told = scan.engagement.told
        collections = Collections(scan.target, network, clock, Level.ACTIVE, told, gate.scope.excludes, only)
        ctx = CollectorContext(
            target=scan.target,
            network=gate.network(by="login-test", max_requests=MAX_REQUESTS, methods=("GET", "POST")),
            clock=clock,
            level=Level.ACTIVE,
            declared=told,
            excluded=gate.scope.excludes,
            collect=collections.get,
            accounts=only,
        )
        try:
            plan = await plan_of(ctx, label)
            oracle = await oracle_of(ctx, label)
            signed, first = oracle.sign_in, oracle.sign_in
            if signed is None or oracle.usable:
                signed = await sign_in(ctx, label, plan=plan, confirm=oracle.usable)
                if signed.why.get("signal") == "already_open" and first is not None and oracle.usable:
                    await _leave(first, oracle)  # an application that refuses a second session of an account
                    signed = await sign_in(ctx, label, plan=plan, confirm=True)
            state = await oracle.state(signed.session) if oracle.usable else State.UNKNOWN
            for done in (first, signed):
                if done is not None and oracle.usable:
                    await _leave(done, oracle)
        finally:
            await collections.close()
        return Trial(plan, signed, oracle, state, gate.usage.requests)


async def _leave(done: SignIn, oracle: Oracle) -> None:
    """Sign out, where the page has a control: some refuse the account while a session of it is open."""
    page = await parse_page(await done.session.get(oracle.url)) if done.signed_in else None
    if page is not None:
        await sign_out(done.session, page)
