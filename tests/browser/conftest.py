"""One Chromium for the tests of a module."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pgssi_probe.browser import Browser

sys.path.insert(0, str(Path(__file__).parent))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    browser = Browser()
    yield browser
    await browser.aclose()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripted pages answer at once."""
    monkeypatch.setattr("pgssi_probe.browser.visit.QUIET_SECONDS", 0.1)
