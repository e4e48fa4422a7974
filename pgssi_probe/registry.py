"""The checks that are installed: their declarations, read without importing any check's code."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from pgssi_probe import collectors, yaml_text
from pgssi_probe.check.context import CheckContext
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.model.outcome import Observation
from pgssi_probe.packages import Package, RegistryError, packages

__all__ = ["Observe", "RegisteredCheck", "RegistryError", "UnknownCheck", "check", "checks", "read_declaration"]

Observe = Callable[[CheckContext], Awaitable[list[Observation]]]


class UnknownCheck(KeyError):
    """No check has this id. `close` lists ids that look like it."""

    def __init__(self, identifier: str, close: tuple[str, ...]) -> None:
        super().__init__(identifier)
        self.identifier = identifier
        self.close = close


@dataclass(frozen=True, slots=True)
class RegisteredCheck:
    """A declaration and where its code is. The code is imported only when `observe` is asked for."""

    metadata: CheckMetadata
    module: str
    declared_in: Path

    @property
    def id(self) -> str:
        return self.metadata.id

    def observe(self) -> Observe:
        """The coroutine function of the check; RegistryError when its module has none."""
        function = getattr(importlib.import_module(self.module), "observe", None)
        if function is None:
            raise RegistryError(f"{self.module} has no coroutine named observe")
        found: Observe = function
        return found


def read_declaration(path: Path) -> CheckMetadata:
    """The validated declaration of a YAML file; RegistryError names the file and the place."""
    try:
        data = yaml_text.read(path)
        return CheckMetadata.model_validate(data)
    except yaml_text.NotYamlError as error:
        raise RegistryError(f"{path}: not readable as YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise RegistryError(f"{path}: {place}: {first['msg']}") from None


def _declared_in(package: Package) -> Iterator[RegisteredCheck]:
    for root in package.roots:
        for path in sorted(root.rglob("*.yaml")):
            module = path.with_suffix(".py")
            if not module.exists():
                continue  # a data file of a check, not a declaration
            metadata = read_declaration(path)
            relative = path.relative_to(root).with_suffix("")
            expected = ".".join(part.replace("_", "-") for part in relative.parts)
            if metadata.id not in {expected, expected.rpartition(".")[0]}:
                raise RegistryError(f"{path}: declares {metadata.id}, but its place says {expected}")
            for name in metadata.collects:
                if name not in collectors.declared():
                    raise RegistryError(f"{path}: collects {name}, which nobody declares")
            yield RegisteredCheck(metadata, ".".join((package.name, *relative.parts)), path)


@cache
def checks() -> Mapping[str, RegisteredCheck]:
    """Every installed check by id, sorted. RegistryError when there is none or two have the same id."""
    found: dict[str, RegisteredCheck] = {}
    for package in packages():
        for check in _declared_in(package):
            if check.id in found:
                raise RegistryError(
                    f"two checks are called {check.id}: {found[check.id].declared_in}, {check.declared_in}"
                )
            found[check.id] = check
    if not found:
        raise RegistryError("no check is installed")
    return dict(sorted(found.items()))


def check(identifier: str) -> RegisteredCheck:
    """One check by id; UnknownCheck otherwise."""
    try:
        return checks()[identifier]
    except KeyError:
        raise UnknownCheck(identifier, tuple(get_close_matches(identifier, checks(), n=3))) from None
