"""The walk over servers that mean harm: it ends, soon, and tells what it did not see."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from pgssi_probe.check.context import CollectorContext, Target
from pgssi_probe.clock import SystemClock
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.lab.hostile import hostile
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.scope import Scope

QUICK = Limits(rate_per_host=200, burst_per_host=200, request_timeout=0.3, connect_timeout=1.0)


@pytest.mark.parametrize(
    ("name", "complete"),
    [
        ("closes-at-once", False),
        ("never-answers", False),
        ("redirect-loop", False),
        ("redirect-elsewhere", False),
        ("redirect-unreadable", False),
        ("link-flood", False),
        ("gzip-bomb", False),
        ("dripping-body", False),
        ("infinite-links", True),
        ("sitemap-loop", True),
        ("entity-bomb", True),
        ("nested-tags", True),
        ("tag-soup", True),
        ("hostile-strings", True),
        ("errors-everywhere", True),
    ],
)
async def test_the_walk_ends_and_tells(name: str, complete: bool) -> None:
    async with hostile(name) as url, open_gate(scope=Scope.of(urlsplit(url).netloc), limits=QUICK) as gate:
        network = gate.network(by="site", max_requests=SITE.requests, max_connections=0, methods=("GET",))

        async def no_other(_collector: object) -> None:
            raise AssertionError("the walk collects nothing else")

        context = CollectorContext(Target(url), network, SystemClock(), Level.PASSIVE, {}, lambda _: False, no_other)
        site = await SITE.gather(context)
    assert site.complete is complete
    assert len(site.exchanges) < 20
