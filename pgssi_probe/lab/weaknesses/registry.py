"""The list of switches: their names, what each excludes, and the sets with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.model.text import Bilingual

Effect = Callable[[Blueprint], None]

DEMO = (
    "https.hsts/max-age-short",
    "cookie.flags/samesite-missing",
    "headers.csp/unsafe-inline",
    "headers.clickjacking/missing",
    "disclosure.banners/server-version",
    "disclosure.verbose-errors/stack-trace-python",
    "disclosure.files/git",
    "disclosure.directory-listing/listing",
    "content.legal-notices/incomplete",
    "content.security-txt/expired",
    "session.logout/still-valid",
    "login.throttling/none",
    "login.user-enumeration/message",
    "authz.idor/other-record",
    "exposure.admin-interfaces/open",
)
"""A telling set for a demonstration: some of each family, none that hides another."""


class UnknownWeakness(ValueError):
    """A weakness id that does not exist, with the closest that do."""

    def __init__(self, name: str, close: list[str]) -> None:
        super().__init__(f"unknown weakness {name!r}" + (f", did you mean {', '.join(close)}?" if close else ""))
        self.identifier = name
        self.close = tuple(close)


class IncompatibleWeaknesses(ValueError):
    """Weaknesses that change the same thing in different ways."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first!r} and {second!r} cannot be on together")
        self.names = (first, second)


@dataclass(frozen=True)
class Weakness:
    """One switch: `check-id/outcome` for a weakness, `trap/…` for what must not be accused, `mode/…` for a variant.

    `takes` names what it changes: two weaknesses that take the same thing cannot be on together.
    """

    id: str
    title: Bilingual
    apply: Effect
    takes: frozenset[str] = frozenset()

    @property
    def check(self) -> str:
        """The check that must trip; `trap` and `mode` are no checks."""
        return self.id.partition("/")[0]

    @property
    def slug(self) -> str:
        return self.id.partition("/")[2]

    @property
    def is_weakness(self) -> bool:
        return self.check not in ("trap", "mode")


_registered: dict[str, Weakness] = {}


def weakness(identifier: str, *, fr: str, en: str, takes: str = "") -> Callable[[Effect], Effect]:
    """Declare the function that follows as the effect of a switch. `takes` is a list of words."""

    def declare(effect: Effect) -> Effect:
        if identifier in _registered:
            raise ValueError(f"{identifier} is declared twice")
        _registered[identifier] = Weakness(identifier, Bilingual(fr=fr, en=en), effect, frozenset(takes.split()))
        return effect

    return declare


def registered() -> dict[str, Weakness]:
    """Every switch by id, in the order of declaration."""
    return dict(_registered)


def chosen(names: Iterable[str]) -> list[Weakness]:
    """The switches of a set of ids, in the order of declaration.

    Raises UnknownWeakness or IncompatibleWeaknesses.
    """
    wanted = set(names)
    for name in sorted(wanted - _registered.keys()):
        raise UnknownWeakness(name, get_close_matches(name, [*_registered, "all", "none", "demo"], n=3, cutoff=0.5))
    found = [each for each in _registered.values() if each.id in wanted]
    taken: dict[str, str] = {}
    for each in found:
        for thing in each.takes:
            if thing in taken:
                raise IncompatibleWeaknesses(taken[thing], each.id)
            taken[thing] = each.id
    return found


def resolve(names: Iterable[str]) -> frozenset[str]:
    """Ids from what a user asks: ids, `none`, `demo`, or `all`.

    `all` is every weakness (no trap, no mode) that is compatible with those declared before it: among those that take
    the same thing, the first declared wins. The faults of TLS are left out, since the portal could not be read through
    some of them. Other ids given beside `all` or `demo` come first.
    """
    asked = [part for name in names for part in name.replace(",", " ").split()]
    sets = {"none", "all", "demo"}
    ids = {name for name in asked if name not in sets}
    taken = {thing for each in chosen(ids) for thing in each.takes}
    candidates: list[Weakness] = []
    if "demo" in asked:
        candidates = chosen(DEMO)
    if "all" in asked:
        candidates = [each for each in _registered.values() if each.is_weakness and not each.check.startswith("tls.")]
    for each in candidates:
        if each.id not in ids and not each.takes & taken:
            ids.add(each.id)
            taken |= each.takes
    return frozenset(ids)


def list_weaknesses() -> list[Weakness]:
    """Every switch, in the order of declaration."""
    return list(_registered.values())
