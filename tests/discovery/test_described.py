"""Descriptions of APIs as documents: where they are told of, where their paths begin, what their words say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.discovery.described import base_of, document, embedded, for_staff, is_secured, told_in, writes

URL = "https://portal.example/api/openapi.json"
SWAGGER_UI = """<script>window.onload = function() { window.ui = SwaggerUIBundle({
  url: "/v3/api-docs", dom_id: '#swagger-ui', configUrl: '/v3/api-docs/swagger-config' }) }</script>"""
REDOC = '<redoc spec-url="openapi.yaml"></redoc><img src="logo.png" data-url="picture.png">'
CONFIGURATION = '{"configUrl": "/v3/api-docs/swagger-config", "urls": [{"url": "/v3/api-docs/patients", "name": "p"}]}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SWAGGER_UI, ["/v3/api-docs", "/v3/api-docs/swagger-config"]),
        (REDOC, ["/docs/openapi.yaml"]),
        (CONFIGURATION, ["/v3/api-docs/swagger-config", "/v3/api-docs/patients"]),
        ("const x = {url: '/patients/1', href: 'openapi.json'}", []),
    ],
)
def test_pages_of_documentation_tell_where_the_description_is(text: str, told: list[str]) -> None:
    assert list(told_in(text, "https://portal.example/docs/")) == [f"https://portal.example{path}" for path in told]


def test_a_description_written_into_a_script_is_read() -> None:
    inside: dict[str, Any] = {"openapi": "3.0.0", "paths": {"/orders": {"get": {}}}, "info": {"title": 'a "quoted" {'}}
    script = f'let options = {{\n  "swaggerDoc": {json.dumps(inside, indent=2)},\n  "customOptions": {{}} }};'
    assert embedded(script) == inside
    assert embedded('let options = {"swaggerDoc": {"a": 1}}') is None
    assert embedded('let options = {"swaggerDoc": {"openapi": "3", "paths": {') is None
    assert embedded("") is None


@pytest.mark.parametrize(
    ("said", "base"),
    [
        ({"servers": [{"url": "/v1"}]}, "https://portal.example/v1"),
        ({"servers": [{"url": "v1"}]}, "https://portal.example/api/v1"),
        ({"servers": [{"url": "https://elsewhere.example/v1"}, {"url": "/v2"}]}, "https://portal.example/v2"),
        ({"servers": [{"url": "http://localhost:3000/b2b/v2"}]}, "https://portal.example/b2b/v2"),
        ({"swagger": "2.0", "host": "localhost:5000", "basePath": "/api"}, "https://portal.example/api"),
        ({"swagger": "2.0", "basePath": "/api"}, "https://portal.example/api"),
        ({"openapi": "3.0.0"}, "https://portal.example"),
        ({"servers": "x"}, "https://portal.example"),
    ],
)
def test_paths_begin_at_a_server_of_the_scope(said: dict[str, Any], base: str) -> None:
    assert base_of(said, URL, lambda url: url.startswith("https://portal.example")) == base


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ({"operationId": "api_views.main.populate_db", "summary": "Fills the database"}, True),
        ({"operationId": "createSession"}, True),
        ({"summary": "Creates and populates the database with dummy data"}, True),
        ({"operationId": "list_imports", "summary": "Imports of the month"}, False),
        ({"operationId": "users-read_user_me", "summary": "Read User Me"}, False),
        ({"summary": "Records that somebody may create"}, False),
        ({}, False),
    ],
)
def test_a_get_says_that_it_writes(operation: dict[str, Any], changes: bool) -> None:
    assert writes(operation) is changes


@pytest.mark.parametrize(
    ("path", "operation", "word"),
    [
        ("/admin/users", {}, "admin"),
        ("/users", {"tags": ["Administration"]}, "administration"),
        ("/users", {"security": [{"oauth": ["users:admin"]}]}, "admin"),
        ("/users", {"operationId": "listAsSuperuser"}, "superuser"),
        ("/users", {"description": "The administrator of the ward answers."}, ""),
        ("/administrative-documents", {"summary": "Mes documents administratifs"}, ""),
        ("/orders", {"tags": "admin", "security": "admin"}, ""),
    ],
)
def test_the_words_of_a_description_name_functions_of_administration(
    path: str, operation: dict[str, Any], word: str
) -> None:
    assert for_staff(path, operation, {}) == word


def test_what_needs_credentials() -> None:
    everywhere = {"security": [{"bearer": []}]}
    assert is_secured(everywhere, {})
    assert not is_secured(everywhere, {"security": []})
    assert not is_secured(everywhere, {"security": [{}, {"bearer": []}]}), "credentials are optional"
    assert is_secured({}, {"security": [{"bearer": []}]})
    assert not is_secured({}, {})


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    )
)
def test_whatever_is_said_is_survived(said: Any) -> None:
    operation = said if isinstance(said, dict) else {"operationId": said, "tags": said, "security": said}
    for_staff("/x", operation, {"security": said})
    writes(operation)
    is_secured({"security": said}, operation)
    assert base_of({"servers": said, "swagger": said, "host": said, "basePath": said}, URL).startswith("http")
    document(json.dumps({"openapi": said, "paths": said}).encode())
