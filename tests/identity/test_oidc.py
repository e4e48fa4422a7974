"""OpenID Connect: an application that sends to a provider of the scope, and a provider that is itself the target."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect
from pgssi_probe.identity import ORACLE, SIGN_IN, Account, Driver, Secret, Session, SignInState, State, sign_in
from pgssi_probe.identity.advice import advice, lines
from pgssi_probe.net.exchange import Request, Response

APP = "https://portal.example"
OP = "https://portal.example:8443"
PASSWORD = "Right-1234"


def html(body: str, **options: Any) -> Response:
    return page(f"<!doctype html><html lang=fr><title>x</title><body>{body}", **options)


def cookies_of(request: Request) -> dict[str, str]:
    line = next((value for name, value in request.headers if name == "Cookie"), "")
    return dict(pair.split("=", 1) for pair in line.split("; ") if "=" in pair)


class Provider:
    """A provider: sign-in, consent, code, tokens for a public client. What goes wrong is chosen by the test."""

    def __init__(self, *, origin: str = OP, client: str = "c1", back: str = APP + "/back") -> None:
        self.origin, self.client, self.back = origin, client, back
        self.consent = self.form_post = False
        self.confidential = True
        self.change: dict[str, str] = {}
        self.nonce: str | None = None
        self.asked: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.sessions: set[str] = set()
        self.posts = 0
        self.sent: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        path, query = urlsplit(request.url).path, dict(parse_qsl(urlsplit(request.url).query))
        given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        inside = cookies_of(request).get("sso") in self.sessions
        if path == "/.well-known/openid-configuration":
            return self.discovery()
        if path == "/authorize":
            if query.get("client_id") != self.client or query.get("redirect_uri") != self.back:
                return html("<h1>invalid_client</h1>", status=400)
            if inside:
                return self.answer(query)
            if query.get("prompt") == "none":
                return self.back_with(query, {"error": "login_required"})
            self.asked[number := f"i{len(self.asked)}"] = query
            return redirect(f"/interaction/{number}", status=303)
        if path.startswith("/interaction/"):
            return self.interaction(request, path.rpartition("/")[2], given)
        if path == "/token":
            return self.token(given)
        if path == "/me":
            known = ("Authorization", "Bearer access-token-1") in request.headers
            return page(json.dumps({"sub": "alice"} if known else {}), status=200 if known else 401, content_type=JSON)
        return html("rien", status=404)

    def discovery(self) -> Response:
        ways = ["client_secret_basic"] if self.confidential else ["none"]
        data = {
            "issuer": self.origin, "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token", "userinfo_endpoint": f"{self.origin}/me",
            "code_challenge_methods_supported": ["S256"], "token_endpoint_auth_methods_supported": ways,
        }  # fmt: skip
        return page(json.dumps({**data, **self.change}), content_type=JSON)

    def interaction(self, request: Request, number: str, given: dict[str, str]) -> Response:
        form = f'<form method=post action="/interaction/{number}">'
        if request.method == "POST" and "password" in given:
            self.posts += 1
            if given["password"] == PASSWORD:
                self.sessions.add("s1")
                headers = (("Set-Cookie", "sso=s1; Path=/; HttpOnly"),)
                if not self.consent:
                    return redirect(f"/authorize?{urlencode(self.asked[number])}", status=303, headers=headers)
                buttons = "<button name=c value=no>Refuser</button><button name=c value=yes>Autoriser</button>"
                return html(f"{form}<input type=hidden name=t value=1>{buttons}</form>", headers=headers)
            return html(
                f"<p>Mot de passe incorrect</p>{form}<input name=login><input type=password name=password></form>"
            )
        if given.get("c") == "yes":
            return self.answer(self.asked[number])
        return html(f"{form}<input name=login><input type=password name=password><button>Connexion</button></form>")

    def answer(self, query: dict[str, str]) -> Response:
        self.codes[code := f"code-{len(self.codes)}"] = query
        return self.back_with(query, {"code": code})

    def back_with(self, query: dict[str, str], values: dict[str, str]) -> Response:
        values = {**values, "state": query["state"], "iss": self.origin, **self.change}
        if self.form_post:
            hidden = "".join(f'<input type=hidden name="{name}" value="{value}">' for name, value in values.items())
            script = "<script>document.forms[0].submit()</script>"
            return html(f'<form method=post action="{query["redirect_uri"]}">{hidden}</form>{script}')
        return redirect(f"{query['redirect_uri']}?{urlencode(values)}", status=303)

    def token(self, given: dict[str, str]) -> Response:
        asked = self.codes.pop(given.get("code", ""), None)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self.confidential or asked is None or asked.get("code_challenge") != challenge:
            return page('{"error": "invalid_client"}', status=401, content_type=JSON)
        claims = json.dumps({"nonce": self.nonce or asked["nonce"]}).encode()
        token = f"e30.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}.x"
        return page(json.dumps({"access_token": "access-token-1", "id_token": token}), content_type=JSON)


JSON = "application/json"


class Portal:
    """An application without a form of its own, behind a provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.states: set[str] = set()

    def __call__(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        if parts.port == 8443:
            return self.provider(request)
        inside = cookies_of(request).get("sid") == "in"
        match parts.path:
            case "/":
                return html('<a href="/entrer">Se connecter</a>')
            case "/entrer":
                self.states.add(state := f"st{len(self.states)}")
                asked = {"response_type": "code", "client_id": "c1", "redirect_uri": APP + "/back", "state": state}
                return redirect(f"{OP}/authorize?{urlencode(asked)}", status=302)
            case "/back":
                given = dict(parse_qsl(parts.query)) | dict(parse_qsl(request.body.decode()))
                if given.get("state") in self.states and given.get("code") in self.provider.codes:
                    return redirect("/espace", status=302, headers=(("Set-Cookie", "sid=in; Path=/"),))
                return html("Refusé", status=403)
            case "/espace" if inside:
                return html('<h1>Bonjour alice</h1><a href="/quitter">Se déconnecter</a>')
            case "/espace":
                return redirect("/entrer", status=302)
        return html("rien", status=404)


@pytest.mark.parametrize("consent", [False, True])
@pytest.mark.parametrize("form_post", [False, True])
async def test_an_application_behind_a_provider(visit: Any, consent: bool, form_post: bool) -> None:
    provider = Provider()
    provider.consent, provider.form_post = consent, form_post
    ctx = visit(Portal(provider))
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.url) == (Driver.OIDC, APP + "/entrer")
    for _ in range(2):  # an address of the provider serves once: each sign-in begins at the application
        signed = await sign_in(ctx, "a")
        assert signed.state is SignInState.SIGNED_IN, signed.why
        assert signed.session.jar.value("sid") == "in"
    oracle = await ctx.collect(ORACLE)
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT


