"""No browser here: it has tests of its own, hostile servers included, and takes seconds to start."""

import pytest


@pytest.fixture(autouse=True)
def without_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_PROBE_CHROMIUM", "none")
