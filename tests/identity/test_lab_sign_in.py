"""The demonstration portal, over real HTTPS: form, second factor, API with a bearer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pgssi_probe.check.context import CollectorContext, Target
from pgssi_probe.clock import SystemClock
from pgssi_probe.engine.collected import Collections
from pgssi_probe.identity import (
    ORACLE,
    SIGN_IN,
    Account,
    Secret,
    Session,
    SignInState,
    State,
    carriers,
    sign_in,
    sign_out,
)
from pgssi_probe.lab import Lab, running_lab
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.scope import Scope

pytestmark = pytest.mark.lab
FAST = Limits(rate_per_host=500, burst_per_host=500, connect_rate=500, connect_burst=500)


@asynccontextmanager
async def visiting(lab: Lab, *, totp: bool = False, **declared: str) -> AsyncIterator[CollectorContext]:
    accounts = {
        label: Account(label, one.username, Secret(one.password), Secret(one.totp_secret) if totp else None)
        for label, one in lab.accounts.items()
    }
    told: dict[str, Any] = {f"login.{name}": value for name, value in declared.items()}
    clock, target = SystemClock(), Target(lab.https_url + "/", lab.ca_file)
    async with open_gate(scope=Scope.of(target.url), limits=FAST, clock=clock, ca_file=lab.ca_file) as gate:

        def network(collector: Any) -> Any:
            return gate.network(by=collector.name, max_requests=collector.requests, methods=collector.methods)

        common = (Level.ACTIVE, told, gate.scope.excludes)
        collections = Collections(target, network, clock, *common, accounts)
        own = gate.network(by="test", max_requests=60, methods=("GET", "POST"))
        yield CollectorContext(target, own, clock, *common, collections.get, accounts)
        await collections.close()


async def whole_life(ctx: CollectorContext, carrier: str, **sign_out_options: str) -> None:
    signed = await sign_in(ctx, "a")
    assert signed.state is SignInState.SIGNED_IN, signed.why
    oracle = await ctx.collect(ORACLE)
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    assert [one.name for one in await carriers(signed.session, oracle)] == [carrier]
    old = signed.session.fork()
    assert await sign_out(signed.session, signed.landing, **sign_out_options)
    assert await oracle.state(old) is State.OUT
    other = await sign_in(ctx, "b")
    assert await oracle.state(other.session) is State.IN
    wrong = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1234"))
    assert wrong.state is SignInState.REFUSED


async def test_the_form() -> None:
    async with running_lab() as lab, visiting(lab) as ctx:
        await whole_life(ctx, "__Host-session")


async def test_the_api() -> None:
    async with running_lab() as lab:
        api = f"{lab.https_url}/api/v1"
        async with visiting(lab, driver="json", url=f"{api}/connexion") as ctx:
            await whole_life(ctx, "Authorization", url=f"{api}/deconnexion")


@pytest.mark.parametrize("given", [True, False])
async def test_the_second_factor(given: bool) -> None:
    async with running_lab() as lab:
        lab.blueprint.sign_in.second_factor = True
        async with visiting(lab, totp=given) as ctx:
            signed = await sign_in(ctx, "a", plan=await ctx.collect(SIGN_IN), confirm=False)
            assert signed.state is (SignInState.SIGNED_IN if given else SignInState.SECOND_FACTOR)


async def test_the_brake_is_seen() -> None:
    async with running_lab() as lab, visiting(lab) as ctx:
        plan = await ctx.collect(SIGN_IN)
        states = []
        while len(states) < 8 and SignInState.THROTTLED not in states:
            wrong = Secret(f"Wrong-{len(states)}")
            states.append((await sign_in(ctx, "sacrifice", password=wrong, plan=plan, confirm=False)).state)
        assert states[0] is SignInState.REFUSED
        assert states[-1] is SignInState.THROTTLED
