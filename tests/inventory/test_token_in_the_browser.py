"""An application that keeps its token in the browser, a welcome over its form, its record's number in the storage."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from pgssi_probe.browser import Browser
from pgssi_probe.check.harness import page
from pgssi_probe.inventory.model import Inventory
from pgssi_probe.net.exchange import Request, Response

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHELL = '<!doctype html><title>Espace</title><div id=app></div><script src="/main.js"></script>'
FORM = "<input id=email type=email aria-label=Courriel><input id=pw type=password><button id=go>Connexion</button>"
COVER = (
    '<div id=cover role=dialog style="position:fixed;inset:0;background:#fff"><h1>Bienvenue</h1>'
    "<button onclick=\"document.getElementById('cover').remove()\">Fermer</button></div>"
)
MAIN = """
const api = (path) => fetch('/api/' + path, {headers: {Authorization: 'Bearer ' + localStorage.token}})
  .then((r) => r.json());
const app = document.getElementById('app');
const routes = [{path: "panier"}, {path: "commandes", load: () => import("./commandes-1f2e.js")},
  {path: "panier/vider"}, {path: "deconnexion"}];
const shown = {
  '#/panier': () => api('panier/' + sessionStorage.numero).then((d) => { app.textContent = 'Panier ' + d.total; }),
  '#/panier/vider': () => fetch('/api/' + 'vidage'),
  '#/deconnexion': () => { delete localStorage.token; },
  '#/login': () => { app.innerHTML = FORM + COVER; document.getElementById('go').onclick = () => fetch('/api/login',
    {method: 'POST', headers: {'Content-Type': 'application/json'},
     body: JSON.stringify({email: email.value, password: pw.value})}).then((r) => r.json())
    .then((d) => { localStorage.token = d.token; sessionStorage.numero = d.numero; location.hash = '#/'; }); },
};
const draw = () => {
  if (!localStorage.token && location.hash != '#/login') {
    app.innerHTML = '<a href="#/login">Se connecter</a>'; return; }
  (shown[location.hash] || (() => { app.textContent = 'Bonjour'; }))();
};
if (!location.hash) location.hash = '#/';
window.onhashchange = draw; draw();
""".replace("FORM", json.dumps(FORM)).replace("COVER", json.dumps(COVER))
LATE = "export const all = () => fetch('/api/commandes');"


class Shop:
    """Tokens in headers only; the number of a basket is told once, to who signs in."""

    def __init__(self) -> None:
        self.sent: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        path = urlsplit(request.url).path
        who = next(
            (v[13:] for n, v in request.headers if n.lower() == "authorization" and v[:13] == "Bearer token-"), ""
        )
        if path == "/":
            return page(SHELL)
        if path.endswith(".js"):
            code = {"/main.js": MAIN, "/commandes-1f2e.js": LATE}.get(path)
            return page(code or "", status=200 if code else 404, content_type="text/javascript")
        if path == "/api/login" and request.method == "POST":
            given = json.loads(request.body or b"{}")
            who = str(given.get("email", ""))
            if given.get("password") != f"{who}-1234":
                return _json({"error": "Identifiants incorrects"}, 401)
            return _json({"token": f"token-{who}", "numero": {"alice": 61, "bob": 74}.get(who, 90)})
        if not path.startswith("/api/"):
            return page("<!doctype html><p>Introuvable", status=404)
        if not who:
            return _json({"error": "Connexion requise"}, 401)
        if path == "/api/me":
            return _json({"email": who})
        if path == "/api/commandes" or path.startswith("/api/panier/"):
            return _json({"total": 12, "pour": who})
        return _json({"error": "Introuvable"}, 404)

    def asked(self, path: str) -> list[Request]:
        return [one for one in self.sent if urlsplit(one.url).path == path]


def _json(data: Any, status: int = 200) -> Response:
    return page(json.dumps(data), status=status, content_type="application/json")


@pytest.fixture(autouse=True)
def drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgssi_probe.browser.sign_in.DRAWING_SECONDS", 1.0)


async def test_each_account_is_seen_with_its_own_traffic(
    chromium: Browser, inventory_of: Callable[..., Awaitable[Inventory]]
) -> None:
    shop = Shop()
    found = await inventory_of(shop, "a", "b", collected={"browser": chromium})
    by_path = {urlsplit(one.url).path: one for one in found.endpoints}
    assert by_path["/api/panier/61"].shown_to == {"a"}, "the number is in the storage of its own browser only"
    assert by_path["/api/panier/74"].shown_to == {"b"}
    assert {one.account for one in shop.asked("/api/panier/61")} == {"a"}
    assert by_path["/api/commandes"].shown_to == {"a", "b"}, "told by code that is loaded late"
    assert not shop.asked("/api/vidage"), "a route that empties is not shown"
    assert not [one for one in shop.sent if one.method not in {"GET", "POST"}]
    assert len([one for one in shop.asked("/api/login") if one.method == "POST" and one.account == "a"]) <= 4
