"""The checks of inputs beside Wapiti's modules for the same: what each finds, misses, wrongly accuses, and costs.

Three portals of the lab: every weakness of inputs, none, what only looks like one (`trap/…`). Wapiti: its modules xss,
sql, file and redirect, the ones that look for the same by values that neither wait nor write. Ours: `--only input`,
at `--rate 1000` since Wapiti has no brake. Both start at the home page without an account; ours is also told with
account a and Chromium, and holds to a budget of requests. The result is written to docs/comparison-wapiti.md.

Goals: everything planted is found, nothing else is accused, and fewer requests and less time than Wapiti.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench._commands import Cost, cost, installed
from bench._lab import Portal, portal
from bench._wapiti import VERSION, scan_command
from bench.startup import tool
from pgssi_probe.clock import SystemClock
from pgssi_probe.lab import Lab
from pgssi_probe.lab.weaknesses import registered

PAGE = Path(__file__).resolve().parents[1] / "docs" / "comparison-wapiti.md"
BUDGET = 3_000
"""Requests that ours may send: what an engagement allows when it says nothing."""
SECONDS = 45
"""For each module of Wapiti, which knows no budget of requests. It takes a form for another one each time that its
token changes, and tries them all."""
MODULES = "xss,sql,file,redirect"
TRAPS = (
    *("trap/encoded-echo", "trap/json-echo", "trap/own-redirect", "trap/varying-results", "trap/block-page"),
    *("trap/always-failing", "trap/article-on-sql", "trap/refused-values", "trap/script-that-escapes"),
)
HARMLESS = (
    *("/avis", "/langue", "/livrets", "/annuaire/recherche", "/praticiens/recherche", "/glossaire"),
    *("/fiches-gardees/recherche", "/en-panne/recherche", "/consultations"),
)
"""Forms sent by POST: declared to ours; Wapiti sends every form that it meets."""
PLANTED: Mapping[str, tuple[str, str]] = {
    "input.reflected-xss/executed": ("/recherche", "xss"),
    "input.reflected-xss/unescaped": ("/nous-ecrire", "xss"),
    "input.reflected-xss/ambiguous": ("/export", "xss"),
    "input.reflected-xss/carried": ("", "header"),
    "input.reflected-xss/in-page": ("/guide", "dom"),
    "input.reflected-xss/executed, a form by POST": ("/avis", "xss"),
    "input.open-redirect/followed": ("/aller", "redirect"),
    "input.open-redirect/followed, a form by POST": ("/langue", "redirect"),
    "input.open-redirect/scripted": ("/patienter", "redirect"),
    "input.open-redirect/after-sign-in": ("/connexion", "redirect"),
    "input.host-header/reflected": ("/", "host"),
    "input.host-header/forwarded": ("/", "host-forwarded"),
    "input.host-header/poisoned": ("/", "host-poisoned"),
    "input.path-traversal/read": ("/livret", "file"),
    "input.path-traversal/read, a form by POST": ("/livrets", "file"),
    "input.path-traversal/read, a cookie": ("/dernier-livret", "file"),
    "input.sql/error": ("/annuaire", "sql"),
    "input.sql/error, a form by POST": ("/annuaire/recherche", "sql"),
    "input.sql/conditions": ("/praticiens", "sql"),
    "input.sql/conditions, a form by POST": ("/praticiens/recherche", "sql"),
    "input.sql/quotes": ("/lieux", "sql"),
    "input.validation/server-error": ("", "error"),
    "input.validation/accepted": ("/garde", "accepted"),
}
"""Switch, and where when it shows in several places -> path, "" for any, and what it is."""
THEIR_WORDS = {
    "Reflected Cross Site Scripting": "xss",
    "SQL Injection": "sql",
    "Path Traversal": "file",
    "Open Redirect": "redirect",
    "Internal Server Error": "error",
}
UNSEEN_BY_THEM = frozenset({"host", "host-forwarded", "host-poisoned", "accepted", "header", "dom"})
"""For which Wapiti has no module."""
OUR_WORDS = {
    "input.reflected-xss": "xss",
    "input.sql": "sql",
    "input.path-traversal": "file",
    "input.open-redirect": "redirect",
}
OUR_SLUGS = {
    "input.host-header/reflected": "host",
    "input.host-header/forwarded": "host-forwarded",
    "input.host-header/poisoned": "host-poisoned",
    "input.reflected-xss/carried": "header",
    "input.reflected-xss/in-page": "dom",
    "input.validation/server-error": "error",
    "input.validation/accepted": "accepted",
}


@dataclass(frozen=True)
class Told:
    """What a tool accused: paths and what they are said to have."""

    found: frozenset[tuple[str, str]]
    requests: int
    cost: Cost

    def finds(self, planted: tuple[str, str]) -> bool:
        path, what = planted
        return any(what == one and path in {"", where} for where, one in self.found)

    def wrong(self, planted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        known = set(planted)
        anywhere = {what for path, what in known if not path}
        return sorted(one for one in self.found if one not in known and one[1] not in anywhere)


def theirs(site: Portal, environment: Mapping[str, str]) -> Told:
    with tempfile.TemporaryDirectory(prefix="pgssi-bench-") as folder:
        site.asked()
        command = [*scan_command(f"{site.https_url}/", MODULES, Path(folder)), "--max-attack-time", str(SECONDS)]
        spent = cost(command, env=dict(environment))
        report = json.loads((Path(folder) / "report.json").read_bytes())
    found = {
        (one["path"], THEIR_WORDS.get(name, name))
        for part in ("vulnerabilities", "anomalies")
        for name, every in report[part].items()
        for one in every
    }
    return Told(frozenset(found), site.asked().requests, spent)


def ours(site: Portal, environment: Mapping[str, str], *, signed_in: bool = False) -> Told:
    with tempfile.TemporaryDirectory(prefix="pgssi-bench-") as folder:
        room = Path(folder)
        engagement = room / "engagement.toml"
        with closing(Lab()) as lab:
            person = lab.accounts["a"]
        engagement.write_text(written_engagement(site, person.username if signed_in else ""), encoding="utf-8")
        command = [
            *(str(tool()), "scan", f"{site.https_url}/", "--http-url", f"{site.http_url}/", "--ca", site.ca_file),
            *("--engagement", str(engagement), "--only", "input", "--rate", "1000", "--quiet", "--no-seal"),
            *("--fail-on", "never", "--format", "json", "--out", str(room / "run")),
        ]
        site.asked()
        browser = {} if signed_in else {"PGSSI_PROBE_CHROMIUM": "none"}
        spent = cost(command, env={**environment, **browser, "PGSSI_BENCH_A": person.password})
        report = json.loads((room / "run" / "report.json").read_bytes())
    found = {each for one in outcomes(report) if one["status"] == "fail" for each in accused(one)}
    return Told(frozenset(found), site.asked().requests, spent)


def outcomes(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = report["outcomes"]
    return [one for one in every if one["check"].startswith("input.")]


def accused(outcome: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    what = OUR_SLUGS.get(f"{outcome['check']}/{outcome['slug']}") or OUR_WORDS[outcome["check"]]
    places = [request.partition(" ")[2] for request in outcome["facts"].get("requests", ())]
    for place in places or [outcome["subject"]["name"]]:
        yield urlsplit(place.partition(" [")[0]).path or "/", what


def written_engagement(site: Portal, username: str) -> str:
    today = SystemClock().now().date()
    account = f'[accounts.a]\nusername = "{username}"\npassword = {{ env = "PGSSI_BENCH_A" }}\n' if username else ""
    return f"""[mandate]
