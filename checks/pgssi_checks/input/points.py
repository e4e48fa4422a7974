"""Where values can be put: parameters of requests that only read, or that are declared harmless, each with the visitor
who was shown it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_checks.input.ready import may_be_sent, ready
from pgssi_probe.check import Request
from pgssi_probe.discovery.address import extension, names_a_page
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.site import Skipped
from pgssi_probe.inventory.declaring import fields_declared
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Parameter, Place, Source
from pgssi_probe.inventory.references import ASSETS, Form, is_record_part, references
from pgssi_probe.inventory.requests import FORM_TYPE, GRAPHQL_TYPE, parameters_of, request_of, with_value
from pgssi_probe.redact.url import redact_url

MAX_BODY = 400_000
MAX_SHOWN = 300
MIN_SIBLINGS = 3
"""Words below one path from which they are taken for names of records [ours]."""
HOLE = "{id}"
SECRETS = re.compile(
    r"csrf|xsrf|nonce|sectok|captcha|signature|viewstate|eventvalidation|passw|mot_de_passe|authenticity|^_method$",
    re.IGNORECASE,
)
"""Names of what a form proves itself by, or of secrets: nothing else is ever put there. `_method` changes the verb."""

_TOKEN = re.compile(r"token|jeton|verification|^__event|sectok", re.IGNORECASE)
"""What goes with a form to show where it comes from; in an address it is a value like others."""


@dataclass(frozen=True, slots=True)
class Point:
    """One parameter of one request. `label` is the visitor who sends it, "" for nobody."""

    endpoint: Endpoint
    parameter: Parameter
    label: str

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def value(self) -> str:
        """The value that it was met with; "" when none was seen."""
        return self.parameter.value

    @property
    def said(self) -> str:
        """The parameter for people."""
        return HOLE if self.parameter.place is Place.PATH else self.name

    @property
    def place(self) -> str:
        """The request and its parameter for people, without identifiers: `GET /documents/{id}?format`, and
        `POST /recherche [q]` for what stands elsewhere than in the address."""
        match self.parameter.place:
            case Place.PATH:
                said = shape(self.endpoint, self.name)
            case Place.QUERY:
                there = shape(self.endpoint, field=self.name)
                said = f"{there}{'&' if '?' in there else '?'}{self.name}"
            case _:
                said = f"{shape(self.endpoint)} [{self.name}]"
        return said[:MAX_SHOWN]

    @property
    def is_carried(self) -> bool:
        """In a header or a cookie: whoever sends the request chooses it, and no link does."""
        return self.parameter.place in {Place.HEADER, Place.COOKIE}

    @property
    def signs_in(self) -> bool:
        """Of a form that asks for a password: tried last, since whoever fails there often is slowed down, rightly."""
        return any(one.kind == "password" for one in self.endpoint.parameters)

    def request(self, value: str) -> Request:
        """The request with the value. A cookie is put by who sends it: the others go with it."""
        if self.parameter.place is Place.COOKIE:
            return replace(_asking(self.endpoint), headers=(("Cookie", f"{self.name}={as_cookie(value)}"),))
        if self.parameter.place is Place.HEADER and not self.endpoint.at(Place.HEADER):
            return replace(_asking(self.endpoint), headers=((self.name, value),))
        return _asking(with_value(self.endpoint, self.parameter, value))

    def untouched(self) -> Request:
        return _asking(self.endpoint)


def _asking(endpoint: Endpoint) -> Request:
    return replace(request_of(endpoint), provokes_errors=True, max_body=MAX_BODY)


def shape(endpoint: Endpoint, segment: str = "", field: str = "") -> str:
    """The method and the path, identifiers and the named segment left out, with what says which page of a front
    controller is meant (`/index.php?page=agenda`), unless it is the field itself."""
    parts = urlsplit(endpoint.url)
    written = parts.path.split("/")
    lead = len(parts.path) - len(parts.path.lstrip("/"))
    for number in (*(one.name for one in identifiers(endpoint)), *([segment] if segment else ())):
        written[int(number) + lead] = HOLE
    pages = [
        f"{one.name}={one.value}"
        for one in endpoint.at(Place.QUERY)
        if one.name != field and names_a_page(one.name, one.value)
    ]
    return f"{endpoint.method} {'/'.join(written)}{'?' if pages else ''}{'&'.join(pages)}"


def _is_plain(parameter: Parameter) -> bool:
    return bool(re.fullmatch(r"[\w.@-]{1,60}", parameter.value))


def identifiers(endpoint: Endpoint) -> list[Parameter]:
    """Segments of the path that name a record by a number, a code or the like."""
    found = references(endpoint)
    return [one.parameter for one in found if one.parameter.place is Place.PATH and one.form is not Form.SLUG]


MAY_BE_ASKED: Final = frozenset({None, Skipped.REPEATED, Skipped.BUDGET})
"""Why the walk left an address that may well be asked for: it had seen enough of its kind, or had enough."""
REFUSED: Final = frozenset({401, 403, 405, 419})
"""Answers to the request itself, whatever it holds: 419 is Laravel's word for a token that has passed."""
FIELDS: Final = frozenset({Place.QUERY, Place.FORM, Place.JSON})
PLAIN: Final = FIELDS | {Place.PATH}
VALUES: Final = PLAIN | {Place.GRAPHQL}


