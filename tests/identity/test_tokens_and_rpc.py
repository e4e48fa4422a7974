"""Interfaces that want their token under another name, and those that are asked by JSON-RPC."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pgssi_probe.check.harness import exchange, page
from pgssi_probe.identity import ORACLE, Driver, SignInPlan, State, sign_in
from pgssi_probe.identity.logout import addresses_in_data
from pgssi_probe.identity.oracle import Oracle
from pgssi_probe.identity.rpc import questions
from pgssi_probe.identity.schemes import token_scheme
from pgssi_probe.net.exchange import Exchange, Request, Response

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"


def answer_json(data: Any, status: int = 200, **options: Any) -> Response:
    return page(json.dumps(data), status=status, content_type="application/json", **options)


def called(method: str, *params: Any, status: int = 200) -> Exchange:
    body = json.dumps({"method": method, "params": params, "id": 1}).encode()
    return replace(
        exchange(f"{ORIGIN}/rpc", answer_json({"result": True}, status=status)),
        request=Request("POST", f"{ORIGIN}/rpc", (), body),
    )


@pytest.mark.parametrize(
    ("challenge", "scheme"),
    [("Token", "Token"), ('JWT realm="api"', "JWT"), ("Bearer", ""), ('Basic realm="x"', ""), ("", ""), ("=", "")],
)
def test_the_name_under_which_a_token_is_wanted(challenge: str, scheme: str) -> None:
    assert token_scheme(challenge) == scheme


async def test_a_token_goes_under_the_name_that_the_interface_asks_for(visit: Any, app: Any) -> None:
    it = app()

    def api(request: Request) -> Response | None:
        path = request.parts.path
        if path == "/api/login" and request.method == "POST":
            return (
                answer_json({"token": "abcdefgh12345678"})
                if PASSWORD.encode() in request.body
                else page("", status=400)
            )
        if path == "/api/me":
            return page("", status=301, headers=(("Location", "/api/me/"),))
        if path == "/api/me/":
            if ("Authorization", "Token abcdefgh12345678") in request.headers:
                return answer_json({"name": "alice"})
            return answer_json({"detail": "none"}, 401, headers=(("WWW-Authenticate", "Token"),))
        return page("", status=404) if path.startswith("/api/") else None

    it.before = api
    ctx = visit(it, declared={"login.driver": "json", "login.url": "/api/login"})
    oracle = await ctx.collect(ORACLE)
    assert oracle.url == f"{ORIGIN}/api/me/"
    signed = await sign_in(ctx, "a")
    assert await oracle.state(signed.session) is State.IN


def test_only_what_reads_is_asked_again() -> None:
    heard = [
        called("web.get_torrents"),
        called("auth.check_session"),
        called("auth.login", "x"),
        called("core.remove_torrent", 1),
        called("web.get_events"),
        called("user.list", PASSWORD),
        called("user.info", status=500),
    ]
    assert [json.loads(body)["method"] for _, body in questions(heard, [PASSWORD])] == [
        "auth.check_session",
        "web.get_torrents",
    ]


async def test_an_interface_asked_by_rpc_tells_a_session(visit: Any, app: Any) -> None:
    it = app()

    def rpc(request: Request) -> Response | None:
        if request.parts.path != "/rpc":
            return (
                page("<div id=root></div>") if request.parts.path in {"/", "/login", "/space"} else page("", status=404)
            )
        data = json.loads(request.body)
        inside = it.cookies(request).get("sid") in it.live
        if data["method"] == "auth.check_session":
            return answer_json({"result": inside, "error": None, "id": data["id"]})
        right = data["params"] == ["alice", PASSWORD]
        if right:
            it.live.add("s1")
        return answer_json({"result": right}, headers=(("Set-Cookie", "sid=s1; Path=/"),) if right else ())

    it.before = rpc
    plan = SignInPlan(Driver.HAR, url=f"{ORIGIN}/", heard=[called("auth.check_session")])
    assert plan.usable
    oracle = Oracle(url=f"{ORIGIN}/rpc", body=plan.heard[0].request.body)
    ctx = visit(it)
    from pgssi_probe.identity import Session
    from pgssi_probe.identity.oracle_choice import Choice, Compared

    choice = Choice(ctx)
    inside = Session(ctx.network, ctx.clock, label="a")
    await inside.send(
        Request(
            "POST", f"{ORIGIN}/rpc", (), json.dumps({"method": "auth.login", "params": ["alice", PASSWORD]}).encode()
        )
    )
    compared = Compared(oracle.url, (), (), oracle.body)
    for _ in range(3):
        compared = await choice._round(compared, inside)
    assert [str(trait) for trait in compared.traits] == ["json"]


async def test_addresses_that_scripts_draw_a_control_from() -> None:
    from pgssi_probe.discovery.parse import parse_page

    markup = (
        '<script>var menu = [{"label": "Log out", "action": "\\/admin\\/logout\\/"}]</script>'
        '<div data-props="{&quot;out&quot;:&quot;/compte/deconnexion&quot;}"></div>'
        "<script src='https://cdn.example/logout/'></script><script>var home='/admin/'</script>"
    )
    read = await parse_page(exchange(f"{ORIGIN}/admin/", page(f"<!doctype html><body>{markup}")))
    assert read is not None
    assert addresses_in_data(read) == (f"{ORIGIN}/admin/logout/", f"{ORIGIN}/compte/deconnexion")
