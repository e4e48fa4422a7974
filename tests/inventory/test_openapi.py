"""Descriptions of APIs: what they tell of, filled with what the account was shown; hostile ones are survived."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.discovery import described
from pgssi_probe.inventory import openapi
from pgssi_probe.inventory.values import Pool, singular

URL = "https://portal.example/api/openapi.json"
UUID = "6e8ff558-96a7-4034-9bca-8e562745f619"


def pool(**known: str) -> Pool:
    made = Pool()
    for name, value in known.items():
        made.add(name, value)
    return made


def told(document: dict[str, Any], known: Pool, url: str = URL) -> dict[str, Any]:
    read = described.document(json.dumps(document).encode())
    assert read is not None
    found = [one for operation in openapi.operations(read, url) for one in openapi.filled(operation, known)]
    return {f"{one.method} {one.url.removeprefix('https://portal.example')}": one for one in found}


def v3(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths, **more}


def get(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"parameters": list(parameters), "responses": {}}}


def test_paths_are_filled_with_own_identifiers_only() -> None:
    path = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "example": 7}}
    found = told(v3({"/patients/{id}/docs": get(path), "/bills/{id}": get(path)}), pool(patientid="42"))
    assert found["GET /patients/42/docs"].complete
    assert not found["GET /bills/{id}"].complete, "the example of a description is somebody's record"


def test_addresses_that_were_met_name_what_stands_in_them() -> None:
    number = {"name": "account_number", "in": "path", "required": True, "schema": {"type": "string"}}
    document = v3({"/moves/{account_number}": get(number), "/balance/{account_number}": get(number), "/x/{id}": get()})
    read = described.document(json.dumps(document).encode())
    assert read is not None
    operations = list(openapi.operations(read, URL))
    met = ["https://portal.example/moves/4711", "https://portal.example/moves/4711/3", "https://other.example/moves/9"]
    assert list(openapi.names_told(operations, met)) == [("account_number", "4711")]
    found = told(document, pool(accountnumber="4711"))
    assert found["GET /balance/4711"].complete
    assert not found["GET /x/{id}"].complete


def test_numbers_of_own_records_fill_what_asks_for_them_by_name() -> None:
    known = Pool()
    known.add_json(
        b'{"cards": [{"card_number": "4400123", "phone_number": "0611"}]}', "https://portal.example/api/cards"
    )
    wanted = {"name": "cardNumber", "in": "query", "required": True, "schema": {"type": "string"}}
    assert "GET /moves?cardNumber=4400123" in told(v3({"/moves": get(wanted)}), known)


def test_servers_references_query_and_header() -> None:
    document = v3(
        {
            "/x/{ref}": {
                "parameters": [{"$ref": "#/components/parameters/ref"}],
                "get": {
                    "parameters": [
                        {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["asc", "desc"]}},
                        {"name": "page", "in": "query", "schema": {"default": 1}},
                        {"name": "optional", "in": "query"},
                        {"name": "X-Patient-Id", "in": "header", "required": True},
                        {"name": "X-Api-Key", "in": "header"},
                    ]
                },
            }
        },
        servers=[{"url": "/{version}/api", "variables": {"version": {"default": "v2"}}}],
        components={"parameters": {"ref": {"name": "ref", "in": "path", "schema": {"enum": ["all"]}}}},
    )
    found = told(document, pool(patientid="42"))
    assert list(found) == ["GET /v2/api/x/all?sort=asc&page=1"]
    assert next(iter(found.values())).headers == (("X-Patient-Id", "42"),)


def test_swagger_2_in_yaml_with_forms() -> None:
    body = b"""
swagger: '2.0'
host: portal.example
basePath: /rest
paths:
  /find:
    post:
      parameters:
        - {name: patientId, in: formData, type: string}
        - {name: mode, in: formData, type: string, default: short}
  /records/{recordId}:
    get:
      parameters: [{name: recordId, in: path, required: true, type: string}]
