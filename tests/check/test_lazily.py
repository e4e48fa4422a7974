"""Packages that import what they export on demand export all of it, and a passive run does not import what signs in."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

PASSIVE = """
import sys
from pgssi_probe.check.context import Target
from pgssi_probe.engine.asked import Scan, plan_of
from pgssi_probe.registry import checks
plan = plan_of(Scan(Target("https://portal.example/")))
for entry in plan.entries:
    if entry.runs:
        checks()[entry.check].observe()
print(*sys.modules)
"""


@pytest.mark.parametrize("name", ["pgssi_probe.identity", "pgssi_probe.browser"])
def test_every_exported_name_is_there_and_no_other(name: str) -> None:
    package = import_module(name)
    assert all(getattr(package, exported) is not None for exported in package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing


def test_a_passive_run_imports_nothing_that_signs_in() -> None:
    loaded = subprocess.run([sys.executable, "-c", PASSIVE], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"pgssi_probe.identity.oracle", "pgssi_probe.identity.search", "pgssi_probe.inventory.collect"}
    assert "pgssi_checks.cookie.flags" in loaded
    assert not heavy & set(loaded)
    assert not {"playwright", "sslyze"} & set(loaded)
