"""A run that is interrupted while a browser works says nothing on the terminal that nobody can act upon."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from pgssi_probe.browser.running import nobody_waits


async def given_up(error: Exception, *, task: bool) -> None:
    """A future or a task whose error nobody takes."""
    loop = asyncio.get_running_loop()
    if task:

        async def fail() -> None:
            raise error

        lost: asyncio.Future[None] = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
    else:
        lost = loop.create_future()
        lost.set_exception(error)
    await asyncio.sleep(0)
    del lost
    gc.collect()


def closed() -> Exception:
    from playwright._impl._errors import TargetClosedError

    return TargetClosedError("Target page, context or browser has been closed")


def driver_gone() -> Exception:
    return Exception("Connection closed while reading from the driver")


Make = Callable[[], Exception]


@pytest.mark.parametrize("task", [False, True])
@pytest.mark.parametrize(
    ("make", "told"), [(closed, 0), (driver_gone, 0), (lambda: ValueError("ours"), 1)], ids=["closed", "driver", "ours"]
)
async def test_only_what_playwright_gave_up_is_left_unsaid(make: Make, told: int, task: bool) -> None:
    said: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: said.append(context))
    nobody_waits(loop)
    handler = loop.get_exception_handler()
    nobody_waits(loop)
    assert loop.get_exception_handler() is handler
    await given_up(make(), task=task)
    assert len(said) == told