"""
    read = described.document(body)
    assert read is not None
    made = pool(patientid="9", recordid=UUID)
    found = {one.method: one for operation in openapi.operations(read, URL) for one in openapi.filled(operation, made)}
    assert found["POST"].body == b"patientId=9&mode=short"
    assert found["GET"].url == f"https://portal.example/rest/records/{UUID}"


def test_bodies_take_own_identifiers_and_no_example_of_one() -> None:
    schema = {
        "type": "object",
        "properties": {
            "patientId": {"type": "integer", "example": 3},
            "words": {"type": "string", "example": "glycémie"},
            "filters": {"type": "array", "items": {"$ref": "#/components/schemas/filter"}},
        },
    }
    document = v3(
        {"/search": {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}},
        components={"schemas": {"filter": {"properties": {"number": {"type": "integer"}}}}},
    )
    one = told(document, pool(patientid="42"))["POST /search"]
    assert json.loads(one.body) == {"patientId": 42, "words": "glycémie", "filters": [{"number": None}]}
    nobody = told(document, Pool())["POST /search"]
    assert json.loads(nobody.body)["patientId"] is None


@pytest.mark.parametrize(
    "paths",
    [
        {"/a": {"$ref": "#/paths/~1a"}},
        {"/a": {"get": {"parameters": [{"$ref": "https://elsewhere.example/p"}]}}},
        {"/a": {"get": {"parameters": "x", "requestBody": {"content": []}}}},
        {"/a": None, "b": {"get": {}}, "/c": {"get": []}},
        {"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/x"}}}}}}},
    ],
)
def test_odd_descriptions_are_survived(paths: dict[str, Any]) -> None:
    told(v3(paths), Pool())


def test_a_schema_that_holds_itself_ends() -> None:
    tree = {"properties": {"name": {"type": "string"}, "below": {"$ref": "#/components/schemas/tree"}}}
    document = v3(
        {"/t": {"post": {"requestBody": {"content": {"application/json": {"schema": tree}}}}}},
        components={"schemas": {"tree": tree}},
    )
    assert len(told(document, Pool())["POST /t"].body) < 2_000


def test_yaml_bombs_and_other_texts_are_no_description() -> None:
    bomb = b"openapi: 3.0.0\na: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\npaths: {c: [*b,*b,*b,*b]}\n"
    assert described.document(bomb) is None
    assert described.document(b"openapi: !!python/object/apply:os.system ['true']\npaths: {}") is None
    assert described.document(b'{"openapi": "3.0.0", "paths": []}') is None
    assert described.document(b'{"paths": {}}') is None
    assert described.document(b"[" * 100_000) is None
    assert described.document(b"{" + b'"openapi":{' * 50_000) is None


def test_a_thousand_operations_are_bounded() -> None:
    document = v3({f"/p{n}": get() for n in range(2_000)})
    read = described.document(json.dumps(document).encode())
    assert read is not None
    assert len(list(openapi.operations(read, URL))) == described.MAX_OPERATIONS


SCHEMA = st.recursive(
    st.sampled_from([{"type": "string"}, {"$ref": "#/paths"}, {"enum": [1]}, {"default": "x"}, None, [], 3]),
    lambda inner: (
        st.fixed_dictionaries({"properties": st.dictionaries(st.sampled_from(["id", "a", "b"]), inner)})
        | st.fixed_dictionaries({"items": inner, "type": st.just("array")})
        | st.fixed_dictionaries({"allOf": st.lists(inner, max_size=3)})
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.text(alphabet="/{}abc?#%", max_size=12).map("/".__add__), st.sampled_from(["get", "post"])),
    SCHEMA,
    st.text(max_size=12),
)
def test_whatever_is_described_stays_on_the_web(paths: dict[str, str], schema: Any, name: str) -> None:
    parameter = {"name": name, "in": "query", "schema": schema, "required": True}
    content = {"content": {"application/json": {"schema": schema}}}
    document = v3(
        {path: {method: {"parameters": [parameter], "requestBody": content}} for path, method in paths.items()}
    )
    for one in told(document, pool(patientid="42")).values():
        assert urlsplit(one.url).netloc == "portal.example"
        assert one.method in {"GET", "POST"}


def test_pool_names_things_by_where_they_were_seen() -> None:
    made = Pool()
    made.add_json(json.dumps([{"id": 4, "doctor_id": 8, "ok": True}]).encode(), "https://portal.example/api/patients")
    made.add_json(json.dumps({"bills": [{"id": 6}]}).encode(), "https://portal.example/api/x")
    made.add_address(f"https://portal.example/documents/{UUID}?visit_id=3")
    assert made.of("id", "patients") == ("4",)
    assert made.of("patientId") == made.of("patient_id") == made.of("patient") == ("4",)
    assert made.of("doctorId") == ("8",)
    assert made.of("bill_id") == ("6",)
    assert made.of("uuid", "document") == (UUID,)
    assert made.of("visitId") == ("3",)
    assert made.of("id") == made.of("id", "rooms") == ()


def test_what_two_people_are_shown_is_nobodys_own() -> None:
    first, second = pool(doctorid="7"), pool(doctorid="7")
    first.add("patientid", "1")
    assert first.without([second]).of("doctorId") == ()
    assert first.without([second]).of("patientId") == ("1",)


@pytest.mark.parametrize(
    ("plural", "one"),
    [("patients", "patient"), ("histories", "history"), ("journaux", "journal"), ("access", "access"), ("id", "id")],
)
def test_singular(plural: str, one: str) -> None:
    assert singular(plural) == one
