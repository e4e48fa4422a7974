"""The inventory as the report lists it: one line a template, no identifier, no value, no name of a person. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from pgssi_probe.discovery.danger import words
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Place, Source
from pgssi_probe.inventory.references import ASSETS, references
from pgssi_probe.inventory.templates import HOLE, template
from pgssi_probe.model.inventory import MAX_LINES, InventorySummary, ListedRequest, VisitSummary
from pgssi_probe.redact.text import redact_text

NOBODY: Final = "nobody"
MAX_PARAMETERS: Final = 20
_MAY_NAME_SOMEBODY = re.compile(r"[^a-z]")
"""What a word of a path has when it may be somebody's name or a title: signs, capitals, accents."""
_OF_A_PROGRAM = re.compile(r"[a-z0-9_-]+\.(?:php\d?|phtml|aspx?|ashx|jspx?|do|cgi|cfm|pl)")
"""What a file of the application is called: it names no record."""
ROLES: Final = words("""
    admin administrateur administrator agent demo doctor docteur guest infirmier invite manager medecin nurse patient
    root staff superuser test user utilisateur
""")
"""User names that name nobody: folded, they would hide the folder of a role (`/admin/orders`)."""


@dataclass
class _Line:
    count: int = 0
    parameters: dict[str, None] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    source: str = ""
    held: Counter[str] = field(default_factory=Counter)
    free: bool = False


def summary(inventory: Inventory, usernames: Iterable[str] = ()) -> InventorySummary:
    """`usernames` are folded wherever they stand, whole or before their `@`."""
    names = {part.casefold() for name in usernames for part in (name, name.partition("@")[0]) if len(part) > 1} - ROLES
    own = _own_words(inventory)
    lines: dict[tuple[str, str], _Line] = defaultdict(_Line)
    for endpoint in inventory.endpoints:
        if urlsplit(endpoint.url).path.lower().endswith(tuple(ASSETS)):
            continue
        _add(lines[endpoint.method, _template(endpoint, own, names)], endpoint)
    ordered = sorted(lines.items(), key=lambda pair: (ANONYMOUS in pair[1].shown, pair[0][1], pair[0][0]))
    listed = tuple(_listed(method, name, line) for (method, name), line in ordered)
    visits = tuple(
        VisitSummary(
            label=label or NOBODY,
            pages=len(visit.pages),
            answers=len(visit.answers),
            complete=visit.complete,
            why=visit.why,
        )
        for label, visit in inventory.visits.items()
    )
    described = tuple(urlsplit(url).path[:300] for url in inventory.described_by)
    return InventorySummary(
        visits=visits, requests=listed[:MAX_LINES], hidden=max(0, len(listed) - MAX_LINES), described_by=described
    )


def _add(line: _Line, endpoint: Endpoint) -> None:
    line.count += 1
    line.shown |= endpoint.shown_to
    line.told |= endpoint.told_to
    line.source = line.source or endpoint.source.value
    held = endpoint.held.value if endpoint.held is not None else "" if endpoint.reads else "writes"
    line.held.update([held] if held else [])
    line.free = line.free or not held
    for one in endpoint.parameters:
        if one.place is not Place.PATH and len(line.parameters) < MAX_PARAMETERS:
            line.parameters[f"{one.place.value}:{redact_text(one.name[:80])}"] = None


def _listed(method: str, name: str, line: _Line) -> ListedRequest:
    told = line.told - line.shown
    return ListedRequest(
        method=method[:10],
        template=name,
        count=line.count,
        parameters=tuple(line.parameters),
        seen_by=tuple(sorted(label or NOBODY for label in line.shown)),
        told_to=tuple(sorted(label or NOBODY for label in told)),
        source=line.source,
        held=None if line.free or not line.held else line.held.most_common(1)[0][0],
    )


def _template(endpoint: Endpoint, own: frozenset[tuple[str, str]], names: set[str]) -> str:
    """The path without identifiers, nor words that only people signed in were shown beside others of their like."""
    written = template(endpoint, references(endpoint)).partition(" ")[2].partition("?")[0].partition(" (")[0]
    parts = written.split("/")
    for number, word in enumerate(parts):
        plain = unquote(word)
        parent = "/".join(parts[:number])
        if plain.casefold() in names or "@" in plain or (parent, word) in own:
            parts[number] = HOLE
    return redact_text("/".join(parts))[:300]


def _own_words(inventory: Inventory) -> frozenset[tuple[str, str]]:
    """Words of paths that may name somebody: shown to accounts only, and one of several at their place."""
    met: dict[str, set[str]] = defaultdict(set)
    # What a description writes is no name; where it names a record, the template has a hole.
    for endpoint in (one for one in inventory.signed_in_only if one.source is not Source.OPENAPI):
        parts = template(endpoint, references(endpoint)).partition(" ")[2].partition("?")[0].split("/")
        for number, word in enumerate(parts):
            named = _MAY_NAME_SOMEBODY.search(word) and not _OF_A_PROGRAM.fullmatch(word)
            if named and word != HOLE and number > 1:
                met["/".join(parts[:number])].add(word)
    return frozenset((parent, word) for parent, found in met.items() if len(found) > 1 for word in found)
