"""Which requests of an account are asked as somebody else."""

from __future__ import annotations

import pytest

from pgssi_checks.authz.choosing import is_a_selection, is_offered_elsewhere
from pgssi_probe.inventory.model import Endpoint, Inventory, Source
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


def linked(query: str, *labels: str) -> Endpoint:
    url = f"https://portal.example/{query}"
    return Endpoint("GET", url, Source.LINK, frozenset(labels), parameters_of(url))


@pytest.mark.parametrize(
    ("asked", "known", "shared"),
    [
        ("?exec=list&id_section=4&order=date", "?exec=section&id_section=4", True),
        ("?exec=edit&new=yes&id_section=4", "?exec=section&id_section=4", True),
        ("?exec=edit&id_section=4", "?exec=section&id_section=5", False),
        ("?exec=edit&id_section=4&patient_id=9", "?exec=section&id_section=4", False),
        ("other?id_section=4", "?exec=section&id_section=4", False),
        # Of what kind a bare number is, only the rest of the address says.
        ("?page=patient&id=4", "?page=news&id=4", False),
        ("?page=news", "?page=news&id=4", False),
    ],
)
def test_a_record_offered_by_another_address_is_offered(asked: str, known: str, shared: bool) -> None:
    mine, theirs = linked(asked, "a"), linked(known, "a", "b")
    inventory = Inventory({}, (mine, theirs))
    assert is_offered_elsewhere(inventory, "b", mine, references(mine)) is shared
    assert not is_offered_elsewhere(Inventory({}, (mine, linked(known, "a"))), "b", mine, references(mine))
