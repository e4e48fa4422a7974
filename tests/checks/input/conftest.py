"""One Chromium for the tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pgssi_probe.browser import Browser


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages come at once: they settle sooner than those of a distant server."""
    monkeypatch.setattr("pgssi_probe.browser.visit.QUIET_SECONDS", 0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    browser = Browser()
    yield browser
    await browser.aclose()
