"""A small application in memory with two people, whose pages the test chooses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_probe.check.harness import Scripted, page, redirect, scripted
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.clock import VirtualClock
from pgssi_probe.inventory.collect import INVENTORY
from pgssi_probe.inventory.model import Inventory
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"
FORM = (
    '<form method="post" action="/login"><label>Identifiant <input name="user"></label>'
    '<input type="password" name="pass"><button>Se connecter</button></form>'
)
Page = Callable[[str, Request], Response | None]
"""What a signed-in person (by name) is answered; None when there is nothing at that address."""


def html(body: str, **options: Any) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Portail</title><body>{body}", **options)


@dataclass
class Office:
    """Sign-in by form, `/space` after it. `inside` answers the rest for who is signed in, `outside` for everybody."""

    inside: Page = lambda _name, _request: None
    outside: Callable[[Request], Response | None] = lambda _: None
    space: str = '<a href="/logout">Se déconnecter</a>'
    live: dict[str, str] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        parts = urlsplit(request.url)
        token = next((value for name, value in request.headers if name == "Cookie"), "").removeprefix("sid=")
        name = self.live.get(token)
        answer = self.outside(request)
        if answer is not None:
            return answer
        if parts.path == "/":
            return html('<a href="/login">Connexion</a>')
        if parts.path == "/login" and request.method == "POST":
            typed = {key: given[0] for key, given in parse_qs(request.body.decode()).items()}
            if typed.get("pass") != f"{typed.get('user')}-1234":
                return html("Identifiant ou mot de passe incorrect." + FORM)
            token = f"t{len(self.sent)}"
            self.live[token] = typed["user"]
            return redirect("/space", status=302, headers=(("Set-Cookie", f"sid={token}; Path=/; Secure; HttpOnly"),))
        if parts.path == "/login":
            return html(FORM)
        if name is None:
            known = self.inside("", request) is not None or parts.path == "/space"
            return redirect("/login", status=302) if known else html("<h1>Page introuvable</h1>", status=404)
        if parts.path == "/logout":
            del self.live[token]
            return redirect("/", status=302)
        if parts.path == "/space":
            return html(f"<h1>Bonjour {name}</h1>{self.space}")
        return self.inside(name, request) or html("<h1>Page introuvable</h1>", status=404)

    def asked(self, path: str) -> list[Request]:
        return [one for one in self.sent if urlsplit(one.url).path == path]


WORDS = {"fr": "x", "en": "x"}
METADATA = CheckMetadata.model_validate(
    {
        "id": "authz.example",
        "version": 1,
        "since": "0",
        "level": "active",
        "title": WORDS,
        "summary": WORDS,
        "collects": ["inventory"],
        "sends": {"requests": 1, "methods": ["GET", "POST"]},
        "outcomes": {"fine": {"status": "pass", "sentence": WORDS}},
    }
)


@pytest.fixture
def office() -> type[Office]:
    return Office


@pytest.fixture
def answer_html() -> Callable[..., Response]:
    return html


@pytest.fixture
def answer_json() -> Callable[..., Response]:
    def make(data: Any, status: int = 200) -> Response:
        return page(json.dumps(data), status=status, content_type="application/json")

    return make


@pytest.fixture
def run_of() -> Callable[..., Scripted]:
    """`run_of(script, "a", "b")`: a run with these accounts."""

    def make(script: Any, *labels: str, **options: Any) -> Scripted:
        names = {"a": "alice", "b": "bob", "low": "alice", "high": "carol"}
        accounts = {label: Account(label, names[label], Secret(f"{names[label]}-1234")) for label in labels}
        return scripted(METADATA, script, url=ORIGIN + "/", accounts=accounts, clock=VirtualClock(), **options)

    return make


@pytest.fixture
def inventory_of(run_of: Callable[..., Scripted]) -> Callable[..., Awaitable[Inventory]]:
    async def gather(script: Any, *labels: str, **options: Any) -> Inventory:
        return await run_of(script, *(labels or ("a",)), **options).context.collect(INVENTORY)

    return gather
