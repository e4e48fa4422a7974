"""Which requests of an account are asked as somebody else."""

from __future__ import annotations

import pytest

from pgssi_checks.authz.choosing import is_a_selection
from pgssi_probe.inventory.model import Endpoint, Source
from pgssi_probe.inventory.references import references
from pgssi_probe.inventory.requests import parameters_of


@pytest.mark.parametrize(
    ("query", "selects"),
    [
        ("issues.csv?assigned_to_id=5&set_filter=1&sort=", True),
        ("activity?show_files=1&user_id=5", True),
        ("dossiers?patient=5&afficher_archives=0", True),
        ("view-patient.php?viewid=1", False),
        ("visite?patient=5&visit=1", False),
        ("results/1?full=1", False),
        ("showcase?showroom=12", False),
    ],
)
def test_a_switch_of_a_filter_makes_a_query_a_selection(query: str, selects: bool) -> None:
    url = f"https://portal.example/{query}"
    endpoint = Endpoint("GET", url, Source.LINK, frozenset({"a"}), parameters_of(url))
    assert is_a_selection(references(endpoint)) is selects
