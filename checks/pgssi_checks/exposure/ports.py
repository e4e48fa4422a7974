"""`exposure.ports`: services in reach on the addresses of the mandate (HE3, HE7, GP3). Nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_checks.exposure.filtering import relays_in
from pgssi_checks.exposure.listening import (
    DELIVERY,
    Kind,
    Port,
    State,
    control_ports,
    declared_ports,
    known_ports,
    ports_dated,
    settled,
    shared_by,
)
from pgssi_probe.check import CheckContext, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site
from pgssi_probe.net.gate import RunStoppedError
from pgssi_probe.net.scope import OutOfScope
from pgssi_probe.net.target_network import BudgetSpentError

OPEN_PORTS: Final = "exposure.open-ports"
MAX_ADDRESSES: Final = 4
MAX_CONTROLS_OPEN: Final = 2
"""Controls that may be open without the whole being called a trap: chance, and a busy host [ours]."""


class Stopped(Exception):
    """Nothing more may be tried."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Tried:
    """One address: the state of each port, and how many controls are open."""

    address: str
    states: dict[int, State]
    controls_open: int


async def _state(ctx: CheckContext, address: str, port: int) -> State:
    try:
        _, writer = await ctx.network.open(ctx.target.host, port, address)
    except OutOfScope:
        raise Stopped(Reason.OUT_OF_SCOPE) from None
    except BudgetSpentError:
        raise Stopped(Reason.BUDGET_EXHAUSTED) from None
    except RunStoppedError:
        raise Stopped(Reason.RUN_ABORTED) from None
    except TimeoutError:
        return State.SILENT
    except OSError:
        return State.CLOSED
    writer.close()
    return State.OPEN


async def _pass(ctx: CheckContext, address: str, ports: Iterable[int]) -> dict[int, State]:
    """Each port once, at the pace of the declaration. Raises Stopped."""
    tasks: dict[int, asyncio.Task[State]] = {}
    try:
        async with asyncio.TaskGroup() as group:
            for port in ports:
                if any(task.done() and task.exception() is not None for task in tasks.values()):
                    break
                tasks[port] = group.create_task(_state(ctx, address, port))
                await ctx.clock.sleep(1 / ctx.setting("per_second"))
    except* Stopped as stopped:
        first = stopped.exceptions[0]
        raise first if isinstance(first, Stopped) else Stopped(Reason.RUN_ABORTED) from None
    return {port: task.result() for port, task in tasks.items()}


async def try_address(ctx: CheckContext, address: str, ports: Sequence[Port], expected: frozenset[int]) -> Tried:
    """Two passes over an address. The second leaves out what was refused: nobody opens a port in between."""
    wanted = [port.number for port in ports if port.number not in expected]
    controls = control_ports((*wanted, *expected))
    first = await _pass(ctx, address, (*wanted, *controls))
    again = await _pass(ctx, address, [port for port, state in first.items() if state is not State.CLOSED])
    states = settled(first, again)
    opened = sum(states.pop(port) is State.OPEN for port in controls)
    return Tried(address, states, opened)


def own_ports(ctx: CheckContext) -> frozenset[int]:
    """Ports of the application itself, which the mandate names: HTTPS, and its plain listener."""
    plain = urlsplit(ctx.target.plain_http_url or "").port
    return frozenset({ctx.target.port, *((plain,) if plain else ())})


def judge(tried: Tried, ports: Sequence[Port], declared: frozenset[int]) -> dict[str, list[Port]]:
    """Open ports by slug, those of the declared inventory apart."""
    found: dict[str, list[Port]] = {}
    for port in ports:
        if tried.states.get(port.number) is State.OPEN:
            slug = "declared" if port.number in declared else SLUGS[port.kind]
            found.setdefault(slug, []).append(port)
    return found


SLUGS: Final = {Kind.DATA: "data-open", Kind.ADMIN: "admin-open", Kind.OTHER: "other-open"}
FAILING: Final = frozenset({"data-open", "admin-open"})


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    try:
        addresses = await ctx.network.addresses(ctx.target.host, ctx.target.port)
    except OSError:
        return [inconclusive(ctx.target.site, Reason.OUT_OF_SCOPE)]
    observations: list[Observation] = []
    for address in addresses[:MAX_ADDRESSES]:
        observations += await _observed(ctx, site, address)
    for address in addresses[MAX_ADDRESSES:]:
        observations.append(inconclusive(Subject(kind="host", name=address), Reason.SCAN_INCOMPLETE))
    return observations


async def _observed(ctx: CheckContext, site: Site, address: str) -> list[Observation]:
    subject = Subject(kind="host", name=address)
    shared = shared_by(address) or next(iter(sorted(DELIVERY.intersection(relays_in(site.exchanges)))), "")
    if shared:
        return [inconclusive(subject, Reason.OTHER_DEVIATION, relay=shared)]
    ports = known_ports()
    declared = declared_ports(ctx.declared.get(OPEN_PORTS))
    try:
        # The port of the application is the control: where it does not answer, or answers no more, we are shut out.
        reached = await _state(ctx, address, ctx.target.port)
        tried = await try_address(ctx, address, ports, own_ports(ctx)) if reached is State.OPEN else None
        reached = await _state(ctx, address, ctx.target.port)
    except Stopped as stopped:
        return [inconclusive(subject, stopped.reason)]
    if tried is None or reached is not State.OPEN:
        return [inconclusive(subject, Reason.TIMEOUT if reached is State.SILENT else Reason.CONNECTION_FAILED)]
    if tried.controls_open > MAX_CONTROLS_OPEN:
        return [inconclusive(subject, Reason.OTHER_DEVIATION, controls_open=tried.controls_open)]
    counts: dict[str, JsonValue] = {
        "count": len(tried.states),
        "silent": sum(state is State.SILENT for state in tried.states.values()),
        "day": ports_dated().isoformat(),
    }
    found = judge(tried, ports, declared)
    states: dict[str, JsonValue] = {str(port): str(state) for port, state in tried.states.items()}
    evidence = ctx.keep_facts("ports", {"address": address, "states": states}, address=address)
    observations = [
        Observation(
            slug=slug, subject=subject, facts={**counts, "ports": [str(port) for port in open_]}, evidence=(evidence,)
        )
        for slug, open_ in found.items()
    ]
    if not FAILING & found.keys():
        observations.append(Observation(slug="closed", subject=subject, facts=counts, evidence=(evidence,)))
    return observations