def points(
    inventory: Inventory,
    *,
    most: int = 10_000,
    per_template: int = 100,
    where: frozenset[Place] = FIELDS,
    lines: Iterable[str] = (),
) -> list[Point]:
    """Fields of forms first, then of queries, then segments that name a record, each once for requests of one shape; at
    most `per_template` of each. A POST only where `lines` of the engagement let it be sent, and the fields by which a
    line names it are left as they are."""
    lines = tuple(lines)
    live = [label for label, visit in inventory.visits.items() if label == ANONYMOUS or visit.session is not None]
    usable = [one for one in inventory.endpoints if _is_usable(one, where)]
    usable += [ready(one) for one in inventory.endpoints if may_be_sent(one, lines)]
    named = _named(usable) if Place.PATH in where else {}
    found: dict[tuple[str, str], Point] = {}
    counts: dict[str, int] = {}
    for endpoint in sorted(usable, key=_rank):
        label = next((one for one in live if one in endpoint.seen_by), None)
        if label is None:
            continue
        fixed = fields_declared(endpoint, lines) or frozenset()
        fields = [one for one in sent(endpoint) if one.place in where - {Place.PATH} and one.name not in fixed]
        for parameter in (*fields, *named.get(endpoint.url, ())):
            segment = parameter.name if parameter.place is Place.PATH else ""
            name = shape(endpoint, segment, parameter.name)
            form = f"{name} {sorted(one.name for one in endpoint.at(Place.QUERY))}"
            key = (name, parameter.name)
            known = found.get(key)
            if known is not None:
                # Now with a value, or with a plainer one; what the form says of it is kept.
                if (parameter.value and not known.value) or (_is_plain(parameter) and not _is_plain(known.parameter)):
                    seen = replace(parameter, kind=known.parameter.kind, required=known.parameter.required)
                    found[key] = Point(endpoint, seen, label)
            elif counts.get(form, 0) < per_template and _may_change(Point(endpoint, parameter, label)):
                counts[form] = counts.get(form, 0) + 1
                found[key] = Point(endpoint, parameter, label)
    ordered = sorted(found.values(), key=lambda point: (point.signs_in, point.parameter.place is Place.PATH))
    return ordered[:most]


def sent(endpoint: Endpoint) -> tuple[Parameter, ...]:
    """The parameters with the values that the request would be sent with: that of a POST was made ready."""
    if endpoint.method != "POST" or endpoint.media_type == GRAPHQL_TYPE:
        return endpoint.parameters
    filled = parameters_of(endpoint.url, endpoint.body, endpoint.media_type)
    said = {(one.place, one.name): one for one in endpoint.parameters}
    return tuple(
        replace(one, kind=known.kind, required=known.required) if (known := said.get((one.place, one.name))) else one
        for one in filled
    )


