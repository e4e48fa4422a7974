"""Refresh tokens: what is one in the answer of a sign-in, and how it is handed back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pgssi_checks.session.tokens.refresh import MAX_TRIES, RefreshToken, Renewal, Way, refresh_token, ways
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import ScriptedNetwork, exchange, page
from pgssi_probe.clock import VirtualClock
from pgssi_probe.identity import Session, SignIn, SignInState

ENDPOINT = "https://portal.example/api/v1/login"


def signed(body: Any, session: Session | None = None) -> SignIn:
    answer = page(json.dumps(body), content_type="application/json")
    held = session or Session(None, VirtualClock())  # type: ignore[arg-type]
    return SignIn(SignInState.SIGNED_IN, held, (exchange(ENDPOINT, answer, method="POST"),), {})


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"access_token": "aaaaaaaaaaaa", "refresh_token": "bbbbbbbbbbbb"}, "refresh_token"),
        ({"data": {"tokens": {"refreshToken": "bbbbbbbbbbbb"}}}, "refreshToken"),
        ({"jeton": "aaaaaaaaaaaa", "jeton_de_renouvellement": "bbbbbbbbbbbb"}, "jeton_de_renouvellement"),
        ({"access_token": "aaaaaaaaaaaa", "refresh_expires_in": 1800}, None),
        ({"refresh": True}, None),
        (["refresh_token"], None),
    ],
)
def test_what_renews_is_known_by_its_name(body: Any, key: str | None) -> None:
    found = refresh_token(signed(body))
    assert (found.key if found else None) == key
    assert found is None or "bbbb" not in repr(found)


def test_the_way_of_the_usual_frameworks_is_among_the_first() -> None:
    tried = list(ways(RefreshToken(ENDPOINT, "refresh_token", "bbbbbbbbbbbb")))
    assert Way("https://portal.example/api/v1/refresh", "json", "refresh_token") in tried[:MAX_TRIES]
    assert Way("https://portal.example/api/v1/refresh", "header", "refresh_token") in tried[:MAX_TRIES]
    assert Way("https://portal.example/api/v1/token/refresh", "json", "refresh_token") in tried[:MAX_TRIES]


@pytest.mark.parametrize("how", ["json", "header"])
async def test_a_token_is_renewed_and_the_way_remembered(how: str) -> None:
    sent: list[Request] = []

    def answer(request: Request) -> Response:
        sent.append(request)
        if request.parts.path != "/api/v1/refresh":
            return page("", status=404)
        given = request.body if how == "json" else dict(request.headers).get("Authorization", "").encode()
        if b"bbbbbbbbbbbb" not in given:
            return page("{}", status=422, content_type="application/json")
        return page('{"access_token": "new-access-token"}', content_type="application/json")

    clock = VirtualClock()
    network = ScriptedNetwork(answer, clock, "https://portal.example")
    start = Session(network, clock, headers=(("Authorization", "Bearer old-access-token"),))
    held = Renewal.of(signed({"access_token": "old-access-token", "refresh_token": "bbbbbbbbbbbb"}, start))
    assert await held.renew()
    assert held.session.headers == (("Authorization", "Bearer new-access-token"),)
    assert not any("old-access-token" in value for request in sent for _, value in request.headers)
    before = len(sent)
    assert await held.renew()
    assert len(sent) == before + 1


async def test_an_application_without_a_way_is_asked_a_bounded_number_of_times() -> None:
    clock = VirtualClock()
    network = ScriptedNetwork(lambda _: page("{}", status=401), clock, "https://portal.example")
    held = Renewal.of(signed({"refresh_token": "bbbbbbbbbbbb"}, Session(network, clock)))
    assert not await held.renew()
    assert len(network.sent) <= MAX_TRIES
    assert held.way is None
