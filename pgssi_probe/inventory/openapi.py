"""The requests that a description of an API stands for, filled with what an account was shown. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from pgssi_probe.discovery.described import (
    MAX_REFS,
    anywhere,
    base_of,
    each_operation,
    for_staff,
    resolved,
    said_of,
    writes,
)
from pgssi_probe.inventory.gleaning import Found
from pgssi_probe.inventory.model import Parameter, Place, Source
from pgssi_probe.inventory.references import written_as
from pgssi_probe.inventory.requests import FORM_TYPE, is_json, segments
from pgssi_probe.inventory.values import Pool

MAX_PARAMETERS: Final = 40
MAX_DEPTH: Final = 5
MAX_FILLED: Final = 2
"""Records for which one operation is filled."""
MAX_MET: Final = 400
MAX_SHAPES: Final = 200
_HOLE = re.compile(r"\{([^{}/]{1,80})\}")
_CREDENTIAL = re.compile(
    r"authorization|api[-_]?key|x-auth|token|secret|password|mot_de_passe|csrf|xsrf|cookie|session|signature",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a description. `url` may have holes (`{id}`). `body` is the JSON or the fields sent, None when
    there is none, with None where a value is not known."""

    method: str
    url: str
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    media_type: str = ""
    text: str = ""
    writes: bool = False
    """A GET that changes something, by its own words."""
    for_staff: str = ""
    """The word by which the description says that it is one of administration."""

    @property
    def holes(self) -> tuple[str, ...]:
        return tuple(_HOLE.findall(urlsplit(self.url).path))


