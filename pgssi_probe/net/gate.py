"""The gate: the one way out of the program for a run. Scope, governor, budgets, journal and transcript meet here."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from pgssi_probe.clock import Clock, SystemClock
from pgssi_probe.model.outcome import Reason
from pgssi_probe.net.client import HttpClient, safe_detail
from pgssi_probe.net.dial import Dialer
from pgssi_probe.net.exchange import Exchange, Failure, Request
from pgssi_probe.net.governor import GateEvent, Governor, Limits, Refused
from pgssi_probe.net.health import HealthPolicy, Sample
from pgssi_probe.net.journal import Journal, JournalError, Spent, Value
from pgssi_probe.net.lag import LoopLag
from pgssi_probe.net.proxies import Proxies
from pgssi_probe.net.scope import OutOfScope, Resolver, Scope, ScopeGuard, canonical_host, system_resolver
from pgssi_probe.net.target_network import BudgetSpentError, Streams, TargetNetwork, Usage
from pgssi_probe.net.trace import Trace
from pgssi_probe.net.wire import address_text
from pgssi_probe.redact import Redactor


class RunStoppedError(OSError):
    """The run was stopped, or its host closed, while a raw connection was asked for."""


class Gate:
    """Shared by all who send; made by `open_gate`."""

    def __init__(
        self,
        *,
        guard: ScopeGuard,
        client: HttpClient,
        governor: Governor,
        clock: Clock,
        journal: Journal | None,
        token_key: bytes | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.guard = guard
        self.governor = governor
        self._client = client
        self._clock = clock
        self._trace = Trace(journal, token_key, redactor)
        self._lag = LoopLag()
        self._pending: set[asyncio.Task[object]] = set()

    def network(
        self,
        *,
        by: str,
        max_requests: int,
        max_connections: int = 0,
        methods: Sequence[str] = ("GET",),
        max_body: int = 0,
    ) -> TargetNetwork:
        """What one check is given. It may send no more than this, only these methods, and read bodies no longer."""
        return TargetNetwork(self, by, max_requests, max_connections, frozenset(methods), max_body)

    @property
    def lag(self) -> LoopLag:
        """What our own work takes from the event loop; watched while the gate is open."""
        return self._lag

    @property
    def scope(self) -> Scope:
        return self.guard.scope

    @property
    def stopped(self) -> Reason | None:
        """Why nothing is let out any more; None while the run goes on."""
        return self.governor.stopped

    @property
    def usage(self) -> Usage:
        """Of the whole run."""
        return Usage(self.governor.requests, self.governor.connections, self.governor.bytes)

    @property
    def transcript(self) -> Sequence[Exchange]:
        """Every exchange so far with its headers, without its body; beyond 16 MB of headers, no more are added."""
        return self._trace.transcript

    @property
    def journal_head(self) -> str:
        """SHA-256 of the last line of the journal; "" without a journal."""
        return self._trace.head

    def stop(self, reason: Reason = Reason.INTERRUPTED, detail: str = "") -> None:
        """Let nothing out any more; what is under way ends now with Failure.STOPPED."""
        self.governor.stop(reason, detail)
        self._cancel_pending()

    def note(self, event: str, **fields: Value) -> None:
        """An event of the run, for the journal. Raises JournalError."""
        self._trace.write("event", {"event": event, **fields})

    async def recheck(self) -> tuple[str, ...]:
        """Resolve every name met so far again; those that resolve elsewhere now are closed, and returned.

        What is dialled stays pinned in any case; but an address that the name has left may be somebody else's by now.
        """
        strayed = await self.guard.recheck()
        for name in strayed:
            self.governor.close(name, Reason.OUT_OF_SCOPE, "resolves elsewhere than at the start of the run")
        return strayed

    async def aclose(self) -> None:
        """Close every connection, and say so in the journal."""
        await self._client.aclose()
        with suppress(JournalError):
            self.note("closed", requests=self.governor.requests, connections=self.governor.connections)

    async def exchange(self, request: Request, by: str) -> Exchange:
        """Send within the scope, at the governor's pace, with a trace in the journal. Raises JournalError only."""
        if not self.scope.allows_url(request.url):
            return self.refuse(request, by, Failure.OUT_OF_SCOPE, "not in the scope")
        host = canonical_host(urlsplit(request.url).hostname or "")
        capture = None
        try:
            with self._stoppable():
                async with self.governor.request(host):
                    held = self._lag.held
                    capture = self._client.begin(request, by)
                    exchange = await self._client.complete(capture)
                    self._learn(host, exchange, self._lag.held - held)
        except Refused as refused:
            if capture is None:
                return self.refuse(request, by, refused.failure, refused.detail)
            exchange = capture.failed(refused.failure, refused.detail)
        self._keep_trace(lambda: self._trace.exchange(exchange))
        return exchange

    async def open(self, by: str, host: str, port: int, address: str | None) -> Streams:
        """A raw connection. Raises OutOfScope, BudgetSpentError, RunStoppedError, or the OSError of the connection."""
        addresses = await self.guard.admit(host, port)
        if address is not None and address not in addresses:
            raise OutOfScope(f"{address} is not an address of {host}")
        peer = address or addresses[0]
        fields: dict[str, Value] = {"by": by, "host": host, "port": port, "peer": peer}
        began = None
        try:
            with self._stoppable():
                await self.governor.connect(canonical_host(host))
                began = self._clock.now()
                async with asyncio.timeout(self.governor.limits.connect_timeout):
                    reader, writer = await asyncio.open_connection(peer, port)
                fields["source"] = address_text(writer.get_extra_info("sockname"))
        except Refused as refused:
            fields["failure"] = refused.failure
            raise _as_error(refused) from None
        except OSError as error:
            fields["failure"] = Failure.CONNECT_TIMEOUT if isinstance(error, TimeoutError) else Failure.REFUSED
            raise
        finally:
            if began is not None:
                self._keep_trace(lambda: self._trace.write("connection", fields, began))
        return reader, writer

    @asynccontextmanager
    async def reserve(self, by: str, connections: int) -> AsyncIterator[None]:
        """Hold a slot of the target's host. Raises BudgetSpentError, RunStoppedError."""
        host = self.scope.primary
        slot = self.governor.reserve(host, connections)
        try:
            await slot.__aenter__()
        except Refused as refused:
            raise _as_error(refused) from None
        began = self._clock.now()
        try:
            yield
        finally:
            await slot.__aexit__(None, None, None)
            seconds = (self._clock.now() - began).total_seconds()
            fields: dict[str, Value] = {"by": by, "host": host, "connections": connections, "ms": round(seconds * 1000)}
            self._keep_trace(lambda: self._trace.write("reservation", fields, began))

    def refuse(self, request: Request, by: str, failure: Failure, detail: str) -> Exchange:
        """An exchange that did not take place, or not to its end."""
        exchange = Exchange(
            id=uuid.uuid4().hex,
            request=request,
            sent_headers=(),
            started=self._clock.now(),
            elapsed=0.0,
            failure=failure,
            detail=safe_detail(detail),
            by=by,
        )
        self._keep_trace(lambda: self._trace.exchange(exchange))
        return exchange

    def _learn(self, host: str, exchange: Exchange, held: float) -> None:
        """Tell the governor how the host answered. `held`: seconds that our own work kept the answer waiting."""
        response = exchange.response
        latency = exchange.first_byte if exchange.first_byte is not None else exchange.elapsed
        sample = Sample(
            status=exchange.status,
            failure=exchange.failure,
            latency=max(0.0, latency - held),
            bytes=response.wire_bytes if response else 0,
            provoked=exchange.request.provokes_errors,
        )
        self.governor.observe(host, sample, response.header("retry-after") if response else None)
        if self.governor.stopped is Reason.UNSTABLE_TARGET:
            self._cancel_pending()

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Turns the cancellation by `stop`, and no other, into `Refused`."""
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._pending.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._pending and task.uncancel() == 0:
                raise Refused(Failure.STOPPED, f"run stopped: {self.stopped}") from None
            raise
        finally:
            self._pending.discard(task)

    def _cancel_pending(self) -> None:
        current = asyncio.current_task()
        for task in list(self._pending):
            if task is not current:
                self._pending.discard(task)
                task.cancel()

    def _keep_trace(self, write: Callable[[], None]) -> None:
        """What leaves no trace must not leave: a journal that cannot be written ends the run."""
        try:
            write()
        except JournalError:
            self.stop(Reason.RUN_ABORTED, "journal cannot be written")
            raise


@asynccontextmanager
async def open_gate(
    *,
    scope: Scope,
    limits: Limits | None = None,
    clock: Clock | None = None,
    journal: Journal | Path | None = None,
    user_agent: str = "pgssi-probe",
    run_id: str = "",
    ca_file: str | None = None,
    on_event: Callable[[GateEvent], None] | None = None,
    policy: HealthPolicy | None = None,
    resolver: Resolver = system_resolver,
    proxies: Mapping[str, str] | None = None,
    token_key: bytes | None = None,
    redactor: Redactor | None = None,
) -> AsyncIterator[Gate]:
    """The way out for one run, closed with all its connections at the end.

    `proxies` are the declared forward proxies, URL by label, which a request may name in `via`.
    A `journal` given as a path is opened and closed here. Raises JournalError, and OSError (ssl.SSLError among them)
    when `ca_file` cannot be read as certificates, ValueError for a proxy that is none.
    """
    limits = limits or Limits()
    clock = clock or SystemClock()
    guard = ScopeGuard(scope, resolver)
    dialer = Dialer(guard, clock, ca_file=ca_file, timeout=limits.connect_timeout, proxies=Proxies(guard, proxies))

    def heard(event: GateEvent) -> None:
        with suppress(JournalError):  # the next request will find out, and stop the run
            gate.note(event.kind, reason=event.reason, host=event.host, detail=event.detail)
        if on_event is not None:
            on_event(event)

    own = Journal(journal, clock) if isinstance(journal, Path) else None
    kept = own or (journal if isinstance(journal, Journal) else None)
    gate = Gate(
        guard=guard,
        client=HttpClient(dialer, limits, clock, user_agent=user_agent),
        governor=Governor(limits, clock, heard, policy, kept.spent if kept else Spent()),
        clock=clock,
        journal=kept,
        token_key=token_key,
        redactor=redactor,
    )
    try:
        gate.note("opened", run=run_id, user_agent=user_agent)
        async with gate.lag:
            yield gate
    finally:
        try:
            await gate.aclose()
        finally:
            if own is not None:
                own.close()


def _as_error(refused: Refused) -> OSError:
    kind = BudgetSpentError if refused.failure is Failure.BUDGET else RunStoppedError
    return kind(refused.detail)
