"""The TLS collections that checks share: what the hellos show of every address, and what sslyze adds with a mandate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pgssi_probe.check.context import Collector, CollectorContext, Streams
from pgssi_probe.model.outcome import Reason
from pgssi_probe.net.scope import NameNotResolved, OutOfScope
from pgssi_probe.tls import passive, sslyze_pass
from pgssi_probe.tls.asking import Limits
from pgssi_probe.tls.conversation import Connect
from pgssi_probe.tls.facts import EndpointFacts, Unknown, unreachable
from pgssi_probe.tls.host_names import as_address
from pgssi_probe.tls.merge import Disagreement, merge
from pgssi_probe.tls.names import Version

MAX_ADDRESSES = 4
"""Of one host. Behind more than four, the front ends of a large network are assumed to be alike."""

LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class TlsEndpoints:
    """Facts by address. `addresses` counts all that the name has; `endpoints` holds those looked at.

    `reason` says why there is nothing at all: the target is not HTTPS, its name is unknown, it is out of the scope.
    """

    host: str
    port: int
    addresses: int = 0
    endpoints: tuple[EndpointFacts, ...] = ()
    disagreements: tuple[tuple[str, tuple[Disagreement, ...]], ...] = ()
    reason: Reason | None = None

    def label(self, facts: EndpointFacts) -> str:
        """`host:port`, with the address when the host has several."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{shown}:{self.port}" if self.addresses <= 1 else f"{shown}:{self.port} ({facts.address})"

    def disagreements_at(self, address: str) -> tuple[Disagreement, ...]:
        """Between the two collectors, for one address."""
        return dict(self.disagreements).get(address, ())


async def gather_hellos(ctx: CollectorContext) -> TlsEndpoints:
    """The passive facts of every address of the target. Never raises for what the target does."""
    target = ctx.target
    if target.scheme != "https":
        return TlsEndpoints(target.host, target.port, reason=Reason.NOT_HTTPS)
    try:
        addresses = await ctx.network.addresses(target.host, target.port)
    except OutOfScope:
        return TlsEndpoints(target.host, target.port, reason=Reason.OUT_OF_SCOPE)
    except (NameNotResolved, OSError):
        return TlsEndpoints(target.host, target.port, reason=Reason.CONNECTION_FAILED)
    ca_file = Path(target.ca_file) if target.ca_file is not None else None
    found = []
    for address in addresses[:MAX_ADDRESSES]:
        facts = await passive.collect(
            connect_to(ctx, address),
            target.host,
            target.port,
            server_name=server_name(target.host),
            ca_file=ca_file,
            limits=LIMITS,
            now=ctx.clock.now().timestamp(),
        )
        found.append(facts if facts.address else _at(facts, address))
    return TlsEndpoints(target.host, target.port, len(addresses), tuple(found))


async def gather_full(ctx: CollectorContext) -> TlsEndpoints:
    """The same, completed by sslyze address by address as far as the budget goes."""
    hellos: TlsEndpoints = await ctx.collect(TLS)
    ca_file = Path(ctx.target.ca_file) if ctx.target.ca_file is not None else None
    found, differences = [], []
    for facts in hellos.endpoints:
        full = await _sslyze(ctx, facts, ca_file)
        merged = merge(facts, full)
        found.append(merged.facts)
        differences.append((facts.address, merged.disagreements))
    return TlsEndpoints(hellos.host, hellos.port, hellos.addresses, tuple(found), tuple(differences), hellos.reason)


async def _sslyze(ctx: CollectorContext, facts: EndpointFacts, ca_file: Path | None) -> EndpointFacts:
    name = server_name(facts.host)
    if facts.reachable is not True:
        return unreachable(
            facts.host,
            facts.address,
            facts.port,
            "sslyze",
            facts.reachable if isinstance(facts.reachable, Unknown) else Unknown("no_answer"),
            0,
        )
    try:
        async with ctx.network.reserve(sslyze_pass.CONNECTIONS):
            return await sslyze_pass.collect(
                connect_to(ctx, facts.address),
                facts.host,
                facts.address,
                facts.port,
                server_name=name,
                speaks=facts.accepted_versions(),
                ca_file=ca_file,
            )
    except OSError:  # the budget is spent, or the run was stopped
        return unreachable(facts.host, facts.address, facts.port, "sslyze", Unknown("budget"), 0)


def connect_to(ctx: CollectorContext, address: str) -> Connect:
    """Connections to one address of the target, each through the scope guard and the governor."""

    async def connect(host: str, port: int) -> Streams:
        return await ctx.network.open(host, port, address)

    return connect


def server_name(host: str) -> str | None:
    """What goes into SNI: nothing for an address (RFC 6066 §3), the ASCII form of a name."""
    if as_address(host) is not None:
        return None
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def _at(facts: EndpointFacts, address: str) -> EndpointFacts:
    return replace(facts, address=address)


REASONS: dict[str, Reason] = {
    "no_answer": Reason.CONNECTION_FAILED,
    "not_tls": Reason.PROTOCOL_ERROR,
    "malformed": Reason.PROTOCOL_ERROR,
    "stopped_answering": Reason.UNSTABLE_TARGET,
    "budget": Reason.BUDGET_EXHAUSTED,
    "deadline": Reason.TIMEOUT,
    "not_measured": Reason.SCAN_INCOMPLETE,
    "needs_mandate": Reason.MANDATE_MISSING,
    "inconsistent": Reason.SCAN_INCOMPLETE,
    "tool_failed": Reason.SCAN_INCOMPLETE,
    "refused": Reason.TLS_FAILED,
    "not_reachable": Reason.CONNECTION_FAILED,
}


def reason_of(unknown: Unknown) -> Reason:
    """An unknown answer in the words of the report."""
    if unknown.reason == "no_answer" and unknown.detail == "timeout":
        return Reason.TIMEOUT
    return REASONS[unknown.reason]


TLS: Collector[TlsEndpoints] = Collector(
    name="tls", gather=gather_hellos, connections=MAX_ADDRESSES * LIMITS.connections
)
TLS_FULL: Collector[TlsEndpoints] = Collector(
    name="tls-full",
    gather=gather_full,
    connections=MAX_ADDRESSES * (sslyze_pass.CONNECTIONS + 2 * len(Version)),
)
