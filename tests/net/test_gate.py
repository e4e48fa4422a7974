"""The gate and the network of a check: what is counted, refused, stopped and written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.check.context import Network
from pgssi_probe.model.outcome import Reason
from pgssi_probe.net import trace
from pgssi_probe.net.exchange import Exchange, Failure, Request
from pgssi_probe.net.gate import Gate, RunStoppedError, open_gate
from pgssi_probe.net.governor import GateEvent
from pgssi_probe.net.journal import JournalError, JournalFullError, head_of, verify_chain
from pgssi_probe.net.scope import OutOfScope, Scope
from pgssi_probe.net.target_network import BudgetSpentError, UndeclaredMethodError, Usage

GateFor = Callable[..., Awaitable[Gate]]
Serve = Callable[..., Awaitable[Any]]


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


async def sleeper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
    server.heads.append(await reader.readuntil(b"\r\n\r\n"))
    await asyncio.sleep(60)


async def test_it_is_the_network_of_the_contract(gate_for: GateFor) -> None:
    network: Network = (await gate_for("http://portal.example/")).network(by="x", max_requests=1)
    assert network.in_scope("http://portal.example/a")
    assert not network.in_scope("http://other.example/a")


async def test_each_check_spends_its_own(serve: Serve, gate_for: GateFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http(b"12345")))
    gate = await gate_for(server)
    one = gate.network(by="headers.csp", max_requests=2)
    other = gate.network(by="cookie.flags", max_requests=1)
    exchanges = [await one.send(Request("GET", server.url())) for _ in range(3)]
    assert [exchange.failure for exchange in exchanges] == [None, None, Failure.BUDGET]
    assert (await other.send(Request("GET", server.url()))).status == 200
    assert one.usage == Usage(2, 0, 10)
    assert other.usage == Usage(1, 0, 5)
    assert gate.usage == Usage(3, 0, 15)
    assert [exchange.by for exchange in gate.transcript] == ["headers.csp", "headers.csp", "cookie.flags"]


async def test_an_undeclared_method_is_a_fault_of_the_check(serve: Serve, gate_for: GateFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http()))
    network = (await gate_for(server)).network(by="x", max_requests=5, methods=("GET", "HEAD"))
    with pytest.raises(UndeclaredMethodError):
        await network.send(Request("POST", server.url()))
    assert server.heads == []
    assert network.usage.requests == 0


async def test_out_of_scope_does_not_leave_and_is_written(
    serve: Serve, gate_for: GateFor, kit: Any, tmp_path: Path
) -> None:
    server = await serve(kit.replying(kit.http()))
    stranger = await serve(kit.replying(kit.http()))
    path = tmp_path / "journal.jsonl"
    gate = await gate_for(scope=Scope.of(server.url(), excluded=["/logout"]), journal=path)
    network = gate.network(by="x", max_requests=5)
    for url in (stranger.url(), server.url("/logout")):
        assert (await network.send(Request("GET", url))).failure is Failure.OUT_OF_SCOPE
    assert stranger.connections == server.connections == 0
    assert network.usage.requests == 0
    assert [record["kind"] for record in records(path)] == ["event", "refused", "refused"]
    assert gate.transcript == []


async def test_every_exchange_has_its_line(serve: Serve, tmp_path: Path, kit: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok", status=b"403 Forbidden")))
    path = tmp_path / "journal.jsonl"
    async with open_gate(
        scope=Scope.of(server.url()), journal=path, run_id="R1", user_agent="pgssi-probe/1", limits=kit.limits()
    ) as gate:
        network = gate.network(by="session.logout", max_requests=5, max_connections=20)
        exchange = await network.send(Request("GET", server.url("/a?token=s3cr3t-value&page=2"), account="a"))
        _, writer = await network.open("127.0.0.1", server.port)
        writer.close()
        async with network.reserve(10):
            pass
        head = gate.journal_head
    opened, request, connection, reservation, closed = records(path)
    assert (opened["event"], opened["run"], opened["user_agent"]) == ("opened", "R1", "pgssi-probe/1")
    assert request["kind"] == "request"
    assert request["by"] == "session.logout"
    assert request["account"] == "a"
    assert request["id"] == exchange.id
    assert request["method"] == "GET"
    assert request["status"] == 403
    assert request["bytes"] == 2
    assert request["peer"] == exchange.peer
    assert request["source"] == exchange.source
    assert request["ms"] >= 0
    assert request["time"].endswith("Z")
    assert "s3cr3t" not in path.read_text()
    assert "page=2" in request["url"]
    assert (connection["kind"], connection["host"], connection["port"]) == ("connection", "127.0.0.1", server.port)
    assert (reservation["kind"], reservation["connections"]) == ("reservation", 10)
    assert (closed["event"], closed["requests"], closed["connections"]) == ("closed", 1, 11)
    assert head in json.dumps(closed)
    assert verify_chain(path) is None
    assert head_of(path) != head


async def test_failures_have_their_line_too(gate_for: GateFor, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    network = (await gate_for("http://127.0.0.1:9/", journal=path)).network(by="x", max_requests=5)
    await network.send(Request("GET", "http://127.0.0.1:9/"))
    record = records(path)[1]
    assert (record["kind"], record["failure"]) == ("request", "refused")


async def test_the_transcript_keeps_headers_and_no_bodies(
    serve: Serve, gate_for: GateFor, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "TRANSCRIPT_BYTES", 5_000)
    server = await serve(kit.replying(kit.http(b"x" * 1000, b"X-Long: " + b"y" * 2000)))
    gate = await gate_for(server)
    network = gate.network(by="x", max_requests=10, methods=("POST",))
    for _ in range(5):
        exchange = await network.send(Request("POST", server.url(), body=b"secret"))
        assert exchange.response is not None
        assert len(exchange.response.body) == 1000
    assert len(gate.transcript) == 2
    for kept in gate.transcript:
        assert kept.response is not None
        assert kept.response.body == kept.request.body == b""
        assert kept.response.header("x-long") is not None


async def test_stop_ends_what_is_under_way(serve: Serve, gate_for: GateFor, kit: Any, tmp_path: Path) -> None:
    server = await serve(sleeper)
    path = tmp_path / "journal.jsonl"
    events: list[GateEvent] = []
    gate = await gate_for(server, journal=path, on_event=events.append, limits=kit.limits(concurrency_per_host=2))
    network = gate.network(by="x", max_requests=10)
    pending = [asyncio.ensure_future(network.send(Request("GET", server.url()))) for _ in range(4)]
    while len(server.heads) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    gate.stop(Reason.INTERRUPTED)
    exchanges = await asyncio.wait_for(asyncio.gather(*pending), 2)
    assert {exchange.failure for exchange in exchanges} == {Failure.STOPPED}
    assert (await network.send(Request("GET", server.url()))).failure is Failure.STOPPED
    assert gate.stopped is Reason.INTERRUPTED
    assert [event.kind for event in events] == ["stopped"]
    assert len(server.heads) == 2
    kinds = [record["kind"] for record in records(path)]
    assert kinds.count("request") == 2  # those that had left keep their line, with their id
    assert kinds.count("refused") == 3
    assert all(
        any(record["id"].encode() in head for head in server.heads)
        for record in records(path)
        if record["kind"] == "request"
    )
    with pytest.raises(RunStoppedError):
        await gate.network(by="x", max_requests=0, max_connections=1).open("127.0.0.1", server.port)


async def test_a_cancellation_by_others_stays_one(serve: Serve, gate_for: GateFor) -> None:
    server = await serve(sleeper)
    gate = await gate_for(server)
    network = gate.network(by="x", max_requests=10)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await network.send(Request("GET", server.url()))
    task = asyncio.ensure_future(network.send(Request("GET", server.url())))
    await asyncio.sleep(0.05)
    gate.stop()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stopped_run_stops_raw_connections_that_wait(gate_for: GateFor, kit: Any) -> None:
    gate = await gate_for("http://127.0.0.1:9/", limits=kit.limits(connect_rate=0.01, connect_burst=1))
    network = gate.network(by="x", max_requests=0, max_connections=5)
    with pytest.raises(ConnectionRefusedError):
        await network.open("127.0.0.1", 9)
    waiting = asyncio.ensure_future(network.open("127.0.0.1", 9))
    await asyncio.sleep(0.02)
    gate.stop()
    with pytest.raises(RunStoppedError):
        await asyncio.wait_for(waiting, 1)


async def test_raw_connections(serve: Serve, gate_for: GateFor, kit: Any) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        writer.write(b"220 ready\r\n")
        await writer.drain()

    server = await serve(greet)
    network = (await gate_for(server)).network(by="x", max_requests=0, max_connections=2)
    reader, writer = await network.open("127.0.0.1", server.port, "127.0.0.1")
    assert await reader.read(100) == b"220 ready\r\n"
    writer.close()
    assert network.usage == Usage(0, 1, 0)
    with pytest.raises(OutOfScope):
        await network.open("127.0.0.1", server.port, "127.0.0.9")
    with pytest.raises(BudgetSpentError):
        await network.open("127.0.0.1", server.port)


async def test_raw_connections_stay_in_scope(serve: Serve, gate_for: GateFor, kit: Any) -> None:
    server, stranger = await serve(kit.replying(b"")), await serve(kit.replying(b""))
    network = (await gate_for(server)).network(by="x", max_requests=0, max_connections=5)
    with pytest.raises(OutOfScope):
        await network.open("127.0.0.1", stranger.port)
    with pytest.raises(OutOfScope):
        await network.addresses("other.example", 443)
    assert await network.addresses("127.0.0.1", server.port) == ("127.0.0.1",)
    assert stranger.connections == 0


async def test_reservations_count(gate_for: GateFor, kit: Any) -> None:
    gate = await gate_for("http://portal.example/", limits=kit.limits(max_connections=100))
    network = gate.network(by="tls.config", max_requests=0, max_connections=600)
    async with network.reserve(90):
        assert gate.usage.connections == 90
    with pytest.raises(BudgetSpentError):
        async with network.reserve(50):
            pass
    with pytest.raises(ZeroDivisionError):  # what happens inside is not swallowed, and the slot is given back
        async with network.reserve(1):
            raise ZeroDivisionError


async def test_a_journal_that_cannot_be_written_ends_the_run(
    serve: Serve, gate_for: GateFor, kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(kit.replying(kit.http()))
    gate = await gate_for(server, journal=tmp_path / "journal.jsonl")
    network = gate.network(by="x", max_requests=10)
    assert (await network.send(Request("GET", server.url()))).status == 200

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pgssi_probe.net.journal.os.write", full)
        with pytest.raises(JournalFullError):
            await network.send(Request("GET", server.url()))
        with pytest.raises(JournalError):
            await network.send(Request("GET", server.url()))
    assert gate.stopped is Reason.RUN_ABORTED
    assert (await network.send(Request("GET", server.url()))).failure is Failure.STOPPED
    assert len(server.heads) == 2


async def test_a_target_in_trouble_stops_the_run(serve: Serve, gate_for: GateFor, kit: Any) -> None:
    broken = False

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        while True:
            server.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(kit.http(status=b"500 Oops" if broken else b"200 OK"))

    server = await serve(handler)
    events: list[GateEvent] = []
    gate = await gate_for(server, on_event=events.append, policy=kit.policy(pauses=(0.01, 0.01, 0.01)))
    network = gate.network(by="x", max_requests=1000)

    async def burst(count: int, **fields: bool) -> list[Exchange]:
        return await asyncio.gather(*(network.send(Request("GET", server.url(), **fields)) for _ in range(count)))  # type: ignore[arg-type]

    await burst(30)
    broken = True
    await burst(50, provokes_errors=True)
    assert events == []
    exchanges = await burst(200)
    assert gate.stopped is Reason.UNSTABLE_TARGET
    assert [event.kind for event in events] == ["paused", "paused", "paused", "aborted"]
    assert exchanges[-1].failure is Failure.STOPPED
    assert len(server.heads) < 200


async def test_retry_after_of_the_target_is_obeyed(serve: Serve, gate_for: GateFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http(b"", b"Retry-After: 900", status=b"429 Slow Down")))
    network = (await gate_for(server)).network(by="x", max_requests=10)
    assert (await network.send(Request("GET", server.url()))).status == 429
    refused = await network.send(Request("GET", server.url()))
    assert refused.failure is Failure.STOPPED
    assert "900" in refused.detail
    assert len(server.heads) == 1


async def test_a_name_that_strays_is_closed(serve: Serve, gate_for: GateFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok"), close=True))
    answers = ["127.0.0.1"]

    async def resolver(host: str, port: int) -> list[str]:
        return answers

    events: list[GateEvent] = []
    url = server.url(host="portal.example")
    gate = await gate_for(url, resolver=resolver, on_event=events.append)
    network = gate.network(by="x", max_requests=10)
    assert (await network.send(Request("GET", url))).status == 200
    assert await gate.recheck() == ()
    answers = ["127.0.0.2"]
    assert (await network.send(Request("GET", url))).peer == f"127.0.0.1:{server.port}"
    assert await gate.recheck() == ("portal.example",)
    refused = await network.send(Request("GET", url))
    assert refused.failure is Failure.STOPPED
    assert "elsewhere" in refused.detail
    assert [(event.kind, event.reason, event.host) for event in events] == [
        ("closed", Reason.OUT_OF_SCOPE, "portal.example")
    ]
    with pytest.raises(OutOfScope):
        await network.addresses("portal.example", server.port)


async def test_closing_leaves_nothing_open(serve: Serve, kit: Any, pki: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok")), tls=pki.context("good"))
    before = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
    async with open_gate(scope=Scope.of(server.url()), limits=kit.limits(concurrency_per_host=10)) as gate:
        network = gate.network(by="x", max_requests=100)
        await asyncio.gather(*(network.send(Request("GET", server.url())) for _ in range(30)))
    ours = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} - before
    assert not [task for task in ours if "guarded" not in repr(task)]
