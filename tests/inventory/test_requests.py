"""Changing one parameter of a request changes that one and no other."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.inventory.model import Endpoint, Parameter, Place, Source
from pgssi_probe.inventory.requests import FORM_TYPE, GRAPHQL_TYPE, parameters_of, request_of, with_value

ORIGIN = "https://portal.example"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
NAME = st.text("abcxyz_[]é/~.", min_size=1, max_size=6)
SEGMENT = TEXT.filter(lambda text: text not in {".", ".."})


def endpoint(url: str, body: bytes = b"", media_type: str = "") -> Endpoint:
    method = "POST" if body else "GET"
    parameters = parameters_of(url, body, media_type)
    return Endpoint(method, url, Source.LINK, frozenset({"a"}), parameters, body, media_type)


def again(one: Endpoint) -> tuple[Parameter, ...]:
    return parameters_of(one.url, one.body, one.media_type)


def changed(one: Endpoint, place: int, value: str) -> tuple[Parameter, ...]:
    parameters = list(one.parameters)
    before = parameters[place]
    parameters[place] = Parameter(before.place, before.name, value)
    return tuple(parameters)


@given(st.lists(SEGMENT, min_size=1, max_size=5), st.booleans(), SEGMENT, st.data())
def test_a_segment(names: list[str], slash: bool, value: str, data: st.DataObject) -> None:
    url = ORIGIN + "/" + "/".join(quote(name, safe="") for name in names) + ("/" if slash else "")
    one = endpoint(url)
    place = data.draw(st.integers(0, len(names) - 1))
    result = with_value(one, one.parameters[place], value)
    assert again(result) == changed(one, place, value)
    assert result.url.endswith("/") == slash


@given(st.dictionaries(NAME, TEXT, min_size=1, max_size=5), TEXT, st.booleans(), st.data())
def test_a_field_of_a_query_or_a_form(fields: dict[str, str], value: str, in_body: bool, data: st.DataObject) -> None:
    encoded = urlencode(fields)
    one = endpoint(f"{ORIGIN}/", encoded.encode(), FORM_TYPE) if in_body else endpoint(f"{ORIGIN}/?{encoded}")
    place = data.draw(st.integers(0, len(fields) - 1))
    assert again(with_value(one, one.parameters[place], value)) == changed(one, place, value)


JSON = st.recursive(
    st.one_of(st.booleans(), st.none(), TEXT, st.integers(-(2**53), 2**53)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAME, inner, max_size=3)),
    max_leaves=12,
)


@given(JSON, TEXT, st.booleans(), st.data())
def test_a_member_of_json_or_a_variable_of_graphql(value: Any, new: str, graphql: bool, data: st.DataObject) -> None:
    whole = {"query": "query Q($v: ID!) { a(id: $v) { b } }", "variables": value} if graphql else value
    one = endpoint(f"{ORIGIN}/api", json.dumps(whole).encode(), GRAPHQL_TYPE if graphql else "application/json")
    members = [number for number, each in enumerate(one.parameters) if each.place is not Place.PATH]
    if not members:
        return
    place = data.draw(st.sampled_from(members))
    new = str(int(new)) if new.isascii() and new.isdigit() else new
    assert again(with_value(one, one.parameters[place], new)) == changed(one, place, new)


def test_a_number_of_json_stays_one() -> None:
    one = endpoint(f"{ORIGIN}/api", b'{"patient": {"id": 17, "name": "17"}}', "application/json")
    first, second = one.parameters[1:]
    assert json.loads(with_value(one, first, "18").body) == {"patient": {"id": 18, "name": "17"}}
    assert json.loads(with_value(one, second, "18").body) == {"patient": {"id": 17, "name": "18"}}


def test_the_order_of_fields_and_the_rest_of_the_query_stay() -> None:
    one = endpoint(f"{ORIGIN}/a?x=1&id=2&id=3&y=")
    result = with_value(one, Parameter(Place.QUERY, "id"), "9")
    assert parse_qsl(result.url.partition("?")[2], keep_blank_values=True) == [
        ("x", "1"),
        ("id", "9"),
        ("id", "3"),
        ("y", ""),
    ]


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter(Place.PATH, "7"),
        Parameter(Place.PATH, "x"),
        Parameter(Place.QUERY, "none"),
        Parameter(Place.JSON, "/a/b"),
        Parameter(Place.HEADER, "X-Id"),
    ],
)
def test_a_parameter_that_is_not_there(parameter: Parameter) -> None:
    with pytest.raises(ValueError, match=r"\bnot?\b"):
        with_value(endpoint(f"{ORIGIN}/a/b"), parameter, "1")


def test_a_graphql_request_is_sent_as_json() -> None:
    one = endpoint(f"{ORIGIN}/graphql", b'{"query": "{ me { id } }"}', GRAPHQL_TYPE)
    request = request_of(one)
    assert request.headers == (("Content-Type", "application/json"),)
    assert (request.method, request.body) == ("POST", one.body)
    assert request_of(endpoint(f"{ORIGIN}/")).headers == ()


@given(
    st.binary(max_size=200), st.sampled_from([FORM_TYPE, GRAPHQL_TYPE, "application/json", ""]), st.text(max_size=60)
)
def test_nothing_hostile_raises(body: bytes, media_type: str, path: str) -> None:
    parameters_of(f"{ORIGIN}/{path}", body, media_type)


def test_deep_json_is_cut() -> None:
    deep = b'{"a":' * 5000 + b"1" + b"}" * 5000
    assert len(parameters_of(f"{ORIGIN}/", deep, "application/json")) == 0
    wide = json.dumps({str(number): number for number in range(500)}).encode()
    assert len(parameters_of(f"{ORIGIN}/", wide, "application/json")) == 100
