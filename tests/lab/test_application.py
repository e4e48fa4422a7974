"""The portal as one page drawn by a script, its session in a cookie that the script cannot read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgssi_probe.lab.visitor import Visitor

MODE = "mode/single-page-cookie"
PRIVATE = ("/mon-espace", "/profil", "/resultats", "/gestion")


async def signed(visitor: Visitor) -> None:
    own = visitor.lab.accounts["a"]
    answer = await visitor.ask(
        "POST", "/api/v1/connexion", json={"identifiant": own.username, "mot_de_passe": own.password}
    )
    assert answer.json() == {"compte": own.username}
    cookies = answer.headers.get_list("set-cookie")
    assert [("HttpOnly" in line) for line in cookies] == [True, False]


@pytest.mark.parametrize("path", PRIVATE)
async def test_every_private_page_is_the_same_shell(visit: Callable[..., Visitor], path: str) -> None:
    visitor = visit(MODE)
    before = (await visitor.get(path)).text
    await signed(visitor)
    after = (await visitor.get(path)).text
    assert before == after
    assert 'id="application"' in after
    assert (await visitor.ask("POST", "/profil", data={"telephone": "01 99 00 00 09"})).status_code == 405


async def test_data_come_by_the_cookie_alone(visit: Callable[..., Visitor]) -> None:
    visitor = visit(MODE)
    assert (await visitor.get("/api/v1/moi")).status_code == 401
    await signed(visitor)
    assert (await visitor.get("/api/v1/moi")).json()["folder"]


async def test_what_acts_wants_the_token_of_the_readable_cookie(visit: Callable[..., Visitor]) -> None:
    visitor = visit(MODE)
    await signed(visitor)
    assert (await visitor.ask("POST", "/api/v1/deconnexion")).status_code == 403
    token = {"X-CSRF-Token": visitor.jar["XSRF-TOKEN"]}
    twin = visitor.twin()
    assert (await visitor.ask("POST", "/api/v1/deconnexion", headers=token)).status_code == 204
    assert not {"XSRF-TOKEN", "__Host-session"} & set(visitor.jar)
    assert (await twin.get("/api/v1/moi")).status_code == 401


async def test_signing_in_changes_the_session_of_the_visitor(visit: Callable[..., Visitor]) -> None:
    for weak, same in (((), False), (("session.fixation/kept",), True)):
        visitor = visit(MODE, *weak)
        await visitor.get("/connexion")
        before = visitor.jar["__Host-session"]
        await signed(visitor)
        assert (visitor.jar["__Host-session"] == before) is same
