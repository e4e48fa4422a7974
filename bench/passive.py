"""A passive scan beside Wapiti with the modules of its own that only look: the same portal, the same pages.

Goals: at most 0.4 times its wall time, and at most its CPU once the start-up of each is taken away. Both sites of the
lab are walked: hardened, and with every weakness. Runs alternate; each figure is the median of the ratios of the pairs.

What is compared. Wapiti: the modules cookieflags, csp, http_headers and https_redirect (`wapp` is left out: it
downloads its data first), its report in JSON. Ours: all passive checks, TLS included, the report in JSON and HTML, with
`--rate 1000`, since Wapiti has no brake, and without Chromium, since Wapiti shows no page; the cost of sealing is told
apart. Start-up is `--version` for both; ours is also told with `scan --dry-run`, which reads every check and sends
nothing, since `--version` reads none of them whereas Wapiti's reads its modules.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

from bench._commands import Cost, cost, installed, middle
from bench._lab import Portal, portal
from bench._wapiti import VERSION, scan_command, wapiti
from bench.startup import tool

PAIRS = 5
MODULES = "cookieflags,csp,http_headers,https_redirect"
WALL, CPU = 0.4, 1.0


def our_command(site: Portal, out: Path) -> list[str]:
    return [
        *(str(tool()), "scan", f"{site.https_url}/", "--http-url", f"{site.http_url}/", "--ca", site.ca_file),
        *("--rate", "1000", "--quiet", "--fail-on", "never", "--out", str(out)),
    ]


def compare(name: str, weak: str, environment: dict[str, str]) -> bool:
    theirs: list[Cost] = []
    ours: list[Cost] = []
    sealed: list[Cost] = []
    empty: list[Cost] = []
    starts: list[tuple[Cost, Cost]] = []
    with portal(weak) as site:
        for number in range(PAIRS + 1):
            with tempfile.TemporaryDirectory(prefix="pgssi-bench-") as folder:
                room = Path(folder)
                their_scan = cost(scan_command(f"{site.https_url}/", MODULES, room), env=environment)
                their_count = site.asked()
                our_scan = cost([*our_command(site, room / "run"), "--no-seal"], env=environment)
                our_count = site.asked()
                with_seal = cost(our_command(site, room / "sealed"), env=environment)
                dry = cost([*our_command(site, room / "dry"), "--dry-run"], env=environment)
                start = cost([wapiti(), "--version"], env=environment), cost([tool(), "--version"], env=environment)
                site.asked()
            if number:  # the first warms the file cache
                theirs.append(their_scan)
                ours.append(our_scan)
                sealed.append(with_seal)
                empty.append(dry)
                starts.append(start)
    wall = statistics.median(b.wall / a.wall for a, b in zip(theirs, ours, strict=True))
    whole = statistics.median(b.cpu / a.cpu for a, b in zip(theirs, ours, strict=True))
    each = list(zip(theirs, ours, starts, empty, strict=True))
    less = statistics.median((b.cpu - ours_.cpu) / (a.cpu - its.cpu) for a, b, (its, ours_), _ in each)
    alike = statistics.median((b.cpu - dry.cpu) / (a.cpu - its.cpu) for a, b, (its, _), dry in each)
    seal = statistics.median(b.cpu / a.cpu for a, b in zip(ours, sealed, strict=True))
    their_middle, our_middle = middle(theirs), middle(ours)
    print(f"{name}: Wapiti {their_count.requests} requests for {their_count.paths} paths,", end=" ")
    print(f"ours {our_count.requests} for {our_count.paths}")
    print(f"  wall  {their_middle.wall:5.2f} → {our_middle.wall:5.2f} s: {wall:.2f} (goal {WALL})")
    print(f"  CPU   {their_middle.cpu:5.2f} → {our_middle.cpu:5.2f} s: {whole:.2f} with start-up")
    print(f"        less --version: {less:.2f} (goal {CPU}); less --version and --dry-run: {alike:.2f}")
    print(f"        sealed and unsealed: {seal:.2f}", flush=True)
    return wall <= WALL and less <= CPU


def main() -> bool:
    print(f"Wapiti {VERSION}")
    with tempfile.TemporaryDirectory(prefix="pgssi-home-") as home:
        environment = installed({**os.environ, "HOME": home, "PGSSI_LANG": "fr", "PGSSI_PROBE_CHROMIUM": "none"})
        held = [compare("hardened", "", environment), compare("every weakness", "all", environment)]
    print("ok" if all(held) else "MISSED")
    return all(held)
