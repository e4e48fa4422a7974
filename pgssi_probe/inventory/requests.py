"""The parameters of a request, and the same request with one of them changed: the one factor of a comparison."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from pgssi_probe.inventory.model import Endpoint, Parameter, Place
from pgssi_probe.net.exchange import Headers, Request

FORM_TYPE: Final = "application/x-www-form-urlencoded"
GRAPHQL_TYPE: Final = "application/graphql+json"
"""Media type by which the inventory marks a GraphQL request; it is sent as JSON."""
MAX_PARAMETERS: Final = 100
MAX_JSON_DEPTH: Final = 8
MAX_BODY: Final = 200_000
_SEGMENT_SAFE: Final = "!$&'()*+,;=:@-._~"


def parameters_of(url: str, body: bytes = b"", media_type: str = "", headers: Headers = ()) -> tuple[Parameter, ...]:
    """Segments of the path, fields of the query, headers of its own, and the members of a body that is a form, JSON or
    GraphQL; at most 100."""
    found = [*_of_path(url), *_of_query(url)]
    found += [Parameter(Place.HEADER, name, value) for name, value in headers]
    if len(body) <= MAX_BODY:
        if media_type == FORM_TYPE:
            fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
            found += [Parameter(Place.FORM, name, value) for name, value in fields]
        elif media_type == GRAPHQL_TYPE:
            whole = _json(body)
            variables = whole.get("variables") if isinstance(whole, dict) else None
            found += [Parameter(Place.GRAPHQL, name, value) for name, value in _leaves(variables)]
        elif is_json(media_type):
            found += [Parameter(Place.JSON, name, value) for name, value in _leaves(_json(body))]
    return tuple(found[:MAX_PARAMETERS])


def is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def request_of(endpoint: Endpoint) -> Request:
    """The request as it was met, without credentials."""
    sent = "application/json" if endpoint.media_type == GRAPHQL_TYPE else endpoint.media_type
    headers = (("Content-Type", sent),) if endpoint.body and sent else ()
    return Request(endpoint.method, endpoint.url, (*endpoint.headers, *headers), endpoint.body)


def with_value(endpoint: Endpoint, parameter: Parameter, value: str) -> Endpoint:
    """The endpoint with one parameter changed, and nothing else. ValueError when it has no such parameter.

    A repeated field is changed at its first place; a number in JSON stays a number when the new value is one.
    """
    match parameter.place:
        case Place.PATH:
            return replace(endpoint, url=_with_segment(endpoint.url, parameter.name, value))
        case Place.QUERY:
            parts = urlsplit(endpoint.url)
            return replace(endpoint, url=parts._replace(query=_with_field(parts.query, parameter.name, value)).geturl())
        case Place.FORM:
            body = _with_field(endpoint.body.decode("utf-8", "replace"), parameter.name, value)
            return replace(endpoint, body=body.encode())
        case Place.JSON:
            return replace(endpoint, body=_with_pointer(endpoint.body, parameter.name, value))
        case Place.GRAPHQL:
            return replace(endpoint, body=_with_pointer(endpoint.body, f"/variables{parameter.name}", value))
        case Place.HEADER if any(name == parameter.name for name, _ in endpoint.headers):
            named = tuple((name, value if name == parameter.name else old) for name, old in endpoint.headers)
            return replace(endpoint, headers=named)
    raise ValueError(f"no such parameter: {parameter.place} {parameter.name}")


def segments(url: str) -> tuple[str, ...]:
    """The segments of the path as written, without the empty ones at both ends."""
    path = urlsplit(url).path.strip("/")
    return tuple(path.split("/")) if path else ()


def _of_path(url: str) -> Iterator[Parameter]:
    for number, segment in enumerate(segments(url)):
        yield Parameter(Place.PATH, str(number), unquote(segment))


def _of_query(url: str) -> Iterator[Parameter]:
    for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        yield Parameter(Place.QUERY, name, value)


def _with_segment(url: str, number: str, value: str) -> str:
    parts = urlsplit(url)
    lead = len(parts.path) - len(parts.path.lstrip("/"))
    written = parts.path.split("/")
    place = int(number) + lead if number.isdecimal() else len(written)
    if place >= len(written):
        raise ValueError("no such segment")
    written[place] = quote(value, safe=_SEGMENT_SAFE)
    return parts._replace(path="/".join(written)).geturl()


def _with_field(encoded: str, name: str, value: str) -> str:
    fields = parse_qsl(encoded, keep_blank_values=True)
    names = [field for field, _ in fields]
    if name not in names:
        raise ValueError("no such field")
    fields[names.index(name)] = (name, value)
    return urlencode(fields, quote_via=quote)  # a space as %20: not everybody reads a plus as one


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _leaves(value: Any, pointer: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Strings and numbers with their pointers; truths and nulls name no object."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield pointer, str(value)
    elif depth < MAX_JSON_DEPTH and isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{pointer}/{_escaped(name)}", depth + 1)
    elif depth < MAX_JSON_DEPTH and isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{pointer}/{number}", depth + 1)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _with_pointer(body: bytes, pointer: str, value: str) -> bytes:
    whole = _json(body)
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    if not steps:
        return json.dumps(_like(whole, value)).encode()
    here = whole
    for step in steps[:-1]:
        here = _inside(here, step)
    last = steps[-1]
    old = _inside(here, last)
    if isinstance(here, list):
        here[int(last)] = _like(old, value)
    else:
        here[last] = _like(old, value)
    return json.dumps(whole, ensure_ascii=False).encode()


def _inside(value: Any, step: str) -> Any:
    try:
        return value[int(step)] if isinstance(value, list) else value[step]
    except (KeyError, IndexError, TypeError, ValueError):
        raise ValueError("no such member") from None


def _like(old: Any, value: str) -> Any:
    return int(value) if isinstance(old, int) and value.isascii() and value.lstrip("-").isdigit() else value
