"""For authors of checks: run one check against a scripted site, without a network, and read its outcomes.

    outcomes = await run_check("headers.referrer", {"https://portal.example/": page("<h1>Accueil</h1>")})
    assert slugs(outcomes) == {"missing"}

A scripted site maps addresses to responses, or is a function from a request to a response or a failure.
What is not in the map answers 404. Collectors run for real on top of it.
"""

from __future__ import annotations

import asyncio
import importlib
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_probe.check.context import CheckContext, Collector, CollectorContext, Streams, Target
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.check.official import official, unique
from pgssi_probe.clock import Clock, VirtualClock
from pgssi_probe.collectors import declared, reachable
from pgssi_probe.model.account import Account
from pgssi_probe.model.evidence import EvidenceKind
from pgssi_probe.model.outcome import Level, Outcome
from pgssi_probe.model.text import Bilingual
from pgssi_probe.net.exchange import Exchange, Failure, Headers, Request, Response
from pgssi_probe.registry import RegisteredCheck, check

T = TypeVar("T")
Answer = Response | Failure
Script = Mapping[str, Answer] | Callable[[Request], Answer]

NOT_FOUND_BODY = b"<!doctype html><html lang=en><title>Not found</title><h1>Not found</h1></html>"


def page(
    body: str | bytes = "",
    *,
    status: int = 200,
    headers: Headers | Mapping[str, str] = (),
    content_type: str | None = "text/html; charset=utf-8",
) -> Response:
    """A scripted response; HTML unless another media type is given."""
    content = body.encode() if isinstance(body, str) else body
    pairs = tuple(headers.items()) if isinstance(headers, Mapping) else tuple(headers)
    if content_type is not None and not any(name.lower() == "content-type" for name, _ in pairs):
        pairs = (("Content-Type", content_type), *pairs)
    return Response(status, "", "HTTP/1.1", pairs, content, len(content))


def redirect(location: str, *, status: int = 301, headers: Headers = ()) -> Response:
    return page("", status=status, headers=(("Location", location), *headers), content_type=None)


def exchange(url: str, answer: Answer, *, method: str = "GET", clock: Clock | None = None) -> Exchange:
    """A captured exchange made by hand, for tests of pure functions."""
    return _exchange(Request(method, url), answer, clock or VirtualClock())


def _exchange(request: Request, answer: Answer, clock: Clock) -> Exchange:
    outcome: dict[str, Any] = {"failure": answer} if isinstance(answer, Failure) else {"response": answer}
    return Exchange(
        id=uuid.uuid4().hex,
        request=request,
        sent_headers=request.headers,
        started=clock.now(),
        elapsed=0.01,
        peer="127.0.0.1",
        **outcome,
    )


def slugs(outcomes: Sequence[Outcome]) -> set[str]:
    return {outcome.slug for outcome in outcomes}


@dataclass
class ScriptedNetwork:
    """Answers from a script, counts what was sent, refuses what the declaration does not allow."""

    script: Script
    clock: Clock
    origin: str
    methods: frozenset[str] | None = None
    sent: list[Request] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)

    async def send(self, request: Request) -> Exchange:
        await asyncio.sleep(0)
        if self.methods is not None and request.method not in self.methods:
            raise AssertionError(f"{request.method} is not among the declared methods {sorted(self.methods)}")
        self.sent.append(request)
        done = _exchange(request, self._answer(request), self.clock)
        self.exchanges.append(done)
        return done

    def _answer(self, request: Request) -> Answer:
        if not self.in_scope(request.url):
            return Failure.OUT_OF_SCOPE
        if not isinstance(self.script, Mapping):
            return self.script(request)
        bare = request.url.partition("#")[0]
        return self.script.get(bare) or page(NOT_FOUND_BODY, status=404)

    async def open(self, host: str, port: int, address: str | None = None) -> Streams:  # noqa: ARG002
        raise ConnectionRefusedError("a scripted site has no sockets")

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:  # noqa: ARG002
        return ("127.0.0.1",)

    @asynccontextmanager
    async def reserve(self, connections: int) -> AsyncIterator[None]:  # noqa: ARG002
        yield

    def in_scope(self, url: str) -> bool:
        return urlsplit(url).hostname == urlsplit(self.origin).hostname


@dataclass
class KeptEvidence:
    """Evidence in memory: what would have been stored, by id."""

    kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    def exchange(self, check: str, exchange: Exchange, *, excerpt: str | None, title: Bilingual | None) -> str:
        return self._keep({"check": check, "exchange": exchange, "excerpt": excerpt, "title": title})

    def facts(self, check: str, kind: EvidenceKind, title: Bilingual, data: Mapping[str, JsonValue]) -> str:
        return self._keep({"check": check, "kind": kind, "title": title, "data": dict(data)})

    def _keep(self, piece: dict[str, Any]) -> str:
        identifier = f"E{len(self.kept) + 1}"
        self.kept[identifier] = piece
        return identifier


