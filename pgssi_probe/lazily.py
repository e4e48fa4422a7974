"""What a package exports, imported from the module that defines it when somebody asks for it: a passive scan shall not
pay for what signs in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazily(package: str, exported: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """The `__getattr__` of a package (PEP 562). `exported`: names by module of the package, or by full name after a dot
    (`.pgssi_probe.model.account`). What is found once is kept."""
    places = {name: module for module, names in exported.items() for name in names}

    def found(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = places[name]
        value = getattr(import_module(module[1:] if module.startswith(".") else f"{package}.{module}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return found
