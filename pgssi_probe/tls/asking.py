"""The one place of the ClientHello pass that holds state: budget, deadline, concurrency, and what was answered.

A connection that is dropped without an alert may be how this server refuses (some do), or a server that is leaving. It
counts as a refusal only when a hello that was accepted before is accepted again right after it.
"""

import asyncio
import time
from dataclasses import dataclass, field, replace

from pgssi_probe.tls.conversation import (
    Answer,
    Connect,
    NoAnswer,
    Refusal,
    Result,
    closed_or_silent,
    converse,
    converse_ssl2,
)
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.wire.client_hello import ClientHello, only
from pgssi_probe.tls.wire.sslv2 import Ssl2Hello


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one pass may take. Times in seconds."""

    connections: int = 120
    concurrency: int = 4
    answer_timeout: float = 5.0
    connect_timeout: float = 30.0  # its turn at the governor included; the governor has a shorter one of its own
    total_time: float = 90.0
    silences: int = 3  # in a row, after which the rest is not asked (one less before any answer)


RESERVE = 4  # connections kept back to see that the endpoint still answers


@dataclass(slots=True)
class Exchanged:
    """A hello and what came back, in the order of completion."""

    hello: ClientHello
    result: Result


@dataclass
class Asker:
    """Asks one endpoint. Never raises for what the network or the server does."""

    connect: Connect
    host: str
    port: int
    limits: Limits
    connections: int = 0
    log: list[Exchanged] = field(default_factory=list)
    address: str = ""
    _control: ClientHello | None = None
    _silent: int = 0
    _gone: Unknown | None = None
    _ends: float = 0.0
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.limits.total_time
        self._slots = asyncio.Semaphore(self.limits.concurrency)

    @property
    def gone(self) -> Unknown | None:
        """Why the endpoint is not asked any more."""
        return self._gone

    async def ask(self, hello: ClientHello) -> Result:
        """The answer to ``hello``; a drop is retried as a question to the control hello (see the module)."""
        result = await self._once(hello)
        if isinstance(result, NoAnswer) and result.kind == "closed" and self._control is not None:
            result = Refusal("closed") if await self.alive() else NoAnswer(Unknown("stopped_answering"), "closed")
        self.log.append(Exchanged(hello, result))
        self._count(result)
        return result

    async def ask_ssl2(self) -> Ssl2Hello | Refusal | NoAnswer:
        """The same for an SSL 2.0 hello."""
        blocked = self._blocked(RESERVE)
        if blocked is not None:
            return NoAnswer(blocked, "not_sent")
        async with self._slots:
            streams = await self._open()
            if isinstance(streams, NoAnswer):
                return streams
            result = await converse_ssl2(streams, self._timeout())
        # A TLS server reads an SSL 2.0 hello as garbage: dropped or left unanswered, it is not spoken there.
        if isinstance(result, NoAnswer) and result.kind in ("closed", "silent") and await self.alive():
            return Refusal("closed")
        return result

    async def alive(self) -> bool:
        """True when the hello that was accepted first is still accepted."""
        if self._control is None:
            return False
        return isinstance(await self._once(only(self._control, self._control.suites), control=True), Answer)

    async def settle(self) -> bool:
        """At the end: is the endpoint still the one that answered at the beginning?"""
        if self._control is None:
            return False
        if await self.alive():
            return True
        await asyncio.sleep(0.2)
        return await self.alive()

    async def _once(self, hello: ClientHello, *, control: bool = False) -> Result:
        blocked = self._blocked(0 if control else RESERVE)
        if blocked is not None:
            return NoAnswer(blocked, "not_sent")
        async with self._slots:
            streams = await self._open()
            if isinstance(streams, NoAnswer):
                return streams
            result = await converse(streams, hello, self._timeout())
        if isinstance(result, Answer) and self._control is None:
            self._control = hello
        return result

    def _blocked(self, reserve: int) -> Unknown | None:
        if self._gone is not None:
            return self._gone
        if time.monotonic() >= self._ends:
            return Unknown("deadline")
        if self.connections >= self.limits.connections - reserve:
            return Unknown("budget")
        return None

    def _timeout(self) -> float:
        return max(0.05, min(self.limits.answer_timeout, self._ends - time.monotonic()))

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | NoAnswer:
        self.connections += 1
        try:
            async with asyncio.timeout(max(0.05, min(self.limits.connect_timeout, self._ends - time.monotonic()))):
                streams = await self.connect(self.host, self.port)
        except (OSError, TimeoutError) as error:
            return replace(closed_or_silent(error), why=Unknown("not_reachable"), kind="no_connection")
        peer = streams[1].get_extra_info("peername")
        if not self.address and isinstance(peer, tuple):
            self.address = str(peer[0])
        return streams

    def _count(self, result: Result) -> None:
        if not isinstance(result, NoAnswer):
            self._silent = 0
            return
        if result.kind == "not_sent":
            return
        self._silent += 1
        enough = self.limits.silences - (self._control is None)
        if self._silent >= enough and self._gone is None:
            self._gone = result.why if self._control is None else Unknown("stopped_answering", result.why.reason)
