"""A collection run through the real gate, without the engine around it."""

from pgssi_probe.check.context import CollectorContext, Target
from pgssi_probe.clock import SystemClock
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.scope import Scope
from pgssi_probe.tls import sslyze_pass
from pgssi_probe.tls.collector import TLS

FAST = Limits(connect_rate=10_000, connect_burst=1000)


UNHURRIED = sslyze_pass.SslyzeLimits


def as_fast_as_it_goes() -> sslyze_pass.SslyzeLimits:
    """In place of the default limits: loopback needs no politeness."""
    return UNHURRIED(rate=None)


class Gathering:
    def __init__(self, gate, target, level=Level.PASSIVE, most=None):
        self.gate, self.target, self.level, self.most = gate, target, level, most
        self.done = {}

    async def collect(self, collector):
        if collector.name not in self.done:
            most = collector.connections if self.most is None else self.most
            network = self.gate.network(by=f"collector:{collector.name}", max_requests=0, max_connections=most)
            self.network = network
            context = CollectorContext(
                self.target, network, SystemClock(), self.level, {}, lambda _: False, self.collect
            )
            self.done[collector.name] = await collector.gather(context)
        return self.done[collector.name]


async def gathered(url, tmp_path, collector=TLS, *, limits=FAST, scope=None, most=None, ca_file=None):
    target = Target(url=url, ca_file=ca_file)
    async with open_gate(
        scope=Scope.of(scope or url), limits=limits, journal=tmp_path / "journal.jsonl", clock=SystemClock()
    ) as gate:
        gathering = Gathering(gate, target, Level.ACTIVE, most)
        found = await gathering.collect(collector)
        return found, gathering
