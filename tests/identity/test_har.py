"""Signing in as a recording did, with other credentials and fresh tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.check.harness import page
from pgssi_probe.identity import ORACLE, SIGN_IN, Account, Driver, Secret, Session, SignInState, State, sign_in
from pgssi_probe.identity.har import BadHar, at, credentials_of, put, recorded, role_of
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
RECORDED = {"username": "marie", "password": "Marie-Secret-9"}


def entry(
    url: str, *, method: str = "POST", kind: str = "", body: str = "", status: int = 302, answer: str = "", **more: Any
) -> dict[str, Any]:
    headers = [{"name": name.replace("_", "-"), "value": value} for name, value in more.items()]
    request = {"method": method, "url": url, "headers": headers, "cookies": more.pop("cookies", [])}
    if body:
        request["postData"] = {"mimeType": kind, "text": body}
    return {"request": request, "response": {"status": status, "headers": [], "content": {"text": answer}}}


def written(folder: Path, *entries: dict[str, Any]) -> str:
    path = folder / "connexion.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}), encoding="utf-8")
    return str(path)


def form_entry(**changed: str) -> dict[str, Any]:
    fields = {"csrf": "stale", "user": RECORDED["username"], "pass": RECORDED["password"], **changed}
    kind = "application/x-www-form-urlencoded"
    return entry(f"{ORIGIN}/login", kind=kind, body=urlencode(fields), Referer=f"{ORIGIN}/login")


def har(visit: Any, script: Any, path: str, **options: Any) -> Any:
    return visit(script, declared={"login.driver": "har", "login.har": path}, **options)


async def test_a_form_with_fresh_values(visit: Any, app: Any, tmp_path: Path) -> None:
    it = app()
    noise = [entry(f"{ORIGIN}/", method="GET"), entry(f"{ORIGIN}/stats", kind="application/json", body='{"a": "b"}')]
    ctx = har(visit, it, written(tmp_path, *noise, form_entry(), entry(f"{ORIGIN}/space", method="GET")))
    plan = await ctx.collect(SIGN_IN)
    assert plan.driver is Driver.HAR
    signed = await sign_in(ctx, "a")
    assert signed.signed_in, signed.why
    assert it.posts[-1]["user"] == "alice"
    assert it.posts[-1]["csrf"] != "stale"
    assert not any(RECORDED["password"].encode() in request.body for request in it.sent)
    oracle = await ctx.collect(ORACLE)
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    assert (await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"))).state is SignInState.REFUSED


async def test_a_json_api_with_a_token_of_its_own_name(visit: Any, json_answer: Any, tmp_path: Path) -> None:
    """JSON-RPC, the answer's token carried in a header that only the recording tells."""
    sent: list[Request] = []

    def script(request: Request) -> Response:
        sent.append(request)
        headers = dict(request.headers)
        path = urlsplit(request.url).path
        if path == "/rpc" and request.method == "POST":
            call = json.loads(request.body)
            if headers.get("X-CSRF-Token") != "fresh-csrf-token":
                return json_answer({"error": {"code": 3}}, 403)
            right = call["params"] == {"who": "alice", "secret": PASSWORD, "lang": "fr"} and call["method"] == "login"
            return json_answer({"result": {"ticket": "t" * 30}} if right else {"error": {"code": 1}})
        if path == "/api/me":
            inside = headers.get("X-Auth-Token") == "T:" + "t" * 30
            return json_answer({"name": "alice"} if inside else {}, 200 if inside else 401)
        if path == "/":
            cookie = ("Set-Cookie", "csrf_token=fresh-csrf-token; Path=/")
            return page("<div id=app></div>", headers=(cookie,))
        return page("", status=404)

    body = {"jsonrpc": "2.0", "id": 1, "method": "login", "params": {"who": "marie", "secret": "Marie-9", "lang": "fr"}}
    ticket = "R" * 30
    path = written(
        tmp_path,
        entry(
            f"{ORIGIN}/rpc", kind="application/json; charset=utf-8", body=json.dumps(body), status=200,
            answer=json.dumps({"result": {"ticket": ticket}}), X_CSRF_Token="stale-token", Referer=f"{ORIGIN}/",
        ),
        entry(f"{ORIGIN}/api/me", method="GET", status=200, X_Auth_Token="T:" + ticket),
    )  # fmt: skip
    ctx = visit(
        script,
        declared={"login.driver": "har", "login.har": path, "login.username_field": "who"},
    )
    signed = await sign_in(ctx, "a")
    assert signed.signed_in, signed.why
    assert dict(signed.session.headers) == {"X-Auth-Token": "T:" + "t" * 30}
    oracle = await ctx.collect(ORACLE)
    assert urlsplit(oracle.url).path == "/api/me"
    assert await oracle.state(signed.session) is State.IN
    assert (await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"))).state is SignInState.REFUSED
    posts = [request for request in sent if request.method == "POST"]
    assert sum(b"Wrong-1" in request.body for request in posts) == 1


async def test_two_steps_and_a_code(visit: Any, app: Any, tmp_path: Path) -> None:
    from pgssi_probe.identity.totp import one_time_code

    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    it = app()
    ask = '<form method=post action="/code"><input name=code autocomplete=one-time-code></form>'
    it.accept = lambda _: page(f"<h1>Code</h1>{ask}")

    def code(request: Request) -> Response | None:
        if urlsplit(request.url).path != "/code":
            return None
        it.accept = None
        right = request.body.decode() == f"code={one_time_code(seed, it.now())}"
        return it.accepted() if right else page(ask)

    it.before = code
    kind = "application/x-www-form-urlencoded"
    second = entry(f"{ORIGIN}/code", kind=kind, body="code=123456", Referer=f"{ORIGIN}/login")
    accounts = {"a": Account("a", "alice", Secret(PASSWORD), Secret(seed))}
    ctx = har(visit, it, written(tmp_path, form_entry(), second), accounts=accounts)
    it.now = ctx.clock.now
    signed = await sign_in(ctx, "a", plan=await ctx.collect(SIGN_IN), confirm=False)
    assert signed.signed_in, signed.why


async def test_a_value_that_a_script_held_is_found_again(visit: Any, tmp_path: Path) -> None:
    """No hidden field, no cookie: the token stands in the data of a script of the page."""
    posts: list[bytes] = []

    def shown(token: str) -> str:
        return f'<html><body><script>start({{"lang": "fr", "csrfToken": "{token}", "x": 1}})</script>'

    def script(request: Request) -> Response:
        if request.method == "POST":
            posts.append(request.body)
            cookie = (("Set-Cookie", "sid=1; Path=/"),)
            return page('<a href="/logout">Logout</a>', headers=cookie) if b"fresh+token" in request.body else page("?")
        return page(shown("fresh+token&amp;1"))

    before = entry(f"{ORIGIN}/login", method="GET", status=200, answer=shown("stale-token"))
    before["response"]["content"]["mimeType"] = "text/html"
    body = {"token": "stale-token", "user": "marie", "pass": "Marie-9"}
    sent = entry(f"{ORIGIN}/login", kind="application/json", body=json.dumps(body), Referer=f"{ORIGIN}/login")
    signed = await sign_in(har(visit, script, written(tmp_path, before, sent)), "a", confirm=False)
    assert signed.signed_in, signed.why
    assert json.loads(posts[0])["token"] == "fresh+token&1"


@pytest.mark.parametrize(
    ("content", "signal"),
    [
        (None, "har_unreadable"),
        ("not json", "har_unreadable"),
        ('{"log": {"entries": 7}}', "har_unreadable"),
        ('{"log": {"entries": [{}]}}', "har_unreadable"),
        ('{"log": {"entries": []}}', "har_no_password"),
    ],
)
async def test_a_recording_that_is_none(visit: Any, app: Any, tmp_path: Path, content: str | None, signal: str) -> None:
    path = tmp_path / "x.har"
    if content is not None:
        path.write_text(content)
    it = app()
    signed = await sign_in(har(visit, it, str(path)), "a", confirm=False)
    assert (signed.state, signed.why["signal"]) == (SignInState.UNKNOWN, signal)
    assert not it.sent


@pytest.mark.parametrize(
    ("url", "signal"),
    [("https://other.example/login", "har_other_host"), ("https://app.franceconnect.gouv.fr/login", "federated")],
)
async def test_a_recording_of_another_host_is_not_replayed(
    visit: Any, app: Any, tmp_path: Path, url: str, signal: str
) -> None:
    it = app()
    one = form_entry()
    one["request"]["url"] = url
    signed = await sign_in(har(visit, it, written(tmp_path, one)), "a", confirm=False)
    assert signed.why["signal"] == signal
    assert not it.sent


async def test_what_changed_since_the_recording_is_said(visit: Any, app: Any, tmp_path: Path) -> None:
    it = app()
    it.before = lambda request: page("<h1>?</h1>") if request.method == "POST" else None
    ctx = har(visit, it, written(tmp_path, form_entry(captcha="recorded-value")))
    signed = await sign_in(ctx, "a", plan=await ctx.collect(SIGN_IN), confirm=False)
    assert signed.state is SignInState.UNKNOWN
    assert signed.why["recorded_status"] == 302
    assert signed.why["got_status"] == 200
    assert signed.why["fields_gone"] == "captcha"
    told = json.dumps(dict(signed.why))
    assert "recorded-value" not in told
    assert RECORDED["password"] not in told


@pytest.mark.parametrize(
    ("name", "value", "role"),
    [
        ("j_password", "x", "password"), ("motDePasse", "x", "password"), ("params.secret", "x", "password"),
        ("userPassword", "x", "password"), ("mdp", "", None), ("j_username", "x", "username"),
        ("email", "x", "username"),
        ("q", "alice", "username"), ("otp", "123456", "code"), ("otp", "abc", None), ("csrf_token", "x", None),
        ("remember", "on", None),
    ],
)  # fmt: skip
def test_what_a_field_stands_for(name: str, value: str, role: str | None) -> None:
    assert role_of(name, value, frozenset({"alice"}), None, None) == role


_JSON = st.recursive(
    st.none() | st.text(max_size=9),
    lambda inner: st.dictionaries(st.text(max_size=5), inner) | st.lists(inner, max_size=3),
)


@given(_JSON, st.text(max_size=12))
def test_no_json_is_too_strange(data: Any, path: str) -> None:
    put(data, path, "x")
    at(data, path)
    credentials_of("POST", ORIGIN, "application/json", json.dumps(data).encode(), "alice", "pw")


@given(st.binary(max_size=60))
def test_no_file_is_too_strange(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "strange.har"
    path.write_bytes(content)
    with pytest.raises(BadHar):
        recorded(path, frozenset(), None, None)


def test_a_value_in_its_place() -> None:
    assert put({"a": [{"b.c": "old"}, "x"]}, "a.0.b.c", "new") == {"a": [{"b.c": "new"}, "x"]}
    assert at({"a": ["x", {"b": "y"}]}, "a.1.b") == "y"
    assert at({"a": "line\nfeed"}, "a") == ""