async def test_a_wrong_password_never_goes_to_a_provider_elsewhere(visit: Any) -> None:
    provider = Provider()
    ctx = visit(Portal(provider))
    plan = await ctx.collect(SIGN_IN)
    assert plan.federated
    before = provider.posts
    signed = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"), plan=plan, confirm=False)
    assert (signed.state, signed.why["signal"]) == (SignInState.UNKNOWN, "not_ours")
    assert provider.posts == before
    assert not signed.exchanges


def at_provider(visit: Any, provider: Provider, **declared: str) -> Any:
    told = {"login.client_id": "c1", "login.redirect_uri": "https://elsewhere.example/back", **declared}
    return visit(provider, declared=told)


def own(**options: Any) -> Provider:
    return Provider(origin=APP, back="https://elsewhere.example/back", **options)


@pytest.mark.parametrize("public", [False, True])
async def test_the_provider_itself(visit: Any, public: bool) -> None:
    provider = own()
    provider.consent, provider.confidential = True, not public
    ctx = at_provider(visit, provider)
    signed = await sign_in(ctx, "a")
    assert signed.state is SignInState.SIGNED_IN, signed.why
    asked = next(iter(provider.asked.values()))
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) > 20 < len(asked["state"])
    assert {urlsplit(request.url).netloc for request in provider.sent} == {"portal.example"}, (
        "the client is not visited"
    )
    oracle = await ctx.collect(ORACLE)
    assert urlsplit(oracle.url).path == ("/me" if public else "/authorize")
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    wrong = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"))
    assert wrong.state is SignInState.REFUSED


