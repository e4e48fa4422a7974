"""`lab` and `demo`: the demonstration portal, alone or scanned."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

from pgssi_probe.cli.delivering import finish
from pgssi_probe.cli.exits import Exit, close_names, explained, stop
from pgssi_probe.cli.formats import reporters
from pgssi_probe.cli.page import line, path_line, table, write_json
from pgssi_probe.cli.sealing import SealChoice
from pgssi_probe.cli.watching import watching
from pgssi_probe.clock import SystemClock
from pgssi_probe.engine.folder import FolderError, RunFolder, symbol_of
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

DEMO = "demo"


def _lab(lang: Lang) -> Any:
    try:
        from pgssi_probe import lab
    except ImportError:
        stop(lang, "error.missing_extra", extra="lab")
    return lab


def lab_folder() -> Path:
    """Where the portal's authority is kept from one start to the next, so that a browser may be told to trust it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgssi-probe" / "lab"


def list_weaknesses(lang: Lang, *, json: bool) -> None:
    rows = [(weakness.id, weakness.title.in_(lang)) for weakness in _lab(lang).list_weaknesses()]
    if json:
        write_json([{"id": identifier, "title": title} for identifier, title in rows])
    else:
        table((), rows)


def serve_lab(weak: tuple[str, ...], port: int, http_port: int, lang: Lang) -> None:
    lab = _lab(lang)
    from pgssi_probe.lab.blueprint import Blueprint
    from pgssi_probe.lab.serve import serve
    from pgssi_probe.lab.synthetic import people

    def ready(addresses: Any) -> None:
        path_line(
            say(
                lang,
                "lab.ready",
                url=addresses.https_url,
                http=addresses.http_url,
                ca=addresses.ca_file,
            )
        )
        line(say(lang, "lab.accounts"))
        table((), ((f"  {known.label}", known.username, known.password) for known in people(Blueprint.seed)))
        line(say(lang, "lab.stop"))

    for number in (port, http_port):
        if not 0 <= number <= 65535:
            stop(lang, "error.bad_choice", value=number, option="--port", choices="0 … 65535")
    try:
        serve(weak, port, http_port, lab_folder(), ready)
    except lab.UnknownWeakness as error:
        stop(lang, "error.unknown_weakness", name=error.identifier, close=close_names(lang, error.close))
    except lab.IncompatibleWeaknesses as error:
        stop(lang, "error.incompatible_weaknesses", names=", ".join(error.names))
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EADDRNOTAVAIL} or error.filename is None:
            stop(lang, "error.port_in_use", port=str(port), http_port=str(http_port))
        raise FolderError("unwritable", Path(error.filename), symbol_of(error)) from None
    except KeyboardInterrupt:
        return


DEMO_ACCOUNTS = ("a", "b", "low", "high")
LONG = (
    "compat",
    "session.concurrent",
    "session.last-login-display",
    "session.timeout-absolute",
    "session.timeout-idle",
)
"""Checks that wait for minutes, or send too much for a first look."""


def demo(out: Path, lang: Lang) -> Exit:
    """Start the portal with a telling set of weaknesses, scan it at the active level, leave a sealed report."""
    _lab(lang)
    RunFolder(out).discard()
    with explained(lang, host="localhost"):
        scanned = asyncio.run(_scan_the_lab(out, lang))
    code = finish(
        scanned,
        lang,
        reporters=reporters(lang),
        choice=SealChoice(lang),
        json=False,
        fail_on="never",
        strict=False,
    )
    return Exit.OK if code is Exit.OK else code


async def _scan_the_lab(out: Path, lang: Lang) -> Any:
    from pgssi_probe.check.context import Target
    from pgssi_probe.engagement import Engagement, Limits, ScopeSection
    from pgssi_probe.engagement.accounts import AccountSection, SecretReference
    from pgssi_probe.engagement.fictional import fictional_mandate
    from pgssi_probe.engine.plan import Selection
    from pgssi_probe.engine.scan import Scan, run_scan
    from pgssi_probe.lab import resolve, running_lab
    from pgssi_probe.model.account import Account, Secret

    mandate = fictional_mandate(SystemClock().now().date())
    weak = resolve((DEMO,))
    async with running_lab(weak) as lab:
        path_line(say(lang, "lab.demo", url=lab.https_url, count=len(weak)))
        accounts = {
            label: Account(label, known.username, Secret(known.password), canaries=tuple(map(Secret, known.canaries)))
            for label, known in lab.accounts.items()
            if label in DEMO_ACCOUNTS
        }
        scan = Scan(
            target=Target(lab.https_url + "/", lab.ca_file, lab.http_url + "/"),
            engagement=Engagement(
                mandate=mandate,
                scope=ScopeSection(target=lab.https_url),
                accounts={
                    label: AccountSection(username=known.username, password=SecretReference(prompt=True))
                    for label, known in accounts.items()
                },
                limits=Limits(requests_per_second=200, connections_per_second=200),
            ),
            selection=Selection(skip=LONG),
            accounts=accounts,
            command_line=("pgssi-probe", "demo"),
        )
        with watching(lang, json=False, quiet=False) as progress:
            return await run_scan(scan, lambda _: out, progress=progress)