def names_told(described: Iterable[Operation], met: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names and values that addresses which were met give to the holes of operations: `/accounts/4711` met, beside
    `/accounts/{account_number}`, says what `account_number` may be elsewhere."""
    shapes = []
    for one in described:
        if one.holes and one.method == "GET":
            parts = _HOLE.split(urlsplit(one.url).path)
            written = "".join(
                re.escape(part) if number % 2 == 0 else "([^/]{1,80})" for number, part in enumerate(parts)
            )
            shapes.append((urlsplit(one.url).netloc, re.compile(written), one.holes))
    for url in list(dict.fromkeys(met))[:MAX_MET]:
        for netloc, shape, holes in shapes[:MAX_SHAPES]:
            match = shape.fullmatch(urlsplit(url).path) if urlsplit(url).netloc == netloc else None
            if match is not None:
                yield from zip(holes, map(unquote, match.groups()), strict=True)


def operations(
    described: Mapping[str, Any], url: str, in_scope: Callable[[str], bool] = anywhere
) -> Iterator[Operation]:
    """The operations, at most 500, with absolute addresses. `url` is where the description was read."""
    base = base_of(described, url, in_scope)
    for path, method, item, operation in each_operation(described):
        made = _operation(described, method, base, path, item, operation)
        if made is not None:
            yield made


def _operation(
    described: Mapping[str, Any],
    method: str,
    base: str,
    path: str,
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
) -> Operation | None:
    shared, own = item.get("parameters"), operation.get("parameters")
    given = [
        *(shared if isinstance(shared, list) else []),
        *(own if isinstance(own, list) else []),
    ]
    parameters, fields, body, media_type = [], {}, None, ""
    for raw in given[:MAX_PARAMETERS]:
        one = resolved(described, raw)
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            continue
        place = str(one.get("in", ""))
        said = resolved(described, one.get("schema")) if place != "body" else None
        schema = said if isinstance(said, dict) else {}
        # The name in an example may be somebody's: of a path, a choice or a default at most is sent.
        told = {**schema, **one}
        sample = _sample({**told, "example": None} if place == "path" else told)
        if place in {"path", "query", "header"}:
            kind = str((schema or one).get("format") or (schema or one).get("type") or "")[:20]
            required = one.get("required") is True
            parameters.append(Parameter(Place(place), one["name"][:100], sample, kind, required))
        elif place == "formData":
            fields[one["name"][:100]] = sample or None
        elif place == "body":
            body, media_type = _example(described, one.get("schema"), 0), "application/json"
    if fields:
        body, media_type = fields, FORM_TYPE
    request = resolved(described, operation.get("requestBody"))
    content = request.get("content") if isinstance(request, dict) else None
    if isinstance(content, dict):
        chosen = next((kind for kind in content if is_json(kind) or kind == FORM_TYPE), "")
        if chosen and isinstance(content[chosen], dict):
            media_type = chosen
            told = content[chosen].get("example")
            body = _unfilled(told) if told is not None else _example(described, content[chosen].get("schema"), 0)
    return Operation(
        method.upper(),
        base + path[:500],
        tuple(parameters),
        body,
        media_type,
        said_of(operation),
        writes=method == "get" and writes(operation),
        for_staff=for_staff(path, operation, described),
    )


def _sample(told: Mapping[str, Any]) -> str:
    """A value that the description gives and that names no record: a choice, a default, a word, a date."""
    choices = told.get("enum")
    candidates = [told.get("default"), *(choices[:1] if isinstance(choices, list) else [])]
    for value in candidates:
        if isinstance(value, str | int | float):
            return str(value)[:200].lower() if isinstance(value, bool) else str(value)[:200]
    value = told.get("example")
    if isinstance(value, bool):
        return str(value).lower()
    # The number of an example may be somebody's; that of a page or of a count is nobody's, but who can tell.
    return value[:200] if isinstance(value, str) and written_as(value)[0] is None else ""


def _example(described: Mapping[str, Any], schema: Any, depth: int) -> Any:
    schema = resolved(described, schema)
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return None
    for joined in ("allOf", "oneOf", "anyOf"):
        parts = schema.get(joined)
        if isinstance(parts, list) and parts:
            made = [_example(described, part, depth + 1) for part in parts[:MAX_REFS]]
            whole: dict[str, Any] = {}
            for part in made if joined == "allOf" else made[:1]:
                whole.update(part if isinstance(part, dict) else {})
            return whole or made[0]
    properties = schema.get("properties")
    if isinstance(properties, dict):
        return {
            str(name)[:100]: _example(described, inner, depth + 1)
            for name, inner in list(properties.items())[:MAX_PARAMETERS]
        }
    if schema.get("type") == "array":
        return [_example(described, schema.get("items"), depth + 1)]
    return _sample(schema) or None


def _unfilled(value: Any, depth: int = 0) -> Any:
    """An example without what may name a record."""
    if isinstance(value, dict) and depth <= MAX_DEPTH:
        return {str(name): _unfilled(inner, depth + 1) for name, inner in list(value.items())[:MAX_PARAMETERS]}
    if isinstance(value, list) and depth <= MAX_DEPTH:
        return [_unfilled(inner, depth + 1) for inner in value[:2]]
    return None if isinstance(value, int | str) and written_as(str(value))[0] is not None else value


def filled(operation: Operation, pool: Pool) -> Iterator[Found]:
    """The requests that the operation stands for, with identifiers of the pool. One for which a required value is not
    known is given with its holes: it is listed, and cannot be sent."""
    rounds = MAX_FILLED if any(_values(operation, pool, number) for number in range(1, MAX_FILLED)) else 1
    made: set[tuple[str, str, bytes]] = set()
    for number in range(rounds):
        one = _filled(operation, pool, number)
        if one.key not in made:
            made.add(one.key)
            yield one


def _values(operation: Operation, pool: Pool, number: int) -> bool:
    names = [*operation.holes, *(one.name for one in operation.parameters if one.place is not Place.PATH)]
    if isinstance(operation.body, dict):
        names += [str(name) for name, value in operation.body.items() if value is None]
    words = [word for word in urlsplit(operation.url).path.split("/") if word and "{" not in word]
    if any(len(pool.of(name, _before(operation.url, name)) or pool.word(name)) > number for name in operation.holes):
        return True
    return any(
        len(pool.of(name, before)) > number for name in names for before in (_before(operation.url, name), *words)
    )


def _filled(operation: Operation, pool: Pool, number: int) -> Found:
    parts = urlsplit(operation.url)
    path, complete = parts.path, True
    told = {(one.place, one.name): one for one in operation.parameters}
    for name in operation.holes:
        known = told.get((Place.PATH, name))
        own = pool.of(name, _before(operation.url, name)) or pool.word(name)
        value = _nth(own, number) or (known.value if known else "")
        complete = complete and bool(value)
        path = path.replace(f"{{{name}}}", quote(value, safe="") if value else f"{{{name}}}", 1)
    query: list[tuple[str, str]] = []
    headers: list[tuple[str, str]] = []
    for one in operation.parameters:
        if one.place is Place.PATH:
            continue
        value = "" if _CREDENTIAL.search(one.name) else _nth(pool.of(one.name), number) or one.value
        if one.place is Place.QUERY and (value or one.required):
            complete = complete and bool(value)
            query.append((one.name, value))
        elif one.place is Place.HEADER and value and _fits_a_header(one.name, value):
            headers.append((one.name, value))
        elif one.place is Place.HEADER and one.required and not _CREDENTIAL.search(one.name):
            complete = False
    url = urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))
    body = b""
    if operation.body is not None:
        words = [word for word in reversed(parts.path.split("/")) if word and "{" not in word]
        whole = _with_own(operation.body, pool, number, "", words)
        body = (
            urlencode({name: "" if value is None else value for name, value in whole.items()}).encode()
            if operation.media_type == FORM_TYPE and isinstance(whole, dict)
            else json.dumps(whole, ensure_ascii=False).encode()
        )
    fields = tuple(one for one in operation.parameters if one.place is Place.QUERY)
    return Found(
        operation.method,
        url,
        Source.OPENAPI,
        operation.text,
        body,
        operation.media_type if body else "",
        fields,
        tuple(headers),
        complete,
        operation.writes,
        tuple(number for number, word in enumerate(segments(operation.url)) if "{" in word),
        operation.for_staff,
    )


def _with_own(value: Any, pool: Pool, number: int, name: str, words: list[str]) -> Any:
    """The body with identifiers of the pool where none is known; `words` are those of the path, the last first."""
    if isinstance(value, dict):
        return {key: _with_own(inner, pool, number, key, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_own(inner, pool, number, name, words) for inner in value]
    if value is None and name and not _CREDENTIAL.search(name):
        own = next((given for word in words or [""] if (given := _nth(pool.of(name, word), number))), "")
        return int(own) if own.isascii() and own.isdigit() and own[:1] != "0" else own or None
    return value


def _before(url: str, name: str) -> str:
    """The word of the path before a hole."""
    words = urlsplit(url).path.split("/")
    hole = f"{{{name}}}"
    place = next((number for number, word in enumerate(words) if hole in word), 0)
    return next((word for word in reversed(words[:place]) if word and "{" not in word), "")


def _nth(values: tuple[str, ...], number: int) -> str:
    return values[min(number, len(values) - 1)] if values else ""


def _fits_a_header(name: str, value: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}", name)) and value.isascii() and value.isprintable()