def _named(endpoints: Iterable[Endpoint]) -> dict[str, list[Parameter]]:
    """By address, segments that name a record: identifiers, and the last one where several stand below one path."""
    found: dict[str, list[Parameter]] = {}
    below: dict[str, list[tuple[bool, str, Parameter]]] = {}
    for endpoint in endpoints:
        if endpoint.method != "GET":
            continue
        found.setdefault(endpoint.url, []).extend(identifiers(endpoint))
        last = max(endpoint.at(Place.PATH), key=lambda one: int(one.name), default=None)
        if last is not None and last.value and last not in found[endpoint.url]:
            said = is_record_part(last, endpoint)
            below.setdefault(shape(endpoint, last.name), []).append((not said, endpoint.url, last))
    for siblings in below.values():
        if len({one.value for *_, one in siblings}) >= MIN_SIBLINGS and "/" in urlsplit(siblings[0][1]).path.strip("/"):
            # What a description calls a record, rather than a page that stands beside records.
            _, url, last = min(siblings, key=lambda one: one[0])
            found[url].append(last)
    return found


def _rank(endpoint: Endpoint) -> tuple[bool, bool]:
    return endpoint.source is not Source.FORM, ANONYMOUS not in endpoint.seen_by


def _is_usable(endpoint: Endpoint, where: frozenset[Place]) -> bool:
    asks = endpoint.method == "GET" or (Place.GRAPHQL in where and endpoint.media_type == GRAPHQL_TYPE)
    return asks and endpoint.reads and endpoint.held in MAY_BE_ASKED and extension(endpoint.url) not in ASSETS


def _may_change(point: Point) -> bool:
    if point.parameter.place in {Place.FORM, Place.JSON} and _TOKEN.search(point.name):
        return False
    if SECRETS.search(point.name) or is_dangerous(point.endpoint.url, point.name):
        return False
    try:
        with_value(point.endpoint, point.parameter, "x")
    except ValueError:
        return False  # a box that nobody ticked
    return True


def fits(value: str) -> bool:
    """Whether a value can be written in a header."""
    return value.isascii() and value.isprintable()


def as_cookie(value: str) -> str:
    """The value as a cookie carries it: its own separators, and what no header holds, are written in hexadecimal."""
    return "".join(
        one if fits(one) and one not in ";," else "".join(f"%{byte:02X}" for byte in one.encode()) for one in value
    )


def curl(request: Request, label: str = "", parameter: str = "") -> str:
    """A command line that repeats a request; the session is left for the reader to put in. Values that may be secrets
    are marked, but for that of `parameter`, which is ours."""
    words = ["curl", "-g", "--path-as-is"]
    if request.method != "GET":
        words += ["-X", request.method]
    if label:
        words += ["-H", f"Cookie: <session {label}>"]
    for name, value in request.headers:
        ours = not label and bool(parameter) and value.startswith(f"{parameter}=")
        if name.lower() not in {"cookie", "authorization"} or (name == "Cookie" and ours):
            words += ["-H", f"{name}: {value}"]
    if request.body:
        words += ["--data-raw", _body(request, parameter)]
    if request.origin_form is not None:
        words += ["--request-target", request.origin_form]
    return shlex.join([*words, _without_secrets(request.url, parameter)])


def _body(request: Request, parameter: str) -> str:
    """The body, capped; of a form, values that prove something or are secrets are left for the reader to put in."""
    text = request.body.decode("utf-8", "replace")
    if ("Content-Type", FORM_TYPE) not in request.headers:
        return text[:MAX_SHOWN]
    pairs = []
    for pair in text.split("&"):
        name = unquote_plus(pair.partition("=")[0])
        pairs.append(f"{pair.partition('=')[0]}=<>" if name != parameter and SECRETS.search(name) else pair)
    return "&".join(pairs)[:MAX_SHOWN]


def _without_secrets(url: str, parameter: str) -> str:
    before, mark, query = url.partition("?")
    pairs = (
        pair if unquote_plus(pair.partition("=")[0]) == parameter else redact_url(f"?{pair}")[1:]
        for pair in query.split("&")
    )
    return redact_url(before) + mark + "&".join(pairs)
