"""Introspection: queries with own identifiers, mutations listed and never made; hostile schemas are survived."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.inventory import graphql
from pgssi_probe.inventory.requests import GRAPHQL_TYPE, parameters_of
from pgssi_probe.inventory.values import Pool
from pgssi_probe.lab.portal.invoices import _SCHEMA

URL = "https://portal.example/graphql"


def read(schema: Any) -> graphql.Schema | None:
    return graphql.schema(json.dumps({"data": {"__schema": schema}}).encode())


def test_queries_with_own_identifiers_and_mutations_apart() -> None:
    described = read(_SCHEMA)
    assert described is not None
    pool = Pool()
    pool.add("factureid", 4100)
    found = {one.text: one for one in graphql.requests(described, URL, pool)}
    one = found["query facture"]
    sent = json.loads(one.body)
    assert sent["variables"] == {"numero": 4100}
    assert sent["query"].startswith("query ($numero: Int!) { facture(numero: $numero) { __typename numero")
    assert one.media_type == GRAPHQL_TYPE
    assert [each.name for each in parameters_of(URL, one.body, one.media_type) if each.place == "graphql"] == [
        "/numero"
    ]
    assert "variables" not in json.loads(found["query factures"].body)
    assert not found["mutation contester"].complete
    assert found["mutation contester"].media_type != GRAPHQL_TYPE


def test_without_an_identifier_the_query_is_only_listed() -> None:
    described = read(_SCHEMA)
    assert described is not None
    found = {one.text: one.complete for one in graphql.requests(described, URL, Pool())}
    assert found == {"query factures": True, "query facture": False, "mutation contester": False}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"errors": [{"message": "introspection is off"}]}',
        b'{"data": null}',
        b'{"data": {"__schema": {"queryType": {"name": "Q"}, "types": [3]}}}',
        b'{"data": {"__schema": {"queryType": null, "types": []}}}',
        b"[" * 90_000,
    ],
)
def test_what_is_no_schema(body: bytes) -> None:
    assert graphql.schema(body) is None


def test_names_that_would_end_the_query_are_left_out() -> None:
    evil = {"name": 'x } mutation { drop(id: "1")', "args": [], "type": {"kind": "SCALAR", "name": "Int"}}
    fine = {"name": "fine", "args": [], "type": {"kind": "OBJECT", "name": "T"}}
    described = read(
        {
            "queryType": {"name": "Q"},
            "types": [
                {"kind": "OBJECT", "name": "Q", "fields": [evil, fine]},
                {"kind": "OBJECT", "name": "T", "fields": [evil]},
            ],
        }
    )
    assert described is not None
    bodies = [json.loads(one.body)["query"] for one in graphql.requests(described, URL, Pool())]
    assert bodies == ["query { fine { __typename } }"]


def test_types_that_hold_each_other_end() -> None:
    link = {"name": "other", "args": [], "type": {"kind": "OBJECT", "name": "T"}}
    described = read(
        {
            "queryType": {"name": "T"},
            "types": [{"kind": "OBJECT", "name": "T", "fields": [link, {**link, "name": "again"}]}],
        }
    )
    assert described is not None
    assert all(len(one.body) < 500 for one in graphql.requests(described, URL, Pool()))


KIND = st.recursive(
    st.fixed_dictionaries({"kind": st.sampled_from(["SCALAR", "OBJECT", "ENUM"]), "name": st.sampled_from("QTIx")}),
    lambda inner: st.fixed_dictionaries({"kind": st.sampled_from(["NON_NULL", "LIST"]), "ofType": inner}),
    max_leaves=6,
)
FIELD = st.fixed_dictionaries(
    {
        "name": st.text(max_size=6) | st.just("f"),
        "type": KIND,
        "args": st.lists(st.fixed_dictionaries({"name": st.sampled_from(["id", "n"]), "type": KIND}), max_size=3),
    }
)


@settings(max_examples=80, deadline=None)
@given(st.lists(FIELD, max_size=6), st.lists(FIELD, max_size=6))
def test_any_schema_makes_queries_that_only_read(first: list[Any], second: list[Any]) -> None:
    types = [{"kind": "OBJECT", "name": "Q", "fields": first}, {"kind": "OBJECT", "name": "T", "fields": second}]
    described = read({"queryType": {"name": "Q"}, "types": types})
    pool = Pool()
    pool.add("tid", 3)
    for one in graphql.requests(described, URL, pool) if described is not None else ():
        query = json.loads(one.body)["query"]
        assert query.startswith("query")
        assert query.count("{") == query.count("}")
