"""`compat.proxy` in a real run: the portal over HTTPS, and real forward proxies with addresses of their own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.check import Target
from pgssi_probe.clock import SystemClock
from pgssi_probe.engagement import Engagement, ScopeSection
from pgssi_probe.engagement.fictional import fictional_mandate
from pgssi_probe.engagement.model import Limits
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, run_scan
from pgssi_probe.lab import Lab, running_lab
from pgssi_probe.model.account import Account, Secret

Tinyproxy = Callable[..., Awaitable[str]]
MANDATE = fictional_mandate(SystemClock().now().date())


async def scanned(lab: Lab, folder: Path, proxies: dict[str, str]) -> Any:
    a = lab.accounts["a"]
    engagement = Engagement.model_validate(
        {
            "mandate": MANDATE,
            "scope": ScopeSection(target=lab.https_url),
            "limits": Limits(requests_per_second=500, connections_per_second=500),
            "accounts": {"a": {"username": a.username, "password": {"env": "PGSSI_NOT_READ"}}},
            "proxies": proxies,
        }
    )
    scan = Scan(
        target=Target(lab.https_url + "/", lab.ca_file),
        engagement=engagement,
        selection=Selection(only=("compat.proxy",)),
        accounts={"a": Account("a", a.username, Secret(a.password))},
    )
    return (await run_scan(scan, lambda _: folder)).result


@pytest.mark.parametrize("weak", ["proxy-breaks", "address-bound"])
async def test_what_breaks_behind_a_real_proxy(weak: str, tinyproxy: Tinyproxy, tmp_path: Path) -> None:
    async with running_lab({f"compat.proxy/{weak}"}) as lab:
        result = await scanned(lab, tmp_path / "run", {"near": await tinyproxy("Bind 127.0.0.2")})
    assert {one.slug for one in result.outcomes if one.failed} == {weak}
    assert {one.facts["way"] for one in result.outcomes if one.failed} == {"near"}


async def test_the_journal_shows_each_way(tinyproxy: Tinyproxy, tmp_path: Path) -> None:
    outer = await tinyproxy("Bind 127.0.0.3")
    inner = await tinyproxy(f"Upstream http {outer.removeprefix('http://')}")
    async with running_lab() as lab:
        result = await scanned(lab, tmp_path / "run", {"inner": inner})
    (works,) = result.outcomes
    assert (works.slug, works.facts["ways"]) == (
        "works",
        ["Via, X-Forwarded-For", "HTTP/1.1", "inner", "own-1 → inner", "X-Forwarded-For"],
    )
    lines = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    assert {line.get("via", "") for line in lines if line["kind"] == "request"} == {"", "inner", "own-1,inner"}
    run = next(run for run in result.checks if run.id == "compat.proxy")
    assert 0 < run.requests <= 120
