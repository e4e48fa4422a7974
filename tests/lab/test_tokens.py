"""Sessions carried otherwise: a signed cookie, a JWT in a cookie, a JWT in a header with its refresh token."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab.visitor import Visitor

Open = Callable[..., Visitor]
COOKIE = "__Host-session"


def part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


async def api_sign_in(visitor: Visitor, label: str = "a") -> dict[str, Any]:
    account = visitor.lab.accounts[label]
    body = {"identifiant": account.username, "mot_de_passe": account.password}
    response = await visitor.ask("POST", "/api/v1/connexion", json=body)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


async def me(visitor: Visitor, token: str) -> int:
    return (await visitor.get("/api/v1/moi", headers={"Authorization": f"Bearer {token}"})).status_code


async def renewed(visitor: Visitor, token: str) -> httpx.Response:
    return await visitor.ask("POST", "/api/v1/renouvellement", json={"jeton_de_renouvellement": token})


@pytest.mark.parametrize("mode", ["mode/signed-cookie", "mode/jwt-cookie"])
async def test_cookie_forms_open_and_end_a_session(mode: str, visit: Open) -> None:
    visitor = visit(mode)
    assert not await visitor.is_in()
    await visitor.sign_in()
    assert await visitor.is_in()
    assert visitor.jar[COOKIE].count(".") == 2
    thief = visitor.twin()
    assert await thief.is_in()
    await visitor.sign_out()
    assert not await thief.is_in()


@pytest.mark.parametrize("mode", ["mode/signed-cookie", "mode/jwt-cookie"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
async def test_an_altered_cookie_is_refused(mode: str, share: float, visit: Open) -> None:
    visitor = visit(mode)
    await visitor.sign_in()
    token = visitor.jar[COOKIE]
    place = int(len(token) * share)
    other = "A" if token[place] != "A" else "B"
    visitor.jar[COOKIE] = token[:place] + other + token[place + 1 :]
    assert not await visitor.is_in()


async def test_a_jwt_cookie_lives_as_long_as_it_is_used(visit: Open, clock: VirtualClock) -> None:
    visitor = visit("mode/jwt-cookie")
    await visitor.sign_in()
    first = visitor.jar[COOKIE]
    for _ in range(4):
        await clock.advance(10 * 60)
        assert await visitor.is_in()
    assert visitor.jar[COOKIE] != first
    await clock.advance(15 * 60)
    assert not await visitor.is_in()


async def test_a_header_alone_carries_the_session_of_an_application(visit: Open) -> None:
    visitor = visit("mode/jwt-header")
    assert "<form" not in (await visitor.get("/connexion")).text
    assert (await visitor.ask("POST", "/connexion", data={"identifiant": "x"})).status_code == 405
    given = await api_sign_in(visitor)
    assert await me(visitor, given["jeton"]) == 200
    assert part(given["jeton"], 0)["alg"] == "ES256"
    assert part(given["jeton"], 1)["exp"] - part(given["jeton"], 1)["iat"] == given["expire_dans"]
    visitor.jar[COOKIE] = given["jeton"]
    assert (await visitor.get("/api/v1/moi")).status_code == 401
    keys = (await visitor.get("/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in keys] == [part(given["jeton"], 0)["kid"]]


async def test_a_refresh_token_serves_once_and_ends_with_its_session(visit: Open, clock: VirtualClock) -> None:
    visitor = visit("mode/jwt-header")
    given = await api_sign_in(visitor)
    await clock.advance(14 * 60)
    again = (await renewed(visitor, given["jeton_de_renouvellement"])).json()
    await clock.advance(14 * 60)
    assert await me(visitor, given["jeton"]) == 401
    assert await me(visitor, again["jeton"]) == 200
    headers = {"Authorization": f"Bearer {again['jeton']}"}
    assert (await visitor.ask("POST", "/api/v1/deconnexion", headers=headers)).status_code == 204
    assert await me(visitor, again["jeton"]) == 401
    assert (await renewed(visitor, again["jeton_de_renouvellement"])).status_code == 401


async def test_a_refresh_token_that_comes_back_ends_the_session(visit: Open) -> None:
    visitor = visit("mode/jwt-header")
    given = await api_sign_in(visitor)
    again = (await renewed(visitor, given["jeton_de_renouvellement"])).json()
    assert (await renewed(visitor, given["jeton_de_renouvellement"])).status_code == 401
    assert await me(visitor, again["jeton"]) == 401


async def test_a_refresh_token_outlives_its_session(visit: Open) -> None:
    visitor = visit("session.logout/refresh-still-valid")
    given = await api_sign_in(visitor)
    await visitor.ask("POST", "/api/v1/deconnexion", headers={"Authorization": f"Bearer {given['jeton']}"})
    assert await me(visitor, given["jeton"]) == 401
    again = (await renewed(visitor, given["jeton_de_renouvellement"])).json()
    assert await me(visitor, again["jeton"]) == 200


@pytest.mark.parametrize("weak", [False, True])
async def test_a_jwt_without_a_signature(weak: bool, visit: Open) -> None:
    visitor = visit("mode/jwt-cookie", *(["session.jwt/unsigned-accepted"] if weak else []))
    await visitor.sign_in()
    visitor.jar[COOKIE] = visitor.jar[COOKIE].rpartition(".")[0] + "."
    assert await visitor.is_in() is weak


async def test_a_jwt_tells_nothing_of_its_user(visit: Open) -> None:
    for weak in ((), ("session.jwt/sensitive-payload",)):
        visitor = visit("mode/jwt-cookie", *weak)
        await visitor.sign_in()
        said = json.dumps(part(visitor.jar[COOKIE], 1), ensure_ascii=False)
        account = visitor.lab.accounts["a"]
        assert (account.family_name in said) is bool(weak)
        assert account.username not in said or weak