@dataclass
class Scripted:
    """A scripted run: `context` for the check, `network` and `evidence` to look at afterwards."""

    network: ScriptedNetwork
    evidence: KeptEvidence
    context: CheckContext


def scripted(
    metadata: CheckMetadata,
    script: Script,
    *,
    url: str = "https://portal.example/",
    plain_http_url: str | None = None,
    level: Level = Level.INTRUSIVE,
    declared: Mapping[str, JsonValue] | None = None,
    collected: Mapping[str, Any] | None = None,
    transcript: Sequence[Exchange] | None = None,
    accounts: Mapping[str, Account] | None = None,
    clock: Clock | None = None,
) -> Scripted:
    """Everything that a check needs. `collected` gives ready-made results to collectors, by name.

    There is no browser unless it is given: `collected={"browser": Browser()}`.
    """
    clock = clock or VirtualClock()
    collected = {"browser": _no_browser(), **(collected or {})}
    target = Target(url=url, plain_http_url=plain_http_url)
    network = ScriptedNetwork(script, clock, target.origin)
    evidence = KeptEvidence()
    results: dict[str, asyncio.Future[Any]] = {}
    allowed = reachable(metadata.collects, level)

    async def collect(collector: Collector[Any]) -> Any:
        if collector.sends and collector.family not in allowed:
            raise AssertionError(f"{metadata.id} collects {collector.name} at level {level} and does not declare it")
        if collector.name in collected:
            return collected[collector.name]
        if collector.name not in results:
            results[collector.name] = asyncio.ensure_future(
                collector.gather(
                    CollectorContext(
                        target, network, clock, level, declared or {}, lambda _: False, collect, accounts or {}
                    )
                )
            )
        return await results[collector.name]

    own = ScriptedNetwork(script, clock, target.origin, frozenset(metadata.sends.methods), exchanges=network.exchanges)
    context = CheckContext(
        metadata=metadata,
        target=target,
        network=own,
        clock=clock,
        level=level,
        declared=declared or {},
        evidence=evidence,
        collector=collect,
        transcript=lambda: transcript if transcript is not None else tuple(network.exchanges),
        accounts=accounts or {},
    )
    return Scripted(own, evidence, context)


def _no_browser() -> Any:
    from pgssi_probe.browser import Browser

    return Browser("chromium")


TURNS = 60
"""Turns of the loop in which a check reaches its next wait, since a scripted site answers without awaiting."""


PATIENCE = 0.002
"""Real seconds left to a thread that a check waits for: turning the loop would only hold it up."""


async def drive(clock: VirtualClock, task: asyncio.Task[T]) -> T:
    """Let a task run, moving its clock to the next deadline whenever it only waits."""
    while not task.done():
        quiet = clock.next_deadline
        for _ in range(TURNS):
            await asyncio.sleep(0)
        while not task.done() and clock.next_deadline != quiet:
            quiet = clock.next_deadline
            for _ in range(TURNS):
                await asyncio.sleep(0)
        if not task.done() and quiet is not None:
            await clock.advance(quiet - clock.monotonic())
        elif not task.done():
            await asyncio.wait([task], timeout=PATIENCE)
    return await task


def collector(name: str) -> Collector[Any]:
    """The collector that a `collectors.yaml` declares under a name; KeyError, ImportError, AssertionError when there is
    none there."""
    module, _, attribute = declared()[name].at.partition(":")
    found: object = getattr(importlib.import_module(module), attribute, None)
    if not isinstance(found, Collector) or found.name != name:
        raise AssertionError(f"{module}:{attribute} is no collector named {name}")
    return found


async def run_check(which: str | RegisteredCheck, script: Script, **options: Any) -> tuple[Outcome, ...]:
    """The outcomes of a check on a scripted site. Options are those of `scripted`. Unless a clock is given, time passes
    by itself whenever the check only waits.

    AssertionError when it sends more than it declares; ContractBroken for an undeclared slug, a missing fact
    or a title of evidence that is not declared.
    """
    registered = check(which) if isinstance(which, str) else which
    clock = options.get("clock") or VirtualClock()
    run = scripted(registered.metadata, script, **{**options, "clock": clock})
    observing = registered.observe()(run.context)
    waits_alone = "clock" not in options
    observations = await (drive(clock, asyncio.ensure_future(observing)) if waits_alone else observing)
    allowed = registered.metadata.sends.requests
    if len(run.network.sent) > allowed:
        raise AssertionError(f"{registered.id} sent {len(run.network.sent)} requests and declares {allowed}")
    return unique([official(registered.metadata, observation) for observation in observations])
