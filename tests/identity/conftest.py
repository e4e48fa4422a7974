"""A small application to sign in to, in memory: how it asks, refuses and remembers is chosen by the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect, scripted
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.clock import VirtualClock
from pgssi_probe.identity import Account, Secret
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
FORM = """<form method="post" action="/login"><input type="hidden" name="csrf" value="{csrf}">
<label>Identifiant <input name="user"></label><input type="password" name="pass"><button>Se connecter</button></form>"""
SEARCH = '<form action="/search"><input name="q" type="search"><button>Rechercher</button></form>'
NEWSLETTER = (
    '<form method="post" action="/news"><input type="email" name="mail"><button>Recevoir la newsletter</button></form>'
)
OTHERS = SEARCH + NEWSLETTER
OUT_LINK = '<a href="/logout">Se déconnecter</a>'


def html(body: str, **options: Any) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Portail</title><body>{body}", **options)


@dataclass
class App:
    """Answers like a session-cookie application. `refuse` is what a wrong password gets."""

    form: str = FORM
    refuse: Callable[[App], Response] = lambda app: app.login_page("Identifiant ou mot de passe incorrect.")
    accept: Callable[[App], Response] | None = None
    home: str = OTHERS + '<a href="/login">Connexion</a>'
    before: Callable[[Request], Response | None] = lambda _: None
    live: set[str] = field(default_factory=set)
    csrf: int = 0
    posts: list[dict[str, str]] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        special = self.before(request)
        return special if special is not None else self.answer(request)

    def answer(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        inside = self.cookies(request).get("sid") in self.live
        match path, request.method:
            case "/", _:
                return html(self.home)
            case "/login", "GET":
                return self.login_page()
            case "/login", "POST":
                values = {name: given[0] for name, given in parse_qs(request.body.decode()).items()}
                self.posts.append(values)
                if "csrf" in self.form and values.get("csrf") != f"t{self.csrf}":
                    return self.login_page("Le formulaire a expiré.", status=403)
                right = PASSWORD in values.values() and "alice" in values.values()
                return self.accepted() if right else self.refuse(self)
            case (("/space" | "/space/profile"), _):
                if not inside:
                    return redirect("/login?next=/space", status=302)
                return html(f'<h1>Bonjour alice</h1><a href="/space/profile">Profil</a>{OUT_LINK}')
            case "/logout", _:
                self.live.discard(self.cookies(request).get("sid", ""))
                return redirect("/", status=302, headers=(("Set-Cookie", "sid=; Max-Age=0; Path=/"),))
        return html("<h1>Page introuvable</h1>", status=404)

    def login_page(self, message: str = "", status: int = 200) -> Response:
        self.csrf += 1
        return html(f"<p>{message}</p>{OTHERS}{self.form.replace('{csrf}', f't{self.csrf}')}", status=status)

    def accepted(self) -> Response:
        token = f"s{len(self.sent)}"
        self.live.add(token)
        if self.accept is not None:
            return self.accept(self)
        return redirect("/space", status=302, headers=(("Set-Cookie", f"sid={token}; Path=/; Secure; HttpOnly"),))

    @staticmethod
    def cookies(request: Request) -> dict[str, str]:
        line = next((value for name, value in request.headers if name == "Cookie"), "")
        return dict(pair.split("=", 1) for pair in line.split("; ") if "=" in pair)


METADATA = CheckMetadata.model_validate(
    {
        "id": "session.example",
        "version": 1,
        "since": "0",
        "level": "active",
        "title": {"fr": "x", "en": "x"},
        "summary": {"fr": "x", "en": "x"},
        "collects": ["sign_in", "oracle", "inventory"],
        "sends": {"requests": 200, "methods": ["GET", "POST"]},
        "outcomes": {"fine": {"status": "pass", "sentence": {"fr": "x", "en": "x"}}},
    }
)
ACCOUNTS = {
    "a": Account("a", "alice", Secret(PASSWORD)),
    "sacrifice": Account("sacrifice", "alice", Secret(PASSWORD)),
}


@pytest.fixture
def visit() -> Callable[..., Any]:
    """`visit(script, declared=…, accounts=…)`: the context of a check on a scripted application."""

    def make(script: Any, **options: Any) -> Any:
        options.setdefault("accounts", ACCOUNTS)
        options.setdefault("clock", VirtualClock())
        return scripted(METADATA, script, url=ORIGIN + "/", **options).context

    return make


@pytest.fixture
def app() -> type[App]:
    return App


@pytest.fixture
def json_answer() -> Callable[..., Response]:
    def make(data: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        return page(json.dumps(data), status=status, content_type="application/json", headers=headers)

    return make
