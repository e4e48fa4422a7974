"""What is installed beside this package, and the packages that bring checks among it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

GROUP = "pgssi_probe.checks"


class RegistryError(Exception):
    """An installation whose checks cannot be trusted: none, a duplicate, or a broken declaration."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package by the name that it is imported by, and the folders that hold it."""

    name: str
    roots: tuple[Path, ...]


def plugins(group: str) -> EntryPoints:
    """The entry points of a group, wherever they are installed from."""
    found: EntryPoints = _all().select(group=group)
    return found


@cache
def _all() -> Any:
    """Read once: finding them opens a file for every package of the environment. Its type changed with Python 3.12."""
    return entry_points()


@cache
def packages() -> tuple[Package, ...]:
    """Every package that brings checks, without importing any. RegistryError when one is named and not there."""
    return tuple(package(entry.value) for entry in plugins(GROUP))


def package(name: str) -> Package:
    """Where a package is; RegistryError when it is not installed."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise RegistryError(f"the package {name} of the entry point {GROUP} is not installed")
    return Package(name, tuple(Path(location) for location in spec.submodule_search_locations))