reference = "BENCH-1"
organisation = "Maison de santé de Valombre (fictive)"
signatory = "Direction de Valombre (fictive)"
signed = {today - timedelta(days=1)}
valid_from = {today - timedelta(days=1)}
valid_until = {today + timedelta(days=1)}
hours = "00:00-24:00"
source_addresses = ["127.0.0.1"]
hosting_agreement = "BENCH-H1"
emergency_contact = "+33 1 99 00 00 00"
levels = ["passive", "active"]
[scope]
target = "{site.https_url}"
[declared]
"input.harmless" = {json.dumps(HARMLESS)}
{account}[limits]
requests_per_second = 1000
connections_per_second = 1000
"""


def tools(site: Portal, environment: Mapping[str, str]) -> dict[str, Told]:
    return {
        f"Wapiti {VERSION}": theirs(site, environment),
        "ours": ours(site, environment),
        "ours, account and Chromium": ours(site, environment, signed_in=True),
    }


def table(rows: Iterable[Iterable[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], re.sub(r"[^|]+", "---", lines[0]), *lines[1:]])


def said(wrong: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{what} at `{path}`" for path, what in wrong) or "none"


def spent(told: Told) -> str:
    return f"{told.requests} requests, {told.cost.wall:.1f} s, CPU {told.cost.cpu:.1f} s"


def written(sites: Mapping[str, dict[str, Told]]) -> str:
    weak = sites["weak"]
    names = list(weak)
    found = [["planted", *names]]
    for switch, planted in PLANTED.items():
        marks = ["found" if told.finds(planted) else "-" for told in weak.values()]
        if planted[1] in UNSEEN_BY_THEM:
            marks[0] = "no module"
        found.append([f"`{switch}`", *marks])
    wrong = [["portal", *names]]
    costs = [["portal", *names]]
    for name, told in sites.items():
        planted = PLANTED.values() if name == "weak" else ()
        said = [
            ", ".join(f"{what} at `{path}`" for path, what in one.wrong(planted)) or "none" for one in told.values()
        ]
        wrong.append([name, *said])
        costs.append(
            [
                name,
                *(f"{one.requests} requests, {one.cost.wall:.1f} s, CPU {one.cost.cpu:.1f} s" for one in told.values()),
            ]
        )
    modules = MODULES.replace(",", ", ")
    return f"""# Inputs: comparison with Wapiti

