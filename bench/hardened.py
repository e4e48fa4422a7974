"""What three tools report on two sites where there is nothing to report.

The sites: the hardened portal of the lab, and a static site served by Debian's nginx with every header, modern TLS,
no version and error pages of its own. The tools: our passive and active checks, under an engagement made here; Wapiti
with its default modules; Nikto with its defaults, when the command `nikto` is there (Debian has it in non-free).

Goal: nothing above information from us. Above information means: any failed outcome of ours, any finding of Wapiti of
level 1 or more, any item of Nikto, which has no levels.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from bench._commands import installed
from bench._lab import portal
from bench._nginx import static_site
from bench._wapiti import VERSION, scan_command
from pgssi_probe.check.context import Target
from pgssi_probe.clock import SystemClock
from pgssi_probe.engagement import Engagement, Limits, ScopeSection
from pgssi_probe.engagement.fictional import fictional_mandate
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, run_scan
from pgssi_probe.model.outcome import Status

SHOWN = 12
SECONDS = 600
NOWHERE = "http://127.0.0.1:9/"


class Site(Protocol):
    @property
    def https_url(self) -> str: ...
    @property
    def http_url(self) -> str: ...
    @property
    def ca_file(self) -> str: ...


def engagement(site: Site) -> Engagement:
    mandate = fictional_mandate(SystemClock().now().date())
    limits = Limits(requests_per_second=500, connections_per_second=500)
    return Engagement(mandate=mandate, scope=ScopeSection(target=site.https_url), limits=limits)


def ours(site: Site, room: Path) -> list[str]:
    """Failed outcomes; the checks that could not conclude are told on a line of their own."""
    scan = Scan(
        target=Target(f"{site.https_url}/", site.ca_file, f"{site.http_url}/"),
        engagement=engagement(site),
        selection=Selection(),
    )
    result = asyncio.run(run_scan(scan, lambda _: room / "ours")).result
    ran = [run for run in result.checks if run.state == "completed"]
    unsettled = Counter(f"{one.check} ({one.reason})" for one in result.outcomes if one.status is Status.INCONCLUSIVE)
    print(f"  ours: {result.run.state}, {len(ran)} checks, {result.run.requests} requests", end="")
    print(f"; inconclusive: {', '.join(sorted(unsettled))}" if unsettled else "")
    broken = [f"{run.id}: {run.state}" for run in result.checks if run.state not in {"completed", "not_run"}]
    failed = [f"{one.check}/{one.slug} ({one.severity}, {one.strength})" for one in result.outcomes if one.failed]
    return [*failed, *broken]


def wapiti(site: Site, room: Path) -> list[str]:
    # The address that its modules would make the target call is one where nothing listens, rather than its authors'.
    command = [
        *scan_command(f"{site.https_url}/", "common", room),
        "--endpoint",
        NOWHERE,
        "--dns-endpoint",
        "localhost",
    ]
    run([*command, "--max-scan-time", str(SECONDS)], {"HOME": str(room)})
    report = json.loads((room / "report.json").read_bytes())
    print(f"  Wapiti: {report['infos']['crawled_pages_nbr']} pages and forms")
    return [
        f"{name}: {one['info'] or one['method'] + ' ' + one['path']} (level {one['level']})"
        for part in ("vulnerabilities", "anomalies")
        for name, found in report[part].items()
        for one in found
        if one["level"] >= 1
    ]


def nikto(site: Site, room: Path) -> list[str]:
    options = ["-nocheck", "-ask", "no", "-nointeractive", "-maxtime", f"{SECONDS}s", "-ipv4"]
    run(["nikto", "-h", f"{site.https_url}/", *options, "-Format", "json", "-output", str(room / "nikto.json")], {})
    report = json.loads((room / "nikto.json").read_bytes())
    hosts = report if isinstance(report, list) else [report]
    return [f"{one['url']} {one['msg']}" for host in hosts for one in host["vulnerabilities"]]


def run(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(
        command,
        env=installed({**os.environ, **environment}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS + 60,
        check=False,
    )


def show(tool: str, found: Iterable[str]) -> None:
    counted = Counter(found)
    print(f"  {tool}: {sum(counted.values())} above information")
    for line, count in list(counted.items())[:SHOWN]:
        print(f"    {count} × {line[:200]}")
    if len(counted) > SHOWN:
        print(f"    and {len(counted) - SHOWN} others", flush=True)


def main() -> bool:
    sites: tuple[tuple[str, AbstractContextManager[Site]], ...] = (
        ("hardened portal", portal()),
        ("static site of nginx", static_site()),
    )
    clean = True
    for name, opened in sites:
        print(f"{name} (Wapiti {VERSION})", flush=True)
        with opened as site, tempfile.TemporaryDirectory(prefix="pgssi-bench-") as folder:
            found = ours(site, Path(folder))
            clean &= not found
            show("ours", found)
            show("Wapiti", wapiti(site, Path(folder)))
            if shutil.which("nikto"):
                show("Nikto", nikto(site, Path(folder)))
            else:
                print("  Nikto is not installed", file=sys.stderr)
    print("nothing above information from us: " + ("ok" if clean else "MISSED"))
    return clean
