"""Where values can be put: parameters of requests that only read, each with the visitor who was shown it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import unquote_plus, urlsplit

from pgssi_probe.check import Request
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Parameter, Place, Source
from pgssi_probe.inventory.references import Form, references
from pgssi_probe.inventory.requests import request_of, with_value
from pgssi_probe.redact.url import redact_url

MAX_BODY = 400_000
MAX_SHOWN = 300
SECRETS = re.compile(
    r"csrf|xsrf|nonce|sectok|captcha|signature|viewstate|eventvalidation|passw|mot_de_passe|authenticity|^_method$",
    re.IGNORECASE,
)
"""Names of what a form proves itself by, or of secrets: nothing else is ever put there. `_method` changes the verb."""


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
    def place(self) -> str:
        """The request and its parameter for people, without identifiers: `GET /documents/{id}?format`."""
        return f"{shape(self.endpoint)}?{self.name}"[:MAX_SHOWN]

    def request(self, value: str) -> Request:
        return _asking(with_value(self.endpoint, self.parameter, value))

    def untouched(self) -> Request:
        return _asking(self.endpoint)


def _asking(endpoint: Endpoint) -> Request:
    return replace(request_of(endpoint), provokes_errors=True, max_body=MAX_BODY)


def shape(endpoint: Endpoint) -> str:
    """The method and the path, identifiers left out."""
    parts = urlsplit(endpoint.url)
    written = parts.path.split("/")
    lead = len(parts.path) - len(parts.path.lstrip("/"))
    for each in references(endpoint):
        if each.parameter.place is Place.PATH and each.form is not Form.SLUG:
            written[int(each.parameter.name) + lead] = "{id}"
    return f"{endpoint.method} {'/'.join(written)}"


def points(inventory: Inventory, *, most: int, per_template: int = 100) -> list[Point]:
    """Fields of queries, those of forms first, each once for requests of one shape; at most `per_template` of each."""
    live = [label for label, visit in inventory.visits.items() if label == ANONYMOUS or visit.session is not None]
    found: dict[tuple[str, str], Point] = {}
    counts: dict[str, int] = {}
    for endpoint in sorted(inventory.endpoints, key=_rank):
        label = next((one for one in live if one in endpoint.seen_by), None)
        if label is None or not _is_usable(endpoint):
            continue
        name = shape(endpoint)
        for parameter in endpoint.at(Place.QUERY):
            key = (name, parameter.name)
            known = found.get(key)
            if known is not None:
                if parameter.value and not known.value:  # now with a value; what the form says of it is kept
                    seen = replace(parameter, kind=known.parameter.kind, required=known.parameter.required)
                    found[key] = Point(endpoint, seen, label)
            elif counts.get(name, 0) < per_template and _may_change(Point(endpoint, parameter, label)):
                counts[name] = counts.get(name, 0) + 1
                found[key] = Point(endpoint, parameter, label)
    return list(found.values())[:most]


def _rank(endpoint: Endpoint) -> tuple[bool, bool]:
    return endpoint.source is not Source.FORM, ANONYMOUS not in endpoint.seen_by


def _is_usable(endpoint: Endpoint) -> bool:
    return endpoint.method == "GET" and endpoint.reads and endpoint.held is None


def _may_change(point: Point) -> bool:
    if SECRETS.search(point.name) or is_dangerous(point.endpoint.url, point.name):
        return False
    try:
        with_value(point.endpoint, point.parameter, "x")
    except ValueError:
        return False  # a box that nobody ticked
    return True


def curl(request: Request, label: str = "", parameter: str = "") -> str:
    """A command line that repeats a request; the session is left for the reader to put in. Values that may be secrets
    are marked, but for that of `parameter`, which is ours."""
    words = ["curl", "-g", "--path-as-is"]
    if request.method != "GET":
        words += ["-X", request.method]
    if label:
        words += ["-H", f"Cookie: <session {label}>"]
    for name, value in request.headers:
        if name.lower() not in {"cookie", "authorization"}:
            words += ["-H", f"{name}: {value}"]
    if request.origin_form is not None:
        words += ["--request-target", request.origin_form]
    return shlex.join([*words, _without_secrets(request.url, parameter)])


def _without_secrets(url: str, parameter: str) -> str:
    before, mark, query = url.partition("?")
    pairs = (
        pair if unquote_plus(pair.partition("=")[0]) == parameter else redact_url(f"?{pair}")[1:]
        for pair in query.split("&")
    )
    return redact_url(before) + mark + "&".join(pairs)


def places(found: Iterable[Point]) -> list[str]:
    return list(dict.fromkeys(point.place for point in found))
