"""What a GraphQL endpoint offers, by its introspection (GraphQL of October 2021, §4): queries with the account's own
identifiers as variables; mutations are listed and never sent. Pure, hostile input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from pgssi_probe.inventory.gleaning import Found
from pgssi_probe.inventory.model import Source
from pgssi_probe.inventory.requests import GRAPHQL_TYPE
from pgssi_probe.inventory.values import Pool

PLACES: Final = ("/graphql", "/api/graphql", "/query")
INTROSPECTION: Final = (
    "query { __schema { queryType { name } mutationType { name } types { kind name fields { name "
    "args { name defaultValue type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } "
    "type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } enumValues { name } } } }"
)
MAX_BYTES: Final = 2_000_000
MAX_TYPES: Final = 500
MAX_FIELDS: Final = 60
MAX_SELECTED: Final = 20
MAX_QUERIES: Final = 30
DEPTH: Final = 2
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,80}")
SCALARS: Final = frozenset({"SCALAR", "ENUM"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A type as a field has it: its own name, whether it must be given, whether it is a list."""

    name: str
    kind: str
    required: bool = False
    many: bool = False


Field = tuple[str, tuple[tuple[str, Kind, bool], ...], Kind]
"""Name, arguments (name, type, whether it has a default), type."""


@dataclass(frozen=True)
class Schema:
    queries: str
    mutations: str
    types: Mapping[str, tuple[Field, ...]]
    enums: Mapping[str, tuple[str, ...]]


def looks_like_graphql(url: str) -> bool:
    return bool(re.search(r"graphi?ql|/gql$", urlsplit(url).path.lower()))


def introspection() -> bytes:
    return json.dumps({"query": INTROSPECTION}).encode()


def schema(body: bytes) -> Schema | None:
    """What an answer to the introspection describes; None when it was not offered."""
    if len(body) > MAX_BYTES:
        return None
    try:
        told = json.loads(body)["data"]["__schema"]
        queries = (told.get("queryType") or {}).get("name")
        mutations = (told.get("mutationType") or {}).get("name")
        types = {
            one["name"]: tuple(_fields(one)) for one in told["types"][:MAX_TYPES] if isinstance(one.get("name"), str)
        }
        enums = {
            one["name"]: tuple(str(each["name"]) for each in one["enumValues"][:MAX_FIELDS])
            for one in told["types"][:MAX_TYPES]
            if isinstance(one.get("enumValues"), list) and isinstance(one.get("name"), str)
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(queries, str):
        return None
    return Schema(queries, mutations if isinstance(mutations, str) else "", types, enums)


def _fields(one: Mapping[str, Any]) -> Iterator[Field]:
    for each in (one.get("fields") or ())[:MAX_FIELDS]:
        name, kind = each["name"], _kind(each["type"])
        args = tuple(
            (arg["name"], _kind(arg["type"]), arg.get("defaultValue") is not None)
            for arg in (each.get("args") or ())[:MAX_FIELDS]
            if _NAME.fullmatch(arg["name"])
        )
        if _NAME.fullmatch(name) and not name.startswith("__"):
            yield name, args, kind


def _kind(told: Any) -> Kind:
    required = many = False
    outermost = True
    for _ in range(5):
        if told["kind"] == "NON_NULL":
            required = required or outermost
        elif told["kind"] == "LIST":
            many, outermost = True, False
        else:
            name = str(told.get("name") or "")
            return Kind(name if _NAME.fullmatch(name) else "", str(told["kind"]), required, many)
        told = told["ofType"]
    raise ValueError("a type wrapped too often")


def requests(described: Schema, url: str, pool: Pool) -> Iterator[Found]:
    """Queries that can be sent with what the pool holds; then the mutations, to be listed."""
    made = 0
    for field in described.types.get(described.queries, ()):
        variables = _variables(described, field, pool)
        if variables is None:
            yield _found(url, field[0], "query", b"", complete=False)
        elif made < MAX_QUERIES:
            made += 1
            yield _found(url, field[0], "query", _query(described, field, variables))
    for name, _, _ in described.types.get(described.mutations, ()):
        yield _found(url, name, "mutation", b"", complete=False)


def _found(url: str, name: str, what: str, body: bytes, *, complete: bool = True) -> Found:
    sent = body or json.dumps({"query": f"{what} {{ {name} }}"}).encode()
    # A mutation bears no mark of a query: by all that follows, it is a POST that writes.
    kind = GRAPHQL_TYPE if what == "query" else "application/json"
    return Found("POST", url, Source.GRAPHQL, f"{what} {name}", sent, kind, complete=complete)


def _variables(described: Schema, field: Field, pool: Pool) -> dict[str, tuple[Kind, Any]] | None:
    """Arguments that must be given, and identifiers that can be; None when one that must be is not known."""
    _, arguments, kind = field
    given: dict[str, tuple[Kind, Any]] = {}
    for name, wanted, has_default in arguments:
        own = pool.of(name, kind.name)
        value: Any = own[0] if own else None
        if value is None and wanted.kind == "ENUM" and described.enums.get(wanted.name):
            value = described.enums[wanted.name][0]
        if value is not None and wanted.name == "Int":
            value = int(value) if str(value).isascii() and str(value).isdigit() else None
        if value is None:
            if wanted.required and not has_default:
                return None
            continue
        if wanted.kind in SCALARS and (own or wanted.required):
            given[name] = wanted, [value] if wanted.many else value
    return given


def _query(described: Schema, field: Field, variables: Mapping[str, tuple[Kind, Any]]) -> bytes:
    name, _, kind = field
    told = ", ".join(f"${each}: {_written(wanted)}" for each, (wanted, _) in variables.items())
    args = ", ".join(f"{each}: ${each}" for each in variables)
    text = f"query{f' ({told})' if told else ''} {{ {name}{f'({args})' if args else ''}{_selection(described, kind)} }}"
    sent: dict[str, Any] = {"query": text}
    if variables:
        sent["variables"] = {each: value for each, (_, value) in variables.items()}
    return json.dumps(sent).encode()


def _written(kind: Kind) -> str:
    inner = f"[{kind.name}!]" if kind.many else kind.name
    return f"{inner}!" if kind.required else inner


def _selection(described: Schema, kind: Kind, depth: int = 0) -> str:
    """Scalars of a type, and of what it holds one step further; those that ask for arguments are left out."""
    if kind.kind in SCALARS or kind.name not in described.types:
        return ""
    chosen = ["__typename"]
    for name, arguments, inner in described.types[kind.name]:
        if len(chosen) > MAX_SELECTED or any(wanted.required for _, wanted, _ in arguments):
            continue
        if inner.kind in SCALARS:
            chosen.append(name)
        elif depth + 1 < DEPTH and (below := _selection(described, inner, depth + 1)):
            chosen.append(name + below)
    return f" {{ {' '.join(chosen)} }}"
