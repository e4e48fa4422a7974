"""What a check is given: the target, its settings, the network within the scope, the shared collections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.check.official import titled
from pgssi_probe.clock import Clock
from pgssi_probe.model.account import Account
from pgssi_probe.model.evidence import EvidenceKind
from pgssi_probe.model.outcome import Level, Subject
from pgssi_probe.model.text import Bilingual
from pgssi_probe.net.exchange import Exchange, Headers, Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """The deployed application. `url` is absolute and normalised; `ca_file` is a declared private authority."""

    url: str
    ca_file: str | None = None
    plain_http_url: str | None = None
    """Origin that answers plain HTTP for the same application; None when it is not known."""

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.scheme == "https" else 80)

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def site(self) -> Subject:
        return Subject(kind="site", name=self.origin)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Network(Protocol):
    """The only way to the target. Each call passes the scope guard, the governor, the journal and the budgets.

    `send` never raises for what the target does: a failure is part of the exchange.
    `open` raises OSError for a refused, silent or unreachable port and `OutOfScope` outside of the mandate.
    """

    async def send(self, request: Request) -> Exchange: ...

    async def open(self, host: str, port: int, address: str | None = None) -> Streams: ...

    async def addresses(self, host: str, port: int) -> tuple[str, ...]: ...

    def reserve(self, connections: int) -> AbstractAsyncContextManager[None]:
        """Count connections that a subprocess will open by itself, and hold the host's lane meanwhile."""
        ...

    def in_scope(self, url: str) -> bool: ...


class EvidenceStore(Protocol):
    """Redacts, then stores; returns the id that an observation refers to."""

    def exchange(self, check: str, exchange: Exchange, *, excerpt: str | None, title: Bilingual | None) -> str: ...

    def facts(self, check: str, kind: EvidenceKind, title: Bilingual, data: Mapping[str, JsonValue]) -> str: ...


class Note(Protocol):
    """Writes an event of the run into the journal: what was done to the target, in the words of its operator."""

    def __call__(self, event: str, **fields: str) -> None: ...


def nothing_noted(event: str, **fields: str) -> None:
    """Where there is no journal."""


@dataclass(frozen=True, slots=True)
class CollectorContext:
    """What a collector is given; the same as a check, without a declaration of its own."""

    target: Target
    network: Network
    clock: Clock
    level: Level
    declared: Mapping[str, JsonValue]
    excluded: Callable[[str], bool]
    collect: Callable[[Collector[Any]], Awaitable[Any]]
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """Test accounts by label, their secrets resolved; empty without an engagement."""
    note: Note = nothing_noted

    def allows(self, level: Level) -> bool:
        return level.rank <= self.level.rank

    async def get(self, url: str, headers: Headers = ()) -> Exchange:
        return await self.network.send(Request("GET", url, headers))


@dataclass(frozen=True, slots=True)
class Collector(Generic[T]):
    """Something fetched once and shared: `await ctx.collect(SITE)`. `gather` runs at most once a run.

    One that sends has a name in `collectors.yaml`, and the checks that ask for it declare so.
    """

    name: str
    gather: Callable[[CollectorContext], Awaitable[T]]
    requests: int = 0
    connections: int = 0
    methods: tuple[str, ...] = ("GET", "HEAD")

    @property
    def sends(self) -> bool:
        return bool(self.requests or self.connections)

    @property
    def family(self) -> str:
        """The name to declare. A collection made once for each of several subjects is called `family:subject`."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What the coroutine of a check is given."""

    metadata: CheckMetadata
    target: Target
    network: Network
    clock: Clock
    level: Level
    """Highest level that the engagement allows for this run: a check may do more when it is higher."""
    declared: Mapping[str, JsonValue]
    evidence: EvidenceStore
    collector: Callable[[Collector[Any]], Awaitable[Any]]
    transcript: Callable[[], Sequence[Exchange]]
    """Every exchange of the run so far with its headers; bodies of most are gone."""
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """Test accounts by label, their secrets resolved; empty without an engagement."""
    note: Note = nothing_noted

    def allows(self, level: Level) -> bool:
        return level.rank <= self.level.rank

    def setting(self, name: str) -> Any:
        """The value of a named setting of the declaration; KeyError when it is not declared."""
        return self.metadata.settings[name].value

    async def collect(self, collector: Collector[T]) -> T:
        return cast("T", await self.collector(collector))

    async def get(self, url: str, headers: Headers = ()) -> Exchange:
        return await self.network.send(Request("GET", url, headers))

    async def send(self, request: Request) -> Exchange:
        return await self.network.send(request)

    def keep(
        self, exchange: Exchange, *, excerpt: str | None = None, title: str | None = None, **values: JsonValue
    ) -> str:
        """Store the exchange, redacted, as evidence. `excerpt` is the part of the body that carries the proof.

        `title` is a key of the declaration's `evidence`, `values` its fields; method and address without one.
        """
        said = titled(self.metadata, title, values) if title is not None else None
        return self.evidence.exchange(self.metadata.id, exchange, excerpt=excerpt, title=said)

    def keep_facts(
        self, title: str, data: Mapping[str, JsonValue], kind: EvidenceKind = "facts", **values: JsonValue
    ) -> str:
        """Store facts as evidence under a title of the declaration, as in `keep`."""
        return self.evidence.facts(self.metadata.id, kind, titled(self.metadata, title, values), data)
