"""A machine without a browser is told so before anything is started."""

from __future__ import annotations

import pytest

from pgssi_probe.browser import Browser, missing


def test_without_chromium_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_PROBE_CHROMIUM", "none")
    assert missing() == "chromium"
    assert Browser().missing == "chromium"
    monkeypatch.setenv("PGSSI_PROBE_CHROMIUM", "/nowhere/chromium")
    assert missing() == "chromium"
