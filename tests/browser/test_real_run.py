"""The browser in a real run: over HTTPS, through the gate, with what the journal keeps of it; and against servers that
mean harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgssi_probe.browser import Browser, BrowserLost
from pgssi_probe.check import Target
from pgssi_probe.clock import SystemClock
from pgssi_probe.engagement import Engagement, ScopeSection
from pgssi_probe.engagement.fictional import fictional_mandate
from pgssi_probe.engagement.model import Limits
from pgssi_probe.engine.bounds import scope_of
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, run_scan
from pgssi_probe.lab import running_lab
from pgssi_probe.lab.hostile import hostile
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.governor import Limits as GateLimits

MANDATE = fictional_mandate(SystemClock().now().date())


async def test_a_single_page_application_is_judged_in_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSI_PROBE_CHROMIUM", raising=False)
    async with running_lab({"browser.storage/token"}) as lab:
        a = lab.accounts["a"]
        engagement = Engagement.model_validate(
            {
                "mandate": MANDATE,
                "scope": ScopeSection(target=lab.https_url),
                "limits": Limits(requests_per_second=500, connections_per_second=500),
                "accounts": {"a": {"username": a.username, "password": {"env": "PGSSI_NOT_READ"}}},
            }
        )
        scan = Scan(
            target=Target(lab.https_url + "/", lab.ca_file),
            engagement=engagement,
            selection=Selection(only=("browser.storage",)),
            accounts={"a": Account("a", a.username, Secret(a.password))},
        )
        result = (await run_scan(scan, lambda _: tmp_path / "run")).result
    assert {outcome.slug for outcome in result.outcomes} == {"token"}
    kept = "".join(
        file.read_text() for file in (tmp_path / "run").rglob("*") if file.is_file() and file.suffix != ".p7s"
    )
    assert a.password not in kept
    assert "local_storage" in kept
    lines = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    own = [line for line in lines if line.get("by") == "browser.storage" and line["kind"] == "request"]
    assert {line["account"] for line in own} == {"a"}
    assert "POST" in {line["method"] for line in own}


@pytest.mark.parametrize("behaviour", ["redirect-loop", "redirect-elsewhere", "gzip-bomb"])
async def test_a_hostile_server_in_a_browser(behaviour: str) -> None:
    browser, clock = Browser(), SystemClock()
    try:
        async with hostile(behaviour) as url:
            scope = scope_of(Target(url), Engagement())
            limits = GateLimits(max_body_decoded=2_000_000)
            async with open_gate(scope=scope, limits=limits, clock=clock) as gate:
                network = gate.network(by="test", max_requests=30, max_connections=0, methods=("GET",))
                try:
                    async with browser.visit(network, clock, seconds=8) as visit:
                        await visit.open(url)
                except BrowserLost:
                    pass
                assert network.usage.requests <= 30
    finally:
        await browser.aclose()