@pytest.mark.parametrize(
    ("change", "nonce", "signal"),
    [
        ({"state": "other"}, None, "other_state"),
        ({"iss": "https://mallory.example"}, None, "other_issuer"),
        ({"code": ""}, None, "no_code"),
        ({"error": "access_denied"}, None, "provider_error"),
        ({}, "other", "other_nonce"),
    ],
)
async def test_an_answer_that_is_not_for_us(visit: Any, change: dict[str, str], nonce: str | None, signal: str) -> None:
    provider = own()
    provider.confidential, provider.nonce = False, nonce
    ctx = at_provider(visit, provider)
    plan = await ctx.collect(SIGN_IN)
    provider.change = change
    signed = await sign_in(ctx, "a", plan=plan, confirm=False)
    assert not signed.signed_in
    assert signed.why["signal"] == signal


async def test_a_provider_without_a_client_is_said(visit: Any) -> None:
    ctx = visit(own())
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.reason) == (None, "no_client")
    signed = await sign_in(ctx, "a", confirm=False)
    key = advice(signed, None)
    assert key == "give_client"
    assert any(line.startswith("client_id") for line in lines(key, plan, signed, target=APP + "/", account="a"))


async def test_an_authorisation_request_as_the_target(visit: Any) -> None:
    asked = urlencode({"response_type": "code", "client_id": "c1", "redirect_uri": "https://elsewhere.example/back"})
    from pgssi_probe.check.harness import scripted

    accounts = {"a": Account("a", "alice", Secret(PASSWORD))}
    metadata = visit(own()).metadata
    ctx = scripted(metadata, own(), url=f"{APP}/authorize?{asked}", accounts=accounts).context
    assert (await sign_in(ctx, "a")).signed_in


NATIONAL = [
    ("https://wallet.esw.esante.gouv.fr/auth", "Pro Santé Connect"),
    ("https://app.franceconnect.gouv.fr/api/v1/authorize", "FranceConnect"),
    ("https://auth.proconnect.gouv.fr/authorize", "ProConnect"),
]


class Everywhere:
    """A network whose scope is the whole world: the last barrier must hold by itself."""

    def __init__(self, network: Any) -> None:
        self.network = network

    def __getattr__(self, name: str) -> Any:
        return getattr(self.network, name)

    def in_scope(self, url: str) -> bool:
        return True


@pytest.mark.parametrize(("url", "name"), NATIONAL)
async def test_national_providers_are_told_and_never_asked(visit: Any, url: str, name: str) -> None:
    asked = {"client_id": "app", "redirect_uri": APP, "acr_values": "eidas1", "state": "s3cr3t", "nonce": "n0nce"}
    sent: list[Request] = []

    def script(request: Request) -> Response:
        sent.append(request)
        if urlsplit(request.url).path == "/entrer":
            return redirect(f"{url}?{urlencode(asked)}", status=302)
        return html('<a href="/entrer">Se connecter</a>')

    ctx = visit(script)
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.reason, plan.providers) == (None, "federated", (name,))
    assert plan.referral == {
        "client_id": "app", "redirect_uri": APP, "acr_values": "eidas1", "state": "(6)", "nonce": "(5)",
    }  # fmt: skip
    assert {urlsplit(request.url).netloc for request in sent} == {"portal.example"}


@pytest.mark.parametrize(("url", "name"), NATIONAL)
async def test_a_scope_that_names_them_changes_nothing(visit: Any, url: str, name: str) -> None:
    sent: list[str] = []

    def script(request: Request) -> Response:
        sent.append(request.url)
        return redirect(url, status=302)

    ctx = visit(script)
    everywhere = Everywhere(ctx.network)
    session = Session(everywhere, ctx.clock)  # type: ignore[arg-type]
    chain = await session.follow(Request("GET", APP + "/entrer"))
    assert len(chain) == 1, name
    assert sent == [APP + "/entrer"]
    for driver in ("basic", "json", "bearer", "form"):
        told = visit(script, declared={"login.driver": driver, "login.url": url})
        assert (await told.collect(SIGN_IN)).reason == "federated"
        assert (await sign_in(told, "a", confirm=False)).why["signal"] == "federated"
    assert all(urlsplit(one).netloc == "portal.example" for one in sent)
