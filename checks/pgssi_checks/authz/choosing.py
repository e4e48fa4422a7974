"""Which requests of an account are worth asking as somebody else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pgssi_probe.discovery.site import Skipped
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Place, Visit
from pgssi_probe.inventory.references import Form, Reference, names_a_record, references
from pgssi_probe.inventory.templates import bears_a_right, template

Chosen = tuple[Endpoint, tuple[Reference, ...]]
MAY_BE_ASKED = frozenset({None, Skipped.BUDGET, Skipped.REPEATED})
"""Why the walk left an address that its owner may ask for all the same: it had seen enough."""
OF_PERSONS = re.compile(
    r"(?:^|[/_-])(?:u|users?|utilisateurs?|profiles?|profils?|members?|membres?|authors?|auteurs?|people|persons?|"
    r"avatars?|photos?)(?=[/_.?{-]|$)",
    re.IGNORECASE,
)
"""Templates of what many applications show of each person to everybody."""
OF_CARE = re.compile(
    r"patient|dossier|factur|invoice|bill|ordonnance|prescription|resultat|consultation|rdv|rendez|appointment|medical|"
    r"medhistory|hospitali|compte-?rendu",
    re.IGNORECASE,
)
"""Templates of records that are about one person's care or money, whatever application it is."""

OF_ANYTHING = frozenset({"id", "ids", "uid", "num", "no", "key", "item", "record", "object"})
"""Fields that name a record of whatever kind the page is of."""

FILTERS = re.compile(
    r"(?:set|show|with|include|has|is|only|display|hide|filter|filtre|afficher|avec)_?[a-z_]*$", re.IGNORECASE
)
"""Fields that switch a part of a list on or off."""


def candidates(endpoints: Iterable[Endpoint], visit: Visit, most: int, per_template: int) -> list[Chosen]:
    """Requests that read, a few of each template: those with identifiers first, one of every template before a second
    of any, those that the visitor was answered before those that it was only offered or told of: it asks these first.
    Selections of a list come last: there are many of them, and few name a record.
    What was refused to the visitor itself is left out, and addresses that open what they name for whoever has them."""
    met: Counter[str] = Counter()
    ranked: list[tuple[bool, bool, int, bool, Chosen]] = []
    for endpoint in endpoints:
        if not endpoint.reads or endpoint.held not in MAY_BE_ASKED:
            continue
        found = references(endpoint)
        answered = visit.answer_to(endpoint.url, endpoint.headers) if endpoint.method == "GET" else None
        refused = answered is not None and answered.status != 200
        # Of what the walk left, records only: the rest is lists sorted and filtered otherwise.
        unasked = answered is None and endpoint.held is not None and not any(map(_names_one, found))
        # What speaks of care is no mere selection: a list of one patient's records is a record too.
        selected = is_a_selection(found) and not OF_CARE.search(endpoint.url)
        if refused or unasked or bears_a_right(endpoint, found):
            continue
        name = template(endpoint, found)
        met[name] += 1
        if met[name] <= per_template:
            ranked.append((not found, selected, met[name], answered is None, (endpoint, found)))
    ranked.sort(key=lambda one: one[:4])
    return [chosen for *_, chosen in ranked[:most]]


def is_a_selection(found: Iterable[Reference]) -> bool:
    """Whether a query chooses among what there is rather than names one record: a switch of a filter stands in it
    (`assigned_to_id=5&set_filter=1`)."""
    return any(
        each.parameter.place is Place.QUERY and each.value in {"0", "1"} and FILTERS.match(each.parameter.name)
        for each in found
    )


def _names_one(reference: Reference) -> bool:
    """Whether a request is of one record for sure: an identifier in its path, or in a field that is called so."""
    in_path = reference.parameter.place is Place.PATH
    return reference.form is not Form.SLUG and (in_path or names_a_record(reference.parameter.name))


def values_by_template(inventory: Inventory, label: str) -> Mapping[str, frozenset[tuple[str, ...]]]:
    """The identifiers that a visitor was offered, by template; links that were not followed included."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for endpoint in inventory.seen_by(label):
        named = references(endpoint)
        if named:
            found.setdefault(template(endpoint, named), set()).add(tuple(each.value for each in named))
    return {name: frozenset(values) for name, values in found.items()}


def is_offered_elsewhere(inventory: Inventory, label: str, endpoint: Endpoint, found: Iterable[Reference]) -> bool:
    """Whether a visitor was offered the records that a query names by another address of the same page: with another
    order of a list, or to see what the address would have it edit."""
    wanted = _records(found)
    if not wanted:
        return False
    known = (
        _records(references(other))
        for other in inventory.seen_by(label)
        if label in other.shown_to and other.path == endpoint.path
    )
    return wanted <= frozenset().union(*known)


def _records(found: Iterable[Reference]) -> frozenset[tuple[str, str]]:
    """A bare `id` says not of what: a piece of news may bear the number of a patient."""
    return frozenset(
        (each.parameter.name, each.value)
        for each in found
        if each.parameter.place is Place.QUERY
        and names_a_record(each.parameter.name)
        and each.parameter.name.lower() not in OF_ANYTHING
    )


def is_only_words(endpoint: Endpoint, found: Iterable[Reference]) -> bool:
    """Whether an address names its record by words alone, a page of a wiki as well as a record, and no description says
    that they name one."""
    return not endpoint.record_parts and all(each.form is Form.SLUG for each in found)


def is_each_ones_own(inventory: Inventory, name: str, labels: Iterable[str]) -> bool:
    """Whether accounts of one kind are each offered records of this template, never the same, and nobody else is any:
    what they are shown there is theirs, whoever it is given to. Pages about persons are left out: many are public."""
    if OF_PERSONS.search(name.partition(" ")[2]) or name in values_by_template(inventory, ANONYMOUS):
        return False
    offered = [values for label in labels if (values := values_by_template(inventory, label).get(name))]
    common = sum(map(len, offered)) != len(frozenset().union(*offered))
    return len(offered) >= 2 and not common
