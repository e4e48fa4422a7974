"""Applications whose sign-in is drawn by scripts, with nothing declared."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import pgssi_probe.identity
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.identity import ORACLE, SIGN_IN, Driver, Secret, Session, SignInState, State, sign_in
from pgssi_probe.identity.advice import BY_SIGNAL, advice, lines
from pgssi_probe.identity.endpoints import allows_posts, bases_in, endpoints_in
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.exchange import Request, Response
from pgssi_probe.words import catalogue

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
SHELLS = {
    "fields without names": "<form class=x><input id=u placeholder=Identifiant><input type=password id=p></form>",
    "a form that a script sends": "<form><input name=u><input type=password name=p></form>",
    "fields without a form": "<div><input name=u><input type=password name=p></div>",
    "nothing but scripts": "<div id=app></div>",
}


class Spa:
    """A single-page application. `path` is where it takes credentials, `script` how its code names it."""

    def __init__(self, shell: str, script: str, path: str, *, waits: int = 405, form: bool = False) -> None:
        self.shell, self.script, self.path, self.waits, self.form = shell, script, path, waits, form
        self.sent: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        path = urlsplit(request.url).path
        inside = dict(request.headers).get("Authorization") == "Bearer token-of-alice-1"
        if path == "/":
            return page(f"<!doctype html><title>x</title>{self.shell}<script src=/app.js></script>")
        if path == "/app.js":
            return page(self.script, content_type="text/javascript")
        if path == self.path and request.method == "POST":
            return self.take(request)
        if path == self.path and request.method == "OPTIONS":
            return page("", status=200, headers=(("Allow", "POST"),))
        if path == self.path:
            return page("", status=self.waits, headers=(("Allow", "POST"),) if self.waits == 405 else ())
        if path == "/api/me":
            return page(json.dumps({"u": "alice"} if inside else {}), status=200 if inside else 401, content_type=JSON)
        return page("non", status=404)

    def take(self, request: Request) -> Response:
        if self.form:
            given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        else:
            try:
                given = json.loads(request.body)
            except ValueError:
                return page("{}", status=415, content_type=JSON)
        known = given.get("username") == "alice" and given.get("password") == PASSWORD
        if self.form and given.get("grant_type") != "password":
            return page('{"error": "invalid_request"}', status=400, content_type=JSON)
        return page(json.dumps({"access_token": "token-of-alice-1"} if known else {"error": "bad"}),
                    status=200 if known else 401, content_type=JSON)  # fmt: skip


JSON = "application/json"
SCRIPTS = {
    "whole": ("fetch('/api/v3/session/login',{method:'POST'})", "/api/v3/session/login"),
    "below a base": ('const b="/backend/api";post(b+"/auth/login")', "/backend/api/auth/login"),
    "in a template": ("post(`${this.base}/auth/signin`)", "/auth/signin"),
    "nowhere, but at a usual place": ("start()", "/api/auth/login"),
}


WAITS = [(script, waits) for script in SCRIPTS for waits in (405, 404) if waits == 405 or "usual" not in script]
"""An address that nothing names must show itself."""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("script", "waits"), WAITS)
async def test_a_sign_in_with_nothing_declared(visit: Any, shell: str, script: str, waits: int) -> None:
    code, path = SCRIPTS[script]
    it = Spa(SHELLS[shell], code, path, waits=waits)
    ctx = visit(it)
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.url) == (Driver.JSON, ORIGIN + path)
    assert all(request.method != "POST" for request in it.sent), "nothing is posted to find it"
    signed = await sign_in(ctx, "a")
    assert signed.signed_in, signed.why
    oracle = await ctx.collect(ORACLE)
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    it.sent.clear()
    assert (await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"))).state is SignInState.REFUSED
    assert sum(b"Wrong-1" in request.body for request in it.sent) == 1
    assert not any(PASSWORD in request.url for request in it.sent)


async def test_a_place_closed_to_strangers_is_no_endpoint(visit: Any) -> None:
    """Verdaccio: any address answers 401 in JSON, that of a package that does not exist included; the true one 404."""
    it = Spa("<div id=app></div>", "post('/login');post('/-/sec/login')", "/-/sec/login", waits=404)

    def closed(request: Request) -> Response:
        answer = it(request)
        deep = urlsplit(request.url).path.count("/") > 1
        if answer.status == 404 and not deep:
            return page('{"error": "authorization required"}', status=401, content_type=JSON)
        return answer

    ctx = visit(closed)
    signed = await sign_in(ctx, "a")
    assert signed.signed_in, signed.why
    assert (await ctx.collect(SIGN_IN)).accepted[0].url == f"{ORIGIN}/-/sec/login"


async def test_a_token_endpoint_that_takes_a_form(visit: Any) -> None:
    it = Spa("<div id=app></div>", "post('/oauth/token')", "/oauth/token", form=True)
    ctx = visit(it)
    assert (await sign_in(ctx, "a")).signed_in
    it.sent.clear()
    assert (await sign_in(ctx, "a", confirm=False)).signed_in
    assert sum(request.method == "POST" for request in it.sent) == 1, "what was taken once is sent first"


async def test_a_passive_run_asks_for_no_guessed_address(visit: Any) -> None:
    it = Spa(SHELLS["fields without a form"], "x()", "/api/auth/login")
    plan = await visit(it, level=Level.PASSIVE, collected={"browser": Missing()}).collect(SIGN_IN)
    assert (plan.driver, plan.reason) == (None, "scripted")
    assert all("login" not in request.url for request in it.sent)


class Missing:
    missing = "chromium"


async def test_what_to_write_when_it_is_not_found(visit: Any) -> None:
    it = Spa(SHELLS["fields without a form"], "x()", "/very/odd")
    ctx = visit(it, collected={"browser": Missing()})
    signed = await sign_in(ctx, "a", confirm=False)
    plan = await ctx.collect(SIGN_IN)
    key = advice(signed, None)
    assert key == "give_endpoint"
    assert lines(key, plan, signed, target=ORIGIN + "/", account="a")[:2] == ("[login]", 'driver = "json"')


def test_names_of_elements_and_files_are_no_endpoints() -> None:
    code = "x('usermenu-item-login');y('/css/login.css');z('icon-token');w('/account/reset-login');v('/api/login')"
    assert endpoints_in([code]) == ("/api/login",)
    assert bases_in(['a="/api";b="/api";c="/rest/v1"', 'd="/api"']) == ("api", "rest/v1")


@pytest.mark.parametrize(
    ("status", "allow", "expected"),
    [(200, "POST", True), (204, "OPTIONS, POST", True), (200, "GET, HEAD", False), (404, "POST", False),
     (200, "GET, POST, PUT, DELETE, PATCH", False), (200, "", False)],
)  # fmt: skip
def test_an_answer_to_options(status: int, allow: str, expected: bool) -> None:
    answer = page("", status=status, headers=(("Allow", allow),))
    assert allows_posts(exchange(f"{ORIGIN}/x", answer)) is expected


def test_every_signal_has_its_words_and_every_advice_too() -> None:
    """What a sign-in rests on is shown to people: each key in the code is in the catalogues."""
    folder = Path(pgssi_probe.identity.__file__).parent
    used: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Judgement", "Printed", "BadHar"}:
                used |= {a.value for a in ast.walk(node) if isinstance(a, ast.Constant) and isinstance(a.value, str)}
            if isinstance(node, ast.keyword) and node.arg == "reason" and isinstance(node.value, ast.Constant):
                used.add(str(node.value.value))
    used -= {"", "utf-8"} | {state.value for state in SignInState}
    known = {key.removeprefix("identity.signal.") for key in catalogue("fr") if key.startswith("identity.signal.")}
    assert used - known <= {"no_account", "no_difference"}
    for key in BY_SIGNAL.values():
        assert f"identity.advice.{key}" in catalogue("fr")
        assert f"identity.advice.{key}" in catalogue("en")


@dataclass
class DescribedApi:
    """An API by itself: no page, its home is 404, and its description says how one signs in."""

    header: str = "Authorization"
    documentation: bool = False
    sent: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        path = urlsplit(request.url).path
        headers = dict(request.headers)
        inside = headers.get(self.header) in {"token-of-alice-1", "Bearer token-of-alice-1"}
        if path == "/docs" and self.documentation:
            return page("<!doctype html><script>ui({url: '/hidden/openapi.json'})</script>")
        if path == ("/hidden/openapi.json" if self.documentation else "/openapi.json"):
            return page(json.dumps(self.description()), content_type=JSON)
        if path == "/v7/compte/ouvrir-session" and request.method == "POST":
            known = json.loads(request.body) == {"identifiant": "alice", "motDePasse": PASSWORD}
            told = {"status": "ok", "auth_token": "token-of-alice-1"} if known else {"status": "fail"}
            return page(json.dumps(told), content_type=JSON)
        if path == "/v7/moi":
            told = {"identifiant": "alice"} if inside else {"status": "fail"}
            return page(json.dumps(told), status=200 if inside else 401, content_type=JSON)
        return page('{"status": "fail"}', status=404, content_type=JSON)

    def description(self) -> dict[str, Any]:
        scheme = (
            {"type": "http", "scheme": "bearer"}
            if self.header == "Authorization"
            else {"type": "apiKey", "in": "header", "name": self.header}
        )
        fields = {"type": "object", "properties": {"identifiant": {"type": "string"}, "motDePasse": {"type": "string"}}}
        return {
            "openapi": "3.1.0",
            "servers": [{"url": "http://localhost:5000/v7"}],
            "components": {"securitySchemes": {"jeton": scheme}},
            "paths": {
                "/compte/ouvrir-session": {
                    "post": {"operationId": "login", "requestBody": {"content": {JSON: {"schema": fields}}}}
                },
                "/moi": {"get": {"security": [{"jeton": []}]}},
                "/remise-a-zero": {"get": {"operationId": "reset_db", "security": [{"jeton": []}]}},
            },
        }


@pytest.mark.parametrize("header", ["Authorization", "x-access-token"])
@pytest.mark.parametrize("documentation", [False, True])
async def test_an_api_without_a_page_is_signed_in_to_by_its_description(
    visit: Any, header: str, documentation: bool
) -> None:
    it = DescribedApi(header, documentation)
    ctx = visit(it)
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.url, plan.found_by) == (Driver.JSON, ORIGIN + "/v7/compte/ouvrir-session", "described")
    signed = await sign_in(ctx, "a")
    assert signed.signed_in, signed.why
    oracle = await ctx.collect(ORACLE)
    assert oracle.url == ORIGIN + "/v7/moi"
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    it.sent.clear()
    assert (await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"))).state is SignInState.REFUSED
    assert sum(b"Wrong-1" in request.body for request in it.sent) == 1
    assert not any("remise-a-zero" in request.url for request in it.sent), "what resets is not asked"
