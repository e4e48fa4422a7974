"""A portal in memory, without sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.lab.visitor import Visitor


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def visit(clock: VirtualClock) -> AsyncIterator[Callable[..., Visitor]]:
    """`visit("headers.csp/missing")`: a new visitor of the portal with these weaknesses.

    With `plain`, a visitor of its HTTP port; with `fresh`, of another such portal.
    """
    async with AsyncExitStack() as stack:
        labs: dict[frozenset[str], Lab] = {}

        def open_visitor(*weak: str, plain: bool = False, fresh: bool = False) -> Visitor:
            key = frozenset(weak)
            if fresh or key not in labs:
                labs[key] = Lab(weak, clock=clock)
                stack.callback(labs[key].close)
            lab = labs[key]
            transport = httpx.ASGITransport(app=lab.plain_application if plain else lab.application)
            client = httpx.AsyncClient(transport=transport, base_url=lab.http_url if plain else lab.https_url)
            stack.push_async_callback(client.aclose)
            return Visitor(lab, client)

        yield open_visitor
