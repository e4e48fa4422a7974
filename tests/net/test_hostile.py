"""The hostile servers of the lab, all of them: each ends as an exchange, soon, within the caps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pgssi_probe.lab.hostile import HOSTILE, hostile
from pgssi_probe.net.exchange import Failure, Request, Truncation
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.target_network import TargetNetwork

NetworkFor = Callable[..., Awaitable[TargetNetwork]]

FAILURES = {
    "closes-at-once": {Failure.RESET},
    "dripping-headers": {Failure.RESPONSE_TIMEOUT},
    "never-answers": {Failure.RESPONSE_TIMEOUT},
    "header-flood": {Failure.PROTOCOL},
    "header-long": {Failure.PROTOCOL},
    "header-endless": {Failure.PROTOCOL, Failure.RESPONSE_TIMEOUT},
    "cookie-flood": {Failure.PROTOCOL},
    "nul-in-header": {Failure.PROTOCOL},
    "conflicting-lengths": {Failure.PROTOCOL},
    "ssh-banner": {Failure.PROTOCOL},
    "smtp-banner": {Failure.PROTOCOL},
    "random-bytes": {Failure.PROTOCOL},
    "endless-continue": {Failure.PROTOCOL, Failure.RESPONSE_TIMEOUT},
}
CUTS = {
    "huge-body": Truncation.WIRE_CAP,
    "endless-body": Truncation.WIRE_CAP,
    "gzip-bomb": Truncation.DECODED_CAP,
    "double-gzip-bomb": Truncation.DECODED_CAP,
    "brotli-bomb": Truncation.DECODED_CAP,
    "dripping-body": Truncation.TIME_CAP,
    "chunk-garbage": Truncation.CONNECTION_LOST,
    "truncated-body": Truncation.CONNECTION_LOST,
    "false-encoding": Truncation.BROKEN_ENCODING,
}


WITHOUT_END = {"dripping-headers", "dripping-body", "never-answers", "chunk-huge", "header-endless", "endless-continue"}


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_it_ends_as_an_exchange(network_for: NetworkFor, kit: Any, name: str) -> None:
    async with hostile(name) as url:
        network = await network_for(url, limits=kit.limits(request_timeout=0.4 if name in WITHOUT_END else 10))
        for _ in range(2):
            exchange = await network.send(Request("GET", url))
            assert (exchange.response is None) == (exchange.failure is not None)
            assert exchange.elapsed < 8
            assert exchange.detail.isprintable()
            if exchange.response is not None:
                assert len(exchange.response.body) <= Limits().max_body_decoded
                assert exchange.response.wire_bytes <= Limits().max_body_wire
            if name in FAILURES:
                assert exchange.failure in FAILURES[name], exchange.detail
            if name in CUTS:
                assert exchange.response is not None
                assert exchange.response.truncated is CUTS[name]
