"""`exposure.ports`: what two passes amount to, traps, delivery networks, and what the mandate lets be dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pgssi_checks.exposure.listening import (
    CONTROLS,
    State,
    control_ports,
    declared_ports,
    known_ports,
    settled,
    shared_by,
)
from pgssi_checks.exposure.ports import MAX_ADDRESSES, observe
from pgssi_probe.check.harness import page, scripted
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Observation, Reason
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.scope import OutOfScope, Scope
from pgssi_probe.net.target_network import BudgetSpentError
from pgssi_probe.registry import check

HOME = "https://portal.example/"


class Writer:
    def close(self) -> None:
        """Nothing was open."""


async def on(
    answers: Callable[[int, int], bool],
    *,
    addresses: tuple[str, ...] = ("192.0.2.7",),
    declared: dict[str, Any] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    spent_after: int = 10_000,
    silent: frozenset[int] = frozenset(),
    own_port: bool = True,
) -> tuple[list[Observation], list[int], float]:
    """Observations, ports dialled in order and seconds, on a host where `answers(port, time)` says what is open."""
    clock = VirtualClock()
    run = scripted(
        check("exposure.ports").metadata,
        {HOME: page("<h1>Portail</h1>", headers=headers)},
        declared=declared,
        clock=clock,
    )
    dialled: list[int] = []

    async def dial(host: str, port: int, address: str | None = None) -> Any:
        assert host == "portal.example"
        assert address in addresses
        own = port == 443
        if not own:
            dialled.append(port)
        if len(dialled) > spent_after:
            raise BudgetSpentError("spent")
        if own and own_port:
            return None, Writer()
        if port in silent:
            raise TimeoutError
        if answers(port, dialled.count(port)):
            return None, Writer()
        raise ConnectionRefusedError

    async def told(_host: str, _port: int) -> tuple[str, ...]:
        return addresses

    object.__setattr__(run.network, "open", dial)
    object.__setattr__(run.network, "addresses", told)
    task = asyncio.ensure_future(observe(run.context))
    return await _drive(clock, task), dialled, clock.monotonic()


async def _drive(clock: VirtualClock, task: asyncio.Task[Any]) -> Any:
    while not task.done():
        for _ in range(5):
            await asyncio.sleep(0)
        if not task.done() and clock.next_deadline is not None:
            await clock.advance(clock.next_deadline - clock.monotonic())
    return await task


def said(observations: list[Observation]) -> dict[str, list[str]]:
    return {one.slug: list(one.facts.get("ports", [])) for one in observations}  # type: ignore[arg-type] # a list


async def test_a_closed_host_is_cleared_at_the_declared_pace() -> None:
    observations, dialled, seconds = await on(lambda _port, _time: False)
    assert said(observations) == {"closed": []}
    assert len(dialled) >= 100
    assert seconds >= (len(dialled) - 1) / 10


async def test_a_host_that_refuses_the_port_of_the_application_too_is_not_cleared() -> None:
    observations, dialled, _ = await on(lambda _port, _time: False, own_port=False)
    assert [one.facts.get("reason") or one.reason for one in observations] == [Reason.CONNECTION_FAILED]
    assert dialled == []


async def test_open_data_and_admin_ports_are_named() -> None:
    observations, dialled, _ = await on(lambda port, _time: port in {22, 5432, 8080})
    assert said(observations) == {
        "data-open": ["5432 (PostgreSQL)"],
        "admin-open": ["22 (SSH)"],
        "other-open": ["8080 (HTTP)"],
    }
    assert dialled.count(5432) == 2
    assert dialled.count(3306) == 1, "what is refused is not asked again"


async def test_a_declared_port_is_no_failure() -> None:
    observations, _, _ = await on(lambda port, _time: port == 22, declared={"exposure.open-ports": ["22/tcp"]})
    assert said(observations) == {"declared": ["22 (SSH)"], "closed": []}


async def test_what_answers_once_only_is_not_open() -> None:
    observations, _, _ = await on(lambda port, time: port == 3306 and time == 1)
    assert said(observations) == {"closed": []}


async def test_a_host_that_answers_on_everything_is_a_trap() -> None:
    (observation,), _, _ = await on(lambda _port, _time: True)
    assert (observation.slug, observation.reason) == ("inconclusive", Reason.OTHER_DEVIATION)
    assert observation.facts["controls_open"] == CONTROLS


@pytest.mark.parametrize(
    ("addresses", "headers"),
    [(("104.16.1.1",), ()), (("192.0.2.7",), (("Server", "cloudflare"),)), (("2606:4700::1",), ())],
)
async def test_a_delivery_network_is_not_judged(addresses: Any, headers: Any) -> None:
    (observation,), dialled, _ = await on(lambda _port, _time: True, addresses=addresses, headers=headers)
    assert observation.slug == "inconclusive"
    assert observation.facts["relay"] == "Cloudflare"
    assert dialled == []


async def test_a_filtered_host_is_counted_as_silent() -> None:
    (observation,), dialled, _ = await on(
        lambda _port, _time: False, silent=frozenset(port.number for port in known_ports())
    )
    assert observation.slug == "closed"
    assert observation.facts["silent"] == observation.facts["count"]
    assert dialled.count(22) == 2


async def test_a_spent_budget_concludes_nothing_and_ends_at_once() -> None:
    (observation,), dialled, _ = await on(lambda _port, _time: False, spent_after=20)
    assert (observation.slug, observation.reason) == ("inconclusive", Reason.BUDGET_EXHAUSTED)
    assert len(dialled) < 25


async def test_no_more_addresses_than_declared_are_tried() -> None:
    addresses = tuple(f"192.0.2.{last}" for last in range(1, MAX_ADDRESSES + 3))
    observations, dialled, _ = await on(lambda _port, _time: True, addresses=addresses)
    assert [one.reason for one in observations].count(Reason.SCAN_INCOMPLETE) == 2
    assert len(dialled) <= check("exposure.ports").metadata.sends.connections


def test_the_table_is_sound() -> None:
    numbers = [port.number for port in known_ports()]
    assert len(numbers) == len(set(numbers))
    assert 95 <= len(numbers) <= 120
    assert (len(numbers) + CONTROLS) * 2 * MAX_ADDRESSES <= check("exposure.ports").metadata.sends.connections


def test_controls_are_distinct_and_out_of_the_table() -> None:
    known = {port.number for port in known_ports()}
    chosen = control_ports(known)
    assert len(set(chosen)) == CONTROLS
    assert not known & set(chosen)


def test_a_port_is_open_when_both_passes_say_so() -> None:
    o, c, s = State.OPEN, State.CLOSED, State.SILENT
    assert settled({1: o, 2: o, 3: s, 4: s, 5: c}, {1: o, 2: c, 3: o, 4: s}) == {1: o, 2: c, 3: s, 4: s, 5: c}


def test_declared_ports_are_read_with_what_is_no_port_left_out() -> None:
    assert declared_ports(["22", "8443/tcp", "x", "0", "70000", "²"]) == {22, 8443}
    assert declared_ports(None) == frozenset()


def test_an_address_of_nobody_known() -> None:
    assert shared_by("192.0.2.1") == shared_by("2001:db8::1%eth0") == ""


async def _listening() -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


Opened = Callable[[Scope], Awaitable[bool]]


@pytest.mark.parametrize(
    ("scope", "admitted"),
    [
        ({}, False),
        ({"probed": ("127.0.0.1",)}, False),
        ({"addresses": ("127.0.0.1/32",)}, False),
        ({"probed": ("127.0.0.1",), "addresses": ("127.0.0.1/32",)}, True),
        ({"probed": ("127.0.0.1",), "addresses": ("192.0.2.0/24",)}, False),
        ({"probed": ("127.0.0.2",), "addresses": ("127.0.0.0/8",)}, False),
    ],
)
async def test_another_port_is_dialled_only_where_the_mandate_says_so(scope: Any, *, admitted: bool) -> None:
    server, port = await _listening()
    async with server, open_gate(scope=Scope.of("https://127.0.0.1:9/", **scope)) as gate:
        network = gate.network(by="exposure.ports", max_requests=1, max_connections=2)
        if admitted:
            _, writer = await network.open("127.0.0.1", port)
            writer.close()
        else:
            with pytest.raises(OutOfScope):
                await network.open("127.0.0.1", port)
        assert not network.in_scope(f"http://127.0.0.1:{port}/")