This page is written by `python -m bench inputs`: do not edit it.

Wapiti {VERSION} with its modules {modules}, and `pgssi-probe scan --only input`, on the
demonstration portal: with every weakness of inputs on (`weak`), with none (`hardened`), and with pages that only look
weak (`traps`).
Both begin at the home page. Ours sends the forms that the engagement declares harmless; Wapiti sends all. Ours is told
twice: without an account nor a browser, as Wapiti runs here, and with both.

Ours may send {BUDGET} requests, what an engagement allows when it says nothing. Wapiti knows no budget of requests:
each of its modules is given {SECONDS} seconds, and sends what it can in them, several times as many. It takes a form
for a new one each time that its token changes, and sends again tokens that have served, which these forms refuse.

## What each finds

{table(found)}

Wapiti has no module for the name of the host, for values that a page should refuse, for headers that come back in a
page, nor for what scripts write; its internal errors are those that any of its values caused. `after-sign-in` shows
only to who signs in, `in-page` only in a browser. With Chromium, `executed` means that the page ran the value.

## What each wrongly accuses

{table(wrong)}

The internal errors that Wapiti reports among the traps are there: one page fails whatever is sent, another at any
quote. They are no weakness of what it was asked to look for.

## What each costs

{table(costs)}

Requests are counted by the portal. CPU is that of the tool and of the processes that it waited for; most of that of
Chromium is not in it. Figures of one run on a machine of two cores that other work shares: wall time may triple from
one run to the next, for all three alike; requests and CPU change by a tenth.
"""


def main() -> bool:
    every = " ".join(name for name in registered() if name.startswith("input."))
    held = True
    sites: dict[str, dict[str, Told]] = {}
    with tempfile.TemporaryDirectory(prefix="pgssi-home-") as home:
        environment = installed({**os.environ, "HOME": home, "PGSSI_LANG": "en"})
        for name, weak in {"weak": every, "hardened": "", "traps": " ".join(TRAPS)}.items():
            with portal(weak) as site:
                ours(site, environment)  # warms the file cache
                sites[name] = tools(site, environment)
            for label, told in sites[name].items():
                print(f"{name}: {label}: {told.requests} requests, {told.cost.wall:.1f} s, CPU {told.cost.cpu:.1f} s")
    for name, told in sites.items():
        them, bare, full = told.values()
        planted = dict(PLANTED) if name == "weak" else {}
        missed = [switch for switch, one in planted.items() if not full.finds(one)]
        wrong = [*bare.wrong(planted.values()), *full.wrong(planted.values())]
        cheaper = bare.requests < them.requests and bare.cost.wall < them.cost.wall and bare.cost.cpu < them.cost.cpu
        within = max(bare.requests, full.requests) <= BUDGET
        print(
            f"{name}: missed {missed or 'nothing'}, wrong {wrong or 'nothing'}, cheaper {cheaper}, in budget {within}"
        )
        held = held and not missed and not wrong and cheaper and within
    PAGE.write_text(written(sites), encoding="utf-8")
    print("ok" if held else "MISSED")
    return held
