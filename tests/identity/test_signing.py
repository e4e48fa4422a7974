"""Signing in to an application that answers in many ways: what is sent, and what is concluded."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect
from pgssi_probe.identity import ORACLE, SIGN_IN, Account, Driver, Secret, Session, SignInState, State, sign_in
from pgssi_probe.identity.totp import one_time_code
from pgssi_probe.net.exchange import Failure, Request, Response

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
WRONG = Secret("Wrong-5678")


def html(body: str, **options: Any) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Portail</title><body>{body}", **options)


async def test_a_person_signs_in(visit: Any, app: Any) -> None:
    it = app()
    ctx = visit(it)
    signed = await sign_in(ctx, "a")
    assert signed.state is SignInState.SIGNED_IN
    assert signed.why == {"signal": "sign_out_control", "driver": "form", "status": 302, "landing": f"{ORIGIN}/space"}
    assert it.posts == [{"csrf": f"t{it.csrf}", "user": "alice", "pass": PASSWORD}]
    assert await (await ctx.collect(ORACLE)).state(signed.session) is State.IN


async def test_each_sign_in_has_its_own_token_and_session(visit: Any, app: Any) -> None:
    it = app()
    ctx = visit(it)
    first, second = await sign_in(ctx, "a"), await sign_in(ctx, "a")
    assert first.signed_in
    assert second.signed_in
    assert it.posts[0]["csrf"] != it.posts[1]["csrf"]
    assert first.session.jar.value("sid") != second.session.jar.value("sid")


async def test_no_secret_in_what_is_told(visit: Any, app: Any) -> None:
    signed = await sign_in(visit(app()), "a")
    assert PASSWORD not in repr(signed.why) + repr(signed.session) + repr(Account("a", "alice", Secret(PASSWORD)))


async def test_a_wrong_password_is_for_the_sacrifice_account_only(visit: Any, app: Any) -> None:
    it = app()
    ctx = visit(it)
    for options in ({"password": WRONG}, {"username": "mallory"}):
        with pytest.raises(ValueError, match="sacrifice"):
            await sign_in(ctx, "a", **options)
    assert not it.sent
    assert (await sign_in(ctx, "a", password=Secret(PASSWORD))).signed_in


REFUSALS = {
    "200 with a message": (lambda a: a.login_page("Identifiant ou mot de passe incorrect."), SignInState.REFUSED),
    "200 without a word": (lambda a: a.login_page(), SignInState.REFUSED),
    "302 back": (lambda _: redirect("/login?error=1", status=302), SignInState.REFUSED),
    "302 home": (lambda _: redirect("/", status=302), SignInState.REFUSED),
    "401": (lambda a: a.login_page("Échec", status=401), SignInState.REFUSED),
    "401 bare": (lambda _: page("", status=401), SignInState.REFUSED),
    "403": (lambda _: html("<p>Accès refusé</p>", status=403), SignInState.REFUSED),
    "422": (lambda a: a.login_page("Invalid credentials", status=422), SignInState.REFUSED),
    "500 that says why": (lambda _: html("<h1>Erreur</h1>Bad credentials", status=500), SignInState.REFUSED),
    "500": (lambda _: html("<h1>Erreur interne</h1>", status=500), SignInState.REFUSED),
    "429": (lambda _: html("<p>Attendez</p>", status=429), SignInState.THROTTLED),
    "503 with a delay": (lambda _: page("", status=503, headers=(("Retry-After", "9"),)), SignInState.THROTTLED),
    "200 too many": (lambda a: a.login_page("Trop de tentatives, réessayez dans 5 minutes."), SignInState.THROTTLED),
    "200 locked": (lambda a: a.login_page("Your account has been temporarily locked."), SignInState.THROTTLED),
    "captcha": (
        lambda a: html(a.form + '<form method=post><input name="g-recaptcha-response"></form>'),
        SignInState.THROTTLED,
    ),
    "already open": (lambda a: a.login_page("Une session est déjà ouverte.", status=409), SignInState.REFUSED),
    "an anonymous cookie": (
        lambda _: redirect("/", status=302, headers=(("Set-Cookie", "sid=anonymous; Path=/"),)),
        SignInState.REFUSED,
    ),
}


@pytest.mark.parametrize("how", REFUSALS)
async def test_a_refusal_is_seen_however_it_is_said(visit: Any, app: Any, how: str) -> None:
    refuse, expected = REFUSALS[how]
    ctx = visit(app(refuse=refuse))
    signed = await sign_in(ctx, "sacrifice", password=WRONG)
    assert signed.state is expected, signed.why
    assert (await sign_in(ctx, "sacrifice")).signed_in


async def test_a_page_that_leads_on_by_itself_is_followed(visit: Any, app: Any) -> None:
    def accept(it: Any) -> Response:
        cookie = ("Set-Cookie", f"sid={next(iter(it.live))}; Path=/")
        return html('<meta http-equiv=refresh content="0; url=/space"><p>Bienvenue</p>', headers=(cookie,))

    signed = await sign_in(visit(app(accept=accept)), "a", confirm=False)
    assert (signed.state, signed.why["signal"]) == (SignInState.SIGNED_IN, "sign_out_control")


async def test_silence_is_not_a_refusal(visit: Any, app: Any) -> None:
    it = app()
    ctx = visit(lambda request: Failure.RESPONSE_TIMEOUT if request.method == "POST" else it(request))
    signed = await sign_in(ctx, "a", confirm=False)
    assert (signed.state, signed.why["signal"]) == (SignInState.UNKNOWN, "no_answer")


async def test_two_steps(visit: Any, app: Any) -> None:
    first = (
        '<form method="post" action="/login"><input name="user" autocomplete="username"><button>Suivant</button></form>'
    )
    second = (
        '<form method="post" action="/login"><input type=hidden name=user value=alice>'
        "<input type=password name=pass></form>"
    )

    def steps(request: Request) -> Response | None:
        given = parse_qs(request.body.decode())
        return html(second) if request.method == "POST" and "pass" not in given else None

    it = app(form=first, before=steps)
    signed = await sign_in(visit(it), "a")
    assert signed.state is SignInState.SIGNED_IN, signed.why
    assert it.posts == [{"user": "alice", "pass": PASSWORD}]


SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def second_factor(it: Any) -> Any:
    def accept(_: Any) -> Response:
        return html('<h1>Code</h1><form method=post action="/code"><input name=code autocomplete=one-time-code></form>')

    def code(request: Request) -> Response | None:
        if urlsplit(request.url).path != "/code":
            return None
        wanted = one_time_code(SEED, it.now())
        if parse_qs(request.body.decode()).get("code") == [wanted]:
            it.accept = None
            return it.accepted()
        return accept(None)

    it.accept, it.before = accept, code
    return it


@pytest.mark.parametrize(
    ("totp", "state", "signal"),
    [
        (None, SignInState.SECOND_FACTOR, "code_form"),
        (Secret(SEED), SignInState.SIGNED_IN, "sign_out_control"),
        (Secret("JBSWY3DPEHPK3PXP"), SignInState.SECOND_FACTOR, "code_refused"),
        (Secret("not base 32!"), SignInState.UNKNOWN, "bad_totp"),
    ],
)
async def test_second_factor(visit: Any, app: Any, totp: Secret | None, state: SignInState, signal: str) -> None:
    it = second_factor(app())
    ctx = visit(it, accounts={"a": Account("a", "alice", Secret(PASSWORD), totp)})
    it.now = ctx.clock.now
    signed = await sign_in(ctx, "a", confirm=False)
    assert (signed.state, signed.why["signal"]) == (state, signal)


async def test_a_code_that_serves_once_is_not_given_twice(visit: Any, app: Any) -> None:
    """RFC 6238 §5.2: the second sign-in within half a minute waits for the next code, and so do those that follow."""
    it = second_factor(app())
    ctx = visit(it, accounts={"a": Account("a", "alice", Secret(PASSWORD), Secret(SEED))})
    it.now = ctx.clock.now
    spent: list[str] = []
    takes, asks = it.before, it.accept

    def once(request: Request) -> Response | None:
        if urlsplit(request.url).path == "/code":
            (code,) = parse_qs(request.body.decode())["code"]
            if code in spent:
                return asks(None)
            spent.append(code)
            answer = takes(request)
            it.accept = asks
            return answer
        return None

    it.before = once
    sent: list[int] = []
    for _ in range(3):
        before = len(it.sent)
        task = asyncio.ensure_future(sign_in(ctx, "a", confirm=False))
        while not task.done():
            for _ in range(30):
                await asyncio.sleep(0)
            await ctx.clock.advance(1.0)
        assert (await task).signed_in
        sent.append(len(it.sent) - before)
    assert len(spent) == 3
    assert sent[1] > sent[2], "learned: the third waits at once"


async def test_a_form_that_leaves_the_scope_gets_nothing(visit: Any, app: Any) -> None:
    for action in ("https://auth.bas.psc.esante.gouv.fr/login", "https://elsewhere.example/login"):
        it = app()
        it.form = it.form.replace('action="/login"', f'action="{action}"')
        ctx = visit(it)
        plan = await ctx.collect(SIGN_IN)
        assert plan.driver is None
        assert plan.reason in {"federated", "out_of_scope"}
        signed = await sign_in(ctx, "a", confirm=False)
        assert signed.state is SignInState.UNKNOWN
        assert all(request.method == "GET" for request in it.sent)


async def test_a_form_that_turns_to_another_host_after_it_was_found_gets_nothing(visit: Any, app: Any) -> None:
    it = app()
    ctx = visit(it)
    plan = await ctx.collect(SIGN_IN)
    it.form = it.form.replace('action="/login"', 'action="https://app.franceconnect.gouv.fr/login"')
    signed = await sign_in(ctx, "a", plan=plan, confirm=False)
    assert signed.why["signal"] == "federated"
    assert not it.posts


async def test_a_form_in_clear_is_sent_encrypted(visit: Any, app: Any) -> None:
    it = app()
    it.form = it.form.replace('action="/login"', 'action="http://portal.example/login"')
    signed = await sign_in(visit(it), "a", confirm=False)
    assert signed.signed_in
    assert all(request.url.startswith("https:") for request in it.sent if request.body)


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_http_authentication_is_found_by_its_challenge(visit: Any, scheme: str, algorithm: str) -> None:
    challenge = (
        f'Digest realm="r", nonce="n1", qop="auth", algorithm={algorithm}' if scheme == "Digest" else 'Basic realm="r"'
    )

    def right(line: str, request: Request) -> bool:
        if scheme == "Basic":
            return line == "Basic " + base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', line))
        h = lambda text: hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()  # noqa: E731
        ha1, ha2 = h(f"alice:r:{PASSWORD}"), h(f"{request.method}:{given.get('uri')}")
        return given.get("response") == h(f"{ha1}:n1:{given.get('nc')}:{given.get('cnonce')}:auth:{ha2}")

    def script(request: Request) -> Response:
        line = dict(request.headers).get("Authorization", "")
        if right(line, request):
            return html("<h1>Bonjour alice</h1>")
        return page("non", status=401, headers=(("WWW-Authenticate", challenge),))

    ctx = visit(script)
    plan = await ctx.collect(SIGN_IN)
    assert plan.driver is Driver(scheme.lower())
    oracle = await ctx.collect(ORACLE)
    signed = await sign_in(ctx, "a")
    assert signed.signed_in, signed.why
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    assert (await sign_in(ctx, "sacrifice", password=WRONG)).state is SignInState.REFUSED


def api(json_answer: Any, *, carries: str) -> Any:
    """An API with a token in the answer, or a cookie with its CSRF twin."""

    def script(request: Request) -> Response:
        path = urlsplit(request.url).path
        headers = dict(request.headers)
        inside = headers.get("Authorization") == "Bearer tok-123456" or "sid=live" in headers.get("Cookie", "")
        if path == "/":
            return html(
                "<div id=app></div><script src=/app.js></script>", headers=(("Set-Cookie", "XSRF-TOKEN=x1; Path=/"),)
            )
        if path == "/api/login":
            if request.method != "POST":
                return page("", status=405, headers=(("Allow", "POST"),))
            if carries == "cookie" and headers.get("X-XSRF-TOKEN") != "x1":
                return json_answer({"error": "csrf"}, 403)
            if b'"alice"' not in request.body or PASSWORD.encode() not in request.body:
                return json_answer({"error": "Bad credentials"}, 401)
            if carries == "cookie":
                return json_answer({"ok": True}, headers=(("Set-Cookie", "sid=live; Path=/"),))
            return json_answer({"data": {"access_token": "tok-123456"}})
        if path == "/api/me":
            return (
                json_answer({"name": "alice"})
                if inside
                else json_answer({"name": None}, 401 if carries == "token" else 200)
            )
        return page("", status=404)

    return script


@pytest.mark.parametrize("carries", ["token", "cookie"])
async def test_a_json_api(visit: Any, json_answer: Any, carries: str) -> None:
    ctx = visit(api(json_answer, carries=carries), declared={"login.driver": "json"})
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.url) == (Driver.JSON, f"{ORIGIN}/api/login")
    signed = await sign_in(ctx, "a")
    assert signed.signed_in, signed.why
    oracle = await ctx.collect(ORACLE)
    assert oracle.url == f"{ORIGIN}/api/me"
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    assert (await sign_in(ctx, "sacrifice", password=WRONG)).state is SignInState.REFUSED


async def test_an_api_that_knows_its_own_keys_only(visit: Any, json_answer: Any) -> None:
    """Refused with 422 until the names are right, as it refuses a wrong password: each of those is sent once."""
    posts: list[bytes] = []

    def script(request: Request) -> Response:
        if request.method == "POST":
            posts.append(request.body)
            if json.loads(request.body) == {"username": "alice", "password": PASSWORD}:
                return json_answer({"token": "tok-123456"})
            return json_answer({"errors": "invalid"}, 422)
        inside = dict(request.headers).get("Authorization") == "Bearer tok-123456"
        return json_answer({"name": "alice"} if inside else {}, 200 if inside else 401)

    ctx = visit(script, declared={"login.driver": "json", "login.url": f"{ORIGIN}/api/login"})
    assert (await sign_in(ctx, "sacrifice", password=WRONG, confirm=False)).state is SignInState.REFUSED
    assert len(posts) == 1
    assert (await sign_in(ctx, "a")).signed_in
    posts.clear()
    assert (await sign_in(ctx, "sacrifice", password=WRONG)).state is SignInState.REFUSED
    assert sum(WRONG.reveal().encode() in post for post in posts) == 1


async def test_a_scripted_page_is_said_to_be_one(visit: Any) -> None:
    ctx = visit(lambda _: html("<div><input name=u><input type=password name=p></div>"))
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.reason) == (None, "scripted")


async def test_bearer(visit: Any) -> None:
    def script(request: Request) -> Response:
        right = dict(request.headers).get("Authorization") == f"Bearer {PASSWORD}"
        return html("alice") if right else page("", status=401)

    ctx = visit(script, declared={"login.driver": "bearer"})
    assert (await sign_in(ctx, "a")).signed_in


async def test_a_hostile_page_does_not_make_it_send_more(visit: Any, app: Any) -> None:
    """Redirect loops, forms that come back for ever, codes that are asked again and again."""
    again = (
        '<form method=post action="/login"><input name=user><input type=password name=pass>'
        "<button>Login</button></form>"
    )
    code = '<form method=post action="/login"><input name=otp></form>'
    for trap in (html(again), html(code), redirect("/login", status=307), redirect("/login", status=302)):
        sent: list[Request] = []

        def script(request: Request, trap: Response = trap, sent: list[Request] = sent) -> Response:
            sent.append(request)
            return trap if request.method == "POST" else html(again)

        ctx = visit(script, accounts={"a": replace_totp()})
        await sign_in(ctx, "a", plan=await ctx.collect(SIGN_IN), confirm=False)
        assert sum(request.method == "POST" for request in sent) <= 10
        assert sum(PASSWORD.encode() in request.body for request in sent if request.method == "POST") <= 9


def replace_totp() -> Account:
    return replace(Account("a", "alice", Secret(PASSWORD)), totp=Secret(SEED))
