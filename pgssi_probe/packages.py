"""The packages that bring checks: those of the entry point group, wherever they are installed from."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

GROUP = "pgssi_probe.checks"


class RegistryError(Exception):
    """An installation whose checks cannot be trusted: none, a duplicate, or a broken declaration."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package by the name that it is imported by, and the folders that hold it."""

    name: str
    roots: tuple[Path, ...]


@cache
def packages() -> tuple[Package, ...]:
    """Every package that brings checks, without importing any. RegistryError when one is named and not there."""
    return tuple(package(entry.value) for entry in entry_points(group=GROUP))


def package(name: str) -> Package:
    """Where a package is; RegistryError when it is not installed."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise RegistryError(f"the package {name} of the entry point {GROUP} is not installed")
    return Package(name, tuple(Path(location) for location in spec.submodule_search_locations))
