"""Signing in by a window, learning the request, and never trying a wrong password before that is proved."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from pgssi_probe.browser import BROWSER, Browser
from pgssi_probe.check.harness import page
from pgssi_probe.identity import SIGN_IN, Driver, Secret, SignInPlan, SignInState, sign_in
from pgssi_probe.identity.drivers import browser
from pgssi_probe.identity.drivers.browser import MAX_GIVEN, MAX_REQUESTS, Window
from pgssi_probe.identity.judging import Judgement
from pgssi_probe.net.exchange import Failure, Request, Response

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
SHELL = """<!doctype html><title>x</title><div id=app data-once="ONCE"></div><script>
const app = document.getElementById('app');
setTimeout(() => {
  const fields = '<input id=who placeholder=Identifiant><input type=password id=pw><button>Go</button>';
  app.innerHTML = '<form id=f>' + fields + '</form>';
  document.getElementById('f').onsubmit = (event) => {
    event.preventDefault();
    fetch('/rpc', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(
      {method: 'open', params: {who: who.value, pw: pw.value, once: app.dataset.once}})})
    .then((r) => r.json()).then((d) => { if (d.ticket) fetch('/api/me', {headers: {'X-Auth-Token': d.ticket}})
      .then((r) => r.json()).then((me) => { app.innerHTML = '<h1>Bonjour ' + me.name + '</h1>'; }); });
  };
}, 700);
</script>"""


class Rpc:
    """A single-page application over JSON-RPC: nothing of it can be guessed, and each page has its own token."""

    def __init__(self) -> None:
        self.pages = 0
        self.calls: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        if path == "/rpc" and request.method == "POST":
            call = json.loads(request.body)["params"]
            self.calls.append(call)
            right = call["who"] == "alice" and call["pw"] == PASSWORD and call["once"] == f"once-{self.pages:06}"
            answer = {"ticket": "ticket-of-alice-0001"} if right else {"error": "refused"}
            return page(json.dumps(answer), content_type="application/json")
        if path == "/api/me":
            inside = any(n.lower() == "x-auth-token" and v == "ticket-of-alice-0001" for n, v in request.headers)
            body = json.dumps({"name": "alice"} if inside else {})
            return page(body, status=200 if inside else 401, content_type="application/json")
        if path == "/":
            self.pages += 1
            return page(SHELL.replace("ONCE", f"once-{self.pages:06}"))
        return page("non", status=404)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    browser = Browser()
    try:
        yield browser
    finally:
        await browser.aclose()


async def test_a_window_signs_in_once_and_its_request_is_learned(visit: Any) -> None:
    it = Rpc()
    async with chromium() as browser:
        assert not browser.missing
        ctx = visit(it, collected={BROWSER.name: browser})
        plan = await ctx.collect(SIGN_IN)
        assert plan.driver is Driver.BROWSER, "what auto comes to at last"
        wrong = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"), plan=plan, confirm=False)
        assert (wrong.state, wrong.why["signal"]) == (SignInState.UNKNOWN, "not_ours")
        assert not it.calls
        first = await sign_in(ctx, "a", plan=plan, confirm=False)
        assert first.signed_in, first.why
        assert len(it.calls) == 1
        assert [(n.lower(), v) for n, v in first.session.headers] == [("x-auth-token", "ticket-of-alice-0001")]
        wrong = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"), plan=plan, confirm=False)
        assert wrong.why["signal"] == "not_ours", "learned, not yet proved"
    # no browser any more: the requests alone
    second = await sign_in(ctx, "sacrifice", plan=plan, confirm=False)
    assert second.signed_in, second.why
    assert len(second.exchanges) == 2
    assert it.calls[-1]["once"] == f"once-{it.pages:06}", "the token is that of the new page"
    before = len(it.calls)
    wrong = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"), plan=plan, confirm=False)
    assert wrong.state is SignInState.REFUSED
    assert [call["pw"] for call in it.calls[before:]] == ["Wrong-1"]


async def test_no_wrong_password_goes_to_an_address_that_was_only_guessed(
    visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that hashes what is typed signs in by a window alone; an address beside it takes any POST (FreshRSS)."""
    sent: list[str] = []

    def script(request: Request) -> Response:
        if request.method == "POST":
            sent.append(request.url)
        return page("<!doctype html><script>x()</script><input type=password id=p>")

    async def in_a_window(ctx: Any, attempt: Any) -> Judgement:
        return Judgement(SignInState.SIGNED_IN, "left_sign_in", sure=False)

    monkeypatch.setattr(browser, "in_a_window", in_a_window)
    ctx = visit(script, collected={BROWSER.name: SimpleNamespace(missing="")})
    plan = SignInPlan(Driver.JSON, url=f"{ORIGIN}/login", endpoints=(f"{ORIGIN}/login",), page_url=f"{ORIGIN}/")
    assert (await sign_in(ctx, "a", plan=plan, confirm=False)).signed_in
    before = len(sent)
    wrong = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"), plan=plan, confirm=False)
    assert (wrong.state, wrong.why["signal"], wrong.exchanges) == (SignInState.UNKNOWN, "not_ours", ())
    assert (await sign_in(ctx, "sacrifice", plan=plan, confirm=False)).signed_in
    assert len(sent) == before


async def test_a_window_is_bounded(visit: Any) -> None:
    """A script that sends the password over and over, or leads to a national provider, gets no further."""
    sent: list[Request] = []

    def script(request: Request) -> Response:
        sent.append(request)
        return page("ok")

    ctx = visit(script)
    window = Window(ctx.network, Secret('Ri"ght é&1'))
    for body in (b'{"p": "Ri\\"ght \\u00e9&1"}', b"p=Ri%22ght+%C3%A9%261", 'Ri"ght é&1'.encode()) * 4:
        await window.send(Request("POST", ORIGIN + "/x", (), body))
    assert len(sent) == MAX_GIVEN
    last = await window.send(Request("POST", ORIGIN + "/x", (), 'Ri"ght é&1'.encode()))
    assert last.failure is Failure.OUT_OF_SCOPE
    national = "https://wallet.esw.esante.gouv.fr/auth"
    assert not window.in_scope(national)
    assert (await window.send(Request("GET", national))).failure is Failure.OUT_OF_SCOPE
    for number in range(MAX_REQUESTS + 20):
        await window.send(Request("GET", f"{ORIGIN}/{number}"))
    assert len(sent) < MAX_REQUESTS


async def test_without_a_browser_it_is_said(visit: Any) -> None:
    class Nothing:
        missing = "chromium"

    ctx = visit(Rpc(), declared={"login.driver": "browser"}, collected={BROWSER.name: Nothing()})
    assert (await sign_in(ctx, "a", confirm=False)).why["signal"] == "browser_missing"
    ctx = visit(Rpc(), collected={BROWSER.name: Nothing()})
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.reason) == (None, "scripted")


pytestmark = pytest.mark.timeout(60)
