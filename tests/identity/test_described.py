"""Signing in to an API by its own description, as frameworks write it."""

from __future__ import annotations

from typing import Any

import pytest

from pgssi_probe.discovery.described import anywhere
from pgssi_probe.identity.described import personal_addresses, sign_ins, token_header

URL = "https://api.example/openapi.json"


def body(kind: str, required: tuple[str, ...], *names: str, **given: str) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {"type": "string"} for name in names}
    properties |= {name: {"type": "string", "default": value} for name, value in given.items()}
    return {"content": {kind: {"schema": {"type": "object", "required": list(required), "properties": properties}}}}


def post(*names: str, required: tuple[str, ...] = (), kind: str = "application/json", **said: Any) -> dict[str, Any]:
    return {"post": {"requestBody": body(kind, required, *names), **said}}


def found(paths: dict[str, Any], **more: Any) -> list[tuple[str, dict[str, str], bool]]:
    taken = sign_ins({"openapi": "3.0.0", "paths": paths, **more}, URL, anywhere)
    return [(one.url.removeprefix("https://api.example"), dict(one.names), one.as_form) for one in taken]


def test_the_address_and_the_fields_of_a_sign_in() -> None:
    paths = {
        "/users/v1/register": post("username", "email", "password"),
        "/users/v1": post("username", "email", "password", operationId="create_user"),
        "/users/v1/login": post("username", "password"),
        "/users/v1/{username}/password": {"put": {"requestBody": body("application/json", (), "password")}},
        "/auth/reset-password": post("email", "password"),
        "/auth/change": post("login", "old_password", "password"),
        "/logout": post("username", "password"),
    }
    assert found(paths) == [("/users/v1/login", {"username": "username", "password": "password"}, False)]


def test_a_password_exchanged_for_a_token_as_fastapi_describes_it() -> None:
    schema = {
        "properties": {
            "grant_type": {"anyOf": [{"type": "string", "pattern": "password"}, {"type": "null"}]},
            "username": {"type": "string"},
            "password": {"type": "string"},
            "scope": {"type": "string", "default": ""},
        },
        "required": ["username", "password"],
    }
    path = "/api/v1/login/access-token"
    form = {"content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Body"}}}}
    schemes = {"OAuth2": {"type": "oauth2", "flows": {"password": {"scopes": {}, "tokenUrl": path}}}}
    taken = found(
        {path: {"post": {"requestBody": form, "operationId": "login-login_access_token"}}},
        components={"schemas": {"Body": schema}, "securitySchemes": schemes},
    )
    assert [(url, as_form) for url, _, as_form in taken] == [(path, True)]
    assert taken[0][1]["grant_type"] == "password"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/api/token", ("email", "password")),
        ("/auth/sessions", ("login", "mot_de_passe")),
        ("/connexion", ("identifiant", "motDePasse")),
        ("/authenticate", ("userName", "passWord")),
    ],
)
def test_other_names(path: str, names: tuple[str, str]) -> None:
    assert found({path: post(*names)}) == [(path, {names[0]: "username", names[1]: "password"}, False)]


def test_a_sign_in_of_swagger_2_and_one_without_fields() -> None:
    given = {"in": "body", "name": "b", "schema": {"$ref": "#/definitions/Login"}}
    described = {
        "swagger": "2.0",
        "basePath": "/rest",
        "definitions": {"Login": {"properties": {"user": {"type": "string"}, "pwd": {"type": "string"}}}},
        "paths": {"/signin": {"post": {"parameters": [given]}}, "/login": {"post": {"responses": {}}}},
    }
    taken = sign_ins(described, URL, anywhere)
    assert [(one.url, dict(one.names)) for one in taken] == [
        ("https://api.example/rest/signin", {"user": "username", "pwd": "password"}),
        ("https://api.example/rest/login", {}),
    ]


def test_nothing_is_posted_out_of_the_scope() -> None:
    described = {"paths": {"/login": post("user", "password")}, "servers": [{"url": "https://elsewhere.example"}]}
    inside = sign_ins(described, URL, lambda url: url.startswith("https://api.example"))
    assert [one.url for one in inside] == ["https://api.example/login"]
    assert sign_ins(described, URL, lambda _url: False) == ()


def test_who_is_signed_in_is_asked_at_addresses_of_oneself_first() -> None:
    bearer = [{"bearer": []}]
    get = {"responses": {}}
    needed = {"in": "query", "name": "q", "required": True}
    described = {
        "paths": {
            "/createdb": {"get": {"summary": "Creates the database", "security": bearer}},
            "/orders": {"get": {**get, "security": bearer}},
            "/orders/{id}": {"get": {**get, "security": bearer}},
            "/search": {"get": {**get, "security": bearer, "parameters": [needed]}},
            "/me": {"get": {**get, "security": bearer}},
            "/logout": {"get": {**get, "security": bearer}},
            "/statut": {"get": get},
        }
    }
    addresses = personal_addresses(described, URL, anywhere)
    assert [one.removeprefix("https://api.example") for one in addresses] == ["/me", "/orders"]


def test_the_header_of_a_token() -> None:
    def with_scheme(**scheme: str) -> dict[str, Any]:
        return {"components": {"securitySchemes": {"s": scheme}}}

    assert token_header(with_scheme(type="apiKey", name="x-access-token", **{"in": "header"})) == "x-access-token"
    assert token_header(with_scheme(type="apiKey", name="Authorization", **{"in": "header"})) == ""
    assert token_header(with_scheme(type="apiKey", name="bad\r\nname", **{"in": "header"})) == ""
    assert token_header(with_scheme(type="http", scheme="bearer")) == ""
    assert token_header({}) == ""


def test_the_secret_of_a_client_is_no_second_password() -> None:
    """What OAuth libraries describe beside a user name and a password (FastAPI Users, by cookie)."""
    names = ("grant_type", "username", "password", "scope", "client_id", "client_secret")
    form = post(*names, required=("username", "password"), kind="application/x-www-form-urlencoded", summary="Login")
    assert found({"/auth/cookie/login": form}) == [
        ("/auth/cookie/login", {"username": "username", "password": "password"}, True)
    ]
