"""Shared collections by the names that declarations of checks use: `collectors.yaml` of this package and of theirs.

Their code is not imported here: a plan knows what they may send without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from pgssi_probe import yaml_text
from pgssi_probe.check.metadata import CollectorName
from pgssi_probe.model.outcome import Frozen, Level
from pgssi_probe.model.text import Bilingual
from pgssi_probe.packages import RegistryError, packages

FILE = "collectors.yaml"

Need = Literal["account", "browser"]


class CollectorDeclaration(Frozen):
    """Where a collection is (`module:NAME`), what it may send at most, and when it is gathered.

    `level` is the lowest at which a check may ask for it. Without what it `needs`, it sends nothing. `uses` are the
    collections that it asks for in its turn.
    """

    title: Bilingual
    at: str = Field(pattern=r"^[a-z_][a-z0-9_.]*:[A-Z_][A-Z0-9_]*$")
    requests: int = Field(0, ge=0)
    connections: int = Field(0, ge=0, description="besides those of the requests")
    methods: tuple[str, ...] = ("GET", "HEAD")
    level: Level = Level.PASSIVE
    needs: tuple[Need, ...] = ()
    uses: tuple[CollectorName, ...] = ()


@cache
def declared() -> Mapping[str, CollectorDeclaration]:
    """Every collection that has a name. RegistryError for a broken file, a name taken twice, or one that is used and is
    nobody's."""
    files = [Path(__file__).with_name(FILE), *(root / FILE for package in packages() for root in package.roots)]
    found: dict[str, CollectorDeclaration] = {}
    for path in files:
        if not path.exists():
            continue
        for name, declaration in _read(path).items():
            if name in found:
                raise RegistryError(f"{path}: another package has a collection called {name}")
            found[name] = declaration
    for name, declaration in found.items():
        if unknown := set(declaration.uses) - found.keys():
            raise RegistryError(f"the collection {name} uses {', '.join(sorted(unknown))}, which nobody declares")
    return found


def _read(path: Path) -> dict[str, CollectorDeclaration]:
    try:
        data = yaml_text.read(path)
        return {str(name): CollectorDeclaration.model_validate(one) for name, one in data.items()}
    except (yaml_text.NotYamlError, AttributeError, ValidationError) as error:
        raise RegistryError(f"{path}: not a list of collections: {error}") from None


def reachable(names: Iterable[str], level: Level, there: Callable[[Need], bool] = lambda _: True) -> frozenset[str]:
    """The collections of these names that a run at a level may gather, and those that they build on, as far as what
    they need is `there`. KeyError for a name that nobody declares."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        declaration = declared()[name]
        if name not in found and declaration.level.rank <= level.rank and all(map(there, declaration.needs)):
            found.add(name)
            waiting += declaration.uses
    return frozenset(found)
