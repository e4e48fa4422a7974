"""Links that replace a forgotten password, registration, and brakes that answer nothing or a question."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import httpx
import pytest

from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import running_lab
from pgssi_probe.lab.visitor import Visitor

FORGOTTEN = "/mot-de-passe-oublie"
NEW = "Un-mot-de-passe-tout-neuf-9"


async def link(visitor: Visitor, label: str = "a") -> str:
    await visitor.post(FORGOTTEN, {"identifiant": visitor.lab.accounts[label].username}, form_at=FORGOTTEN)
    return visitor.lab.portal.resets.sent[-1].removeprefix(visitor.lab.https_url)


async def test_a_link_changes_the_password_once_and_ends_the_sessions(visit: Callable[..., Visitor]) -> None:
    inside, visitor = visit(), visit()
    await inside.sign_in()
    path = await link(visitor)
    assert (await visitor.post(path, {"nouveau": "court"}, form_at=path)).status_code == 200
    assert (await visitor.post(path, {"nouveau": NEW}, form_at=path)).status_code == 303
    assert not await inside.is_in()
    assert (await visitor.get(path)).status_code == 410
    assert (await visitor.try_sign_in(visitor.lab.accounts["a"].username, NEW)).status_code == 303


async def test_a_link_is_good_for_a_quarter_of_an_hour(visit: Callable[..., Visitor], clock: VirtualClock) -> None:
    visitor = visit()
    path = await link(visitor)
    await clock.advance(899)
    assert (await visitor.get(path)).status_code == 200
    await clock.advance(2)
    assert (await visitor.get(path)).status_code == 410


async def test_nobody_is_sent_a_link_for_an_account_that_is_not(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    await visitor.post(FORGOTTEN, {"identifiant": "personne"}, form_at=FORGOTTEN)
    assert not visitor.lab.portal.resets.sent


@pytest.mark.parametrize(
    ("weak", "told"), [("mode/registration", False), ("login.user-enumeration/registration-message", True)]
)
async def test_registration(visit: Callable[..., Visitor], weak: str, told: bool) -> None:
    visitor = visit(weak)
    assert "/inscription" in (await visitor.get("/connexion")).text
    assert (await visit().get("/inscription")).status_code == 404
    values = {"nouveau": NEW, "confirmation": NEW + "x"}
    taken = await visitor.post(
        "/inscription", {"identifiant": visitor.lab.accounts["a"].username, **values}, form_at="/inscription"
    )
    free = await visitor.post("/inscription", {"identifiant": "personne", **values}, form_at="/inscription")
    assert ("déjà pris" in taken.text, "diffèrent" in free.text) == (told, True)


async def test_a_captcha_stays_until_it_is_answered(visit: Callable[..., Visitor], clock: VirtualClock) -> None:
    visitor = visit("mode/brake-captcha-stays")
    own = visitor.lab.accounts["sacrifice"]
    for _ in range(5):
        await visitor.try_sign_in(own.username, "faux")
    await clock.advance(3600)
    assert "captcha" in (await visitor.try_sign_in(own.username, own.password)).text
    values = {"identifiant": own.username, "mot_de_passe": own.password, "captcha": "7"}
    assert (await visitor.post("/connexion", values, form_at="/connexion")).status_code == 303


async def test_a_dropped_connection_gets_no_answer() -> None:
    async with running_lab(["mode/brake-drop"], clock=VirtualClock()) as lab:
        verify = ssl.create_default_context(cafile=lab.ca_file)
        async with httpx.AsyncClient(base_url=lab.https_url, verify=verify) as client:
            visitor = Visitor(lab, client)
            for _ in range(5):
                assert (await visitor.try_sign_in("camille", "faux")).status_code == 200
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                await visitor.try_sign_in("camille", "faux")
            assert (await visitor.get("/")).status_code == 200
