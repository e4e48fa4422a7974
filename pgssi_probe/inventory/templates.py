"""Requests without what identifies records: two records of one kind have the same template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.discovery.address import names_a_page
from pgssi_probe.inventory.model import Endpoint, Parameter, Place
from pgssi_probe.inventory.references import Form, Reference, is_record_part

MAX_TEMPLATE: Final = 300
HOLE: Final = "{id}"
_BEARS_A_RIGHT = re.compile(
    r"(?:^|[_.-])(?:key|apikey|token|jwt|sig|signature|auth|authkey|hash|hmac|ticket|sid|sess|session|sessionid|secret|"
    r"password|credential|capability|otp)$",
    re.IGNORECASE,
)
_LONG_ENOUGH: Final = 12


def template(endpoint: Endpoint, found: Sequence[Reference]) -> str:
    """The request without its identifiers: `GET /documents/{id}`, `GET /dossier?id={id}`, `POST /api (/patient)`.

    Slugs stay in paths, since most words there are no names of records.
    """
    parts = urlsplit(endpoint.url)
    written = parts.path.split("/")
    lead = len(parts.path) - len(parts.path.lstrip("/"))
    for each in found:
        named = each.form is not Form.SLUG or is_record_part(each.parameter, endpoint)
        if each.parameter.place is Place.PATH and named:
            written[int(each.parameter.name) + lead] = HOLE
    names = {each.parameter.name for each in found if each.parameter.place is Place.QUERY}
    query = "&".join(_field(one, named=one.name in names) for one in endpoint.at(Place.QUERY))
    inside = [each.parameter.name for each in found if each.parameter.place not in {Place.PATH, Place.QUERY}]
    told = f" ({', '.join(inside)})" if inside else ""
    return f"{endpoint.method} {'/'.join(written)}{'?' + query if query else ''}{told}"[:MAX_TEMPLATE]


def _field(parameter: Parameter, *, named: bool) -> str:
    """A field of the query: a word that says which page of a front controller is meant stays."""
    if named:
        return f"{parameter.name}={HOLE}"
    plain = not names_a_page(parameter.name, parameter.value)
    return parameter.name if plain else f"{parameter.name}={parameter.value}"


def bears_a_right(endpoint: Endpoint, found: Sequence[Reference] = ()) -> bool:
    """Whether the address itself opens what it names (`feed.atom?key=4f2a…`): who has it may read, by design.

    A UUID or a number under such a name is an identifier all the same.
    """
    plain = {each.value for each in found if each.form in {Form.UUID, Form.NUMBER}}
    return any(
        _BEARS_A_RIGHT.search(one.name) and len(one.value) >= _LONG_ENOUGH and one.value not in plain
        for one in endpoint.at(Place.QUERY)
    )
