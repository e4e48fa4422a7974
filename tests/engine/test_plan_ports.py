"""`exposure.ports` runs where the mandate lists the addresses and says that their ports may be tried."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pgssi_probe.check.context import Target
from pgssi_probe.engagement import Engagement, ScopeSection
from pgssi_probe.engagement.fictional import fictional_mandate
from pgssi_probe.engine.bounds import scope_of
from pgssi_probe.engine.plan import Selection, make_plan
from pgssi_probe.model.outcome import Reason
from pgssi_probe.registry import check

URL = "https://portal.example/"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
MANDATE = fictional_mandate(NOW.date())


@pytest.mark.parametrize(
    ("scope", "missing", "probed"),
    [
        ({}, "scope.ports", False),
        ({"addresses": ("192.0.2.0/24",)}, "scope.ports", False),
        ({"ports": True}, "scope.addresses", False),
        ({"ports": True, "addresses": ("192.0.2.0/24",)}, None, True),
    ],
)
def test_ports_need_a_line_and_addresses(scope: dict[str, Any], missing: str | None, *, probed: bool) -> None:
    engagement = Engagement(mandate=MANDATE, scope=ScopeSection(target=URL, **scope))
    metadata = check("exposure.ports").metadata
    plan = make_plan([metadata], Target(URL), engagement, Selection(), NOW)
    assert (plan.entries[0].runs, plan.entries[0].missing) == (missing is None, missing)
    assert plan.entries[0].reason is (Reason.UNDECLARED if missing else None)
    assert plan.connections_max == (metadata.sends.connections if missing is None else 0)
    assert scope_of(Target(URL), engagement).may_probe("portal.example") is probed
