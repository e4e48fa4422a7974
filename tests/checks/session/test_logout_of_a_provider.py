"""`session.logout` at an OpenID provider: a client sends its user to the `end_session_endpoint`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import page, redirect, run_check
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome, Reason

OP = "https://sso.example"
BACK = "https://client.example/back"
PASSWORD = "Right-1234"
JSON = "application/json"
CLIENT = {"login.client_id": "c1", "login.redirect_uri": BACK}


class Provider:
    """Sessions by cookie, access tokens bound to them. `ends`: whether signing out ends them."""

    def __init__(self, *, public: bool = True, ends: bool = True, named: bool = True, confirms: bool = True) -> None:
        self.public, self.ends, self.named, self.confirms = public, ends, named, confirms
        self.sessions: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.asked: dict[str, dict[str, str]] = {}
        self.hints: list[str] = []
        self.given = 0

    def __call__(self, request: Request) -> Response:
        path, query = urlsplit(request.url).path, dict(parse_qsl(urlsplit(request.url).query))
        given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        cookies = next((value for name, value in request.headers if name == "Cookie"), "")
        held = cookies.removeprefix("sso=").partition(";")[0]
        match path:
            case "/.well-known/openid-configuration":
                return self.discovery()
            case "/authorize":
                return self.authorize(query, held)
            case "/token":
                return self.token(given)
            case "/me":
                bearer = next((value[7:] for name, value in request.headers if name == "Authorization"), "")
                known = self.tokens.get(bearer) in self.sessions
                return page(json.dumps({"sub": "a"} if known else {}), status=200 if known else 401, content_type=JSON)
            case "/end":
                return self.end(query, held)
            case "/end/confirm" if given.get("logout") == "yes":
                return self.ended(held)
            case _ if path.startswith("/interaction/"):
                return self.interaction(request, path.rpartition("/")[2], given)
        return page("rien", status=404)

    def discovery(self) -> Response:
        data = {
            "issuer": OP, "authorization_endpoint": f"{OP}/authorize", "token_endpoint": f"{OP}/token",
            "userinfo_endpoint": f"{OP}/me", "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none" if self.public else "client_secret_basic"],
        }  # fmt: skip
        data |= {"end_session_endpoint": f"{OP}/end"} if self.named else {}
        return page(json.dumps(data), content_type=JSON)

    def authorize(self, query: dict[str, str], held: str) -> Response:
        if held in self.sessions:
            self.given += 1
            self.codes[f"code-{self.given}"] = held
            return self.back(query, code=f"code-{self.given}")
        if query.get("prompt") == "none":
            return self.back(query, error="login_required")
        self.asked[number := f"i{len(self.asked)}"] = query
        return redirect(f"/interaction/{number}", status=303)

    def back(self, query: dict[str, str], **values: str) -> Response:
        return redirect(f"{BACK}?{urlencode({**values, 'state': query['state'], 'iss': OP})}", status=303)

    def interaction(self, request: Request, number: str, given: dict[str, str]) -> Response:
        if request.method == "POST" and given.get("password") == PASSWORD:
            self.sessions.add(made := f"s{len(self.asked)}")
            headers = (("Set-Cookie", f"sso={made}; Path=/; HttpOnly"),)
            return redirect(f"/authorize?{urlencode(self.asked[number])}", status=303, headers=headers)
        form = f'<form method=post action="/interaction/{number}"><input name=login><input type=password name=password>'
        return page(f"<title>Connexion</title>{form}<button>Connexion</button></form>")

    def token(self, given: dict[str, str]) -> Response:
        held = self.codes.pop(given.get("code", ""), None)
        if held is None or not self.public:
            return page('{"error": "invalid_client"}', status=401, content_type=JSON)
        self.tokens[token := f"access-token-{held}"] = held
        data = {"access_token": token, "id_token": f"eyJ9.{held}.sig", "token_type": "Bearer"}
        return page(json.dumps(data), content_type=JSON)

    def end(self, query: dict[str, str], held: str) -> Response:
        self.hints.append(query.get("id_token_hint", ""))
        if not self.confirms:
            return self.ended(held)
        form = '<form id=out method=post action="/end/confirm"><input type=hidden name=xsrf value=9a8b7c></form>'
        buttons = "<button form=out name=logout value=yes>Oui</button><button form=out>Non, rester connecté</button>"
        return page(f"<title>Déconnexion</title><h1>Se déconnecter ?</h1>{form}{buttons}")

    def ended(self, held: str) -> Response:
        if self.ends:
            self.sessions.discard(held)
        return page("<p>Au revoir</p>", headers=(("Set-Cookie", "sso=; Max-Age=0; Path=/"),))


async def judged(provider: Provider) -> Outcome:
    """What is said of the end of the session: the provider has no page that owes a control."""
    options: dict[str, Any] = {"accounts": {"a": Account("a", "alice", Secret(PASSWORD))}, "declared": CLIENT}
    outcomes = await run_check("session.logout", provider, url=OP + "/", **options)
    return outcomes[-1]


@pytest.mark.parametrize("confirms", [True, False])
@pytest.mark.parametrize("public", [True, False])
async def test_a_session_of_the_provider_ends_where_its_clients_send(public: bool, confirms: bool) -> None:
    provider = Provider(public=public, confirms=confirms)
    assert (await judged(provider)).slug == "ended"
    (hint,) = provider.hints
    assert hint.startswith("eyJ9.") is public  # a client that has no ID token sends none


@pytest.mark.parametrize("public", [True, False])
async def test_a_session_that_outlives_it_is_proved(public: bool) -> None:
    assert (await judged(Provider(public=public, ends=False))).slug == "still-valid"


async def test_a_provider_that_names_no_such_place_is_said_to() -> None:
    outcome = await judged(Provider(named=False))
    assert (outcome.reason, outcome.facts["missing"]) == (Reason.NO_SAMPLE, "end_session_endpoint")
