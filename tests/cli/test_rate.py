"""`--rate` and what follows it."""

from __future__ import annotations

import pytest

from pgssi_probe.cli.scanning import at_rate
from pgssi_probe.engagement import Limits


@pytest.mark.parametrize(
    ("limits", "rate", "connections"),
    [
        (Limits(), 200, 200),
        (Limits(), 2, 25),
        (Limits(requests_per_second=5), 200, 200),
        (Limits(connections_per_second=5), 200, 5),
        (Limits(connections_per_second=300), 200, 300),
    ],
)
def test_connections_follow_the_rate_upwards_unless_the_engagement_says_how_many(
    limits: Limits, rate: float, connections: float
) -> None:
    changed = at_rate(limits, rate)
    assert (changed.requests_per_second, changed.connections_per_second) == (rate, connections)
    assert changed.concurrency == limits.concurrency
