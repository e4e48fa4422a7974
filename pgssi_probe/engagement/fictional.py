"""A complete mandate that nobody signed: for the demonstration portal, the benches and the tests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pgssi_probe.engagement.mandate import Mandate
from pgssi_probe.model.outcome import Level


def fictional_mandate(on: date, **lines: Any) -> Mandate:
    """A mandate of Valombre, an invented hospital, that allows the active level at any hour from the day before `on`
    to the day after, from this machine. `lines` replace its own; ValidationError for a line that no mandate has."""
    own: dict[str, Any] = {
        "reference": "DEMO-1",
        "organisation": "Centre hospitalier de Valombre (fictif)",
        "signatory": "Direction de Valombre (fictive)",
        "signed": on,
        "valid_from": on - timedelta(days=1),
        "valid_until": on + timedelta(days=1),
        "hours": "00:00-24:00",
        "source_addresses": ("127.0.0.1",),
        "hosting_agreement": "DEMO-H1",
        "emergency_contact": "+33 1 99 00 00 00",
        "levels": (Level.PASSIVE, Level.ACTIVE),
    }
    return Mandate.model_validate(own | lines)
