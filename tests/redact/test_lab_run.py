"""A run on a portal that shows one patient's records to another: nothing of any patient stands in any file of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import unquote

import pytest

from pgssi_probe.check.context import Target
from pgssi_probe.clock import SystemClock
from pgssi_probe.engagement import Engagement, Limits, ScopeSection
from pgssi_probe.engagement.fictional import fictional_mandate
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, run_scan
from pgssi_probe.lab import Lab, running_lab
from pgssi_probe.lab.synthetic import DOCTORS, records_of
from pgssi_probe.model.account import Account, Secret

LEAKING = {
    "authz.idor/other-record",
    "mode/jwt-cookie",
    "session.jwt/sensitive-payload",
}


def personal(lab: Lab) -> set[str]:
    """Every personal datum of the portal, in the spellings in which it stands somewhere."""
    found: set[str] = set()
    for account in lab.accounts.values():
        records = records_of(account, lab.blueprint.seed, datetime.now(UTC))
        _, folder, nir, birth, phone, mail = map(str, records.profile)
        year, month, day = birth.split("-")
        found |= {account.given_name, account.family_name, account.username, account.password, account.totp_secret}
        found |= {*account.canaries, folder, nir, phone, phone.replace(" ", ""), mail, birth, f"{day}/{month}/{year}"}
    return found | {doctor.split()[-1] for doctor in DOCTORS}


def held(values: set[str], text: str) -> set[str]:
    return {value for value in values if re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", text)}


async def test_nothing_personal_is_left_in_a_run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_PROBE_CHROMIUM", "none")
    folder = tmp_path / "run"
    async with running_lab(LEAKING) as lab:
        values = personal(lab)
        accounts = {
            label: Account(label, one.username, Secret(one.password), canaries=tuple(map(Secret, one.canaries)))
            for label, one in lab.accounts.items()
            if label in {"a", "b"}
        }
        scan = Scan(
            target=Target(lab.https_url + "/", lab.ca_file, lab.http_url + "/"),
            engagement=Engagement(
                mandate=fictional_mandate(SystemClock().now().date()),
                scope=ScopeSection(target=lab.https_url),
                limits=Limits(requests_per_second=500, connections_per_second=500),
                accounts={
                    label: {"username": one.username, "password": {"prompt": True}} for label, one in accounts.items()
                },
            ),
            selection=Selection(only=("authz.idor", "session.jwt")),
            accounts=accounts,
        )
        scanned = await run_scan(scan, lambda _: folder)
    failed = {f"{outcome.check}/{outcome.slug}" for outcome in scanned.result.outcomes if outcome.failed}
    assert LEAKING - failed == {"mode/jwt-cookie"}
    for point in entry_points(group="pgssi_probe.reporters"):
        if point.name != "pdf":
            reporter = point.load()()
            (folder / reporter.file_name).write_bytes(reporter.render(scanned.result, "fr"))
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_bytes().decode("utf-8", "replace")
            assert not held(values, text + unquote(text)), path.name
