"""The table of declared values is closed, and holds what checks read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import JsonValue

import pgssi_checks
from pgssi_probe.engagement import Engagement
from pgssi_probe.engagement.declared import declared_table
from pgssi_probe.registry import checks

SOURCES = [
    *Path(pgssi_checks.__file__).parent.rglob("*.py"),
    Path(__file__).parents[2] / "pgssi_probe/discovery/collect.py",
    Path(__file__).parents[2] / "pgssi_probe/inventory/collect.py",
]
FAMILIES = "login|session|admin|discovery|csrf|compat|browser|authz|input|components|exposure"
QUOTED = re.compile(rf'"((?:{FAMILIES})\.[a-z][a-z-]+)"')


def names_in_code() -> set[str]:
    """Quoted names that read like a declared value and are no check, no file and no key of [login]."""
    found = {name for path in SOURCES for name in QUOTED.findall(path.read_text(encoding="utf-8"))}
    return {
        name
        for name in found
        if name not in checks() and name.rpartition(".")[2] not in {"php", "jsp", "url", "driver"}
    }


def test_the_table_holds_what_the_code_reads_and_nothing_else() -> None:
    assert names_in_code() == set(declared_table())


@pytest.mark.parametrize("name", sorted(declared_table()))
def test_a_value_names_checks_that_exist_and_gives_an_example_that_is_accepted(name: str) -> None:
    import tomllib

    one = declared_table()[name]
    assert set(one.needed_by) | set(one.read_by) <= set(checks())
    assert one.accepts(tomllib.loads(f"x = {one.example}")["x"])


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("session.single", True, True),
        ("session.single", "oui", False),
        ("session.idle-minutes", 0.5, True),
        ("session.idle-minutes", 0, False),
        ("session.idle-minutes", True, False),
        ("login.failures-max", 0, True),
        ("login.failures-max", -1, False),
        ("login.failures-max", 2.5, False),
        ("login.unlock-contact", "  ", False),
        ("login.samples", ["a"], True),
        ("login.samples", [1], False),
        ("login.samples", "a", False),
    ],
)
def test_what_a_value_may_be(name: str, value: JsonValue, accepted: bool) -> None:
    assert declared_table()[name].accepts(value) is accepted


def test_names_may_be_written_without_quotes() -> None:
    engagement = Engagement.model_validate({"declared": {"session": {"single": True}, "session.idle-minutes": 20}})
    assert engagement.declared == {"session.single": True, "session.idle-minutes": 20}
    assert engagement.told == engagement.declared | {"login.driver": "auto"}
