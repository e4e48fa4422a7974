"""What a pass of the checks of access rests on, and what makes a list one of accounts."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pgssi_checks.authz import forced_browsing, idor
from pgssi_checks.authz.account_lists import names_one_of, tells_of_accounts
from pgssi_checks.authz.comparing import Shows
from pgssi_checks.authz.tally import Judged, Tally
from pgssi_probe.check import Target
from pgssi_probe.inventory.gleaning import of_json
from pgssi_probe.inventory.model import Inventory, Visit

TARGET = Target("https://portal.example/")
WHOLE = Visit("a", None, complete=True)
PART = replace(WHOLE, complete=False)


def stage(visit: Visit) -> Any:
    viewers = {label: SimpleNamespace(visit=visit, label=label) for label in ("a", "b")}
    return SimpleNamespace(ctx=SimpleNamespace(target=TARGET), viewers=viewers, inventory=Inventory({}, ()))


@pytest.mark.parametrize(
    ("visit", "asked", "passes"), [(PART, 2, False), (PART, 5, True), (WHOLE, 2, True), (WHOLE, 0, False)]
)
def test_few_refusals_of_what_was_seen_in_part_say_nothing(visit: Visit, asked: int, passes: bool) -> None:
    done = Tally()
    for _ in range(asked):
        done.add(Judged(Shows.NOTHING))
    crossed = idor._concluded(cast("Any", stage(visit)), done)
    alone = forced_browsing._concluded(stage(visit).ctx, done, whole=visit.complete)
    assert [one.slug == "refused" for one in (crossed[0], alone[0])] == [passes, passes]


def test_a_directory_is_no_list_of_accounts() -> None:
    accounts = [{"id": n, "email": f"u{n}@hopital-test.fr", "role": "soignant"} for n in range(3)]
    colleagues = [{"id": n, "username": f"u{n}", "service": "Cardiologie"} for n in range(3)]
    assert tells_of_accounts(json.dumps({"data": accounts}).encode())
    assert not tells_of_accounts(json.dumps(colleagues).encode())
    assert names_one_of(json.dumps(accounts).encode(), ["U1@hopital-test.fr"])


def test_records_of_other_peoples_accounts_are_not_asked_for() -> None:
    accounts = [{"id": n, "email": f"u{n}@hopital-test.fr", "role": "soignant"} for n in range(3)]
    results = [{"id": n, "titre": "Bilan"} for n in range(3)]
    assert not [*of_json(json.dumps(accounts).encode(), "https://portal.example/api/users")]
    assert len([*of_json(json.dumps(results).encode(), "https://portal.example/api/resultats")]) == 3
