"""Pages that are sent with the redirect that refuses them; roles that have pages of their own behind one door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect, run_check, slugs
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"
ROLES = {"bob": "patient", "carol": "admin"}
ACCOUNTS = {label: Account(label, name, Secret(f"{name}-1234")) for label, name in (("low", "bob"), ("high", "carol"))}
FORM = (
    '<form method="post" action="/login"><input name="user"><input type="password" name="pass">'
    "<button>Entrer</button></form>"
)
PAGES = {
    "patient": {"home": "Bonjour {name}", "agenda": "<p>Agenda des consultations de {name}</p><p>Salle bleue</p>"},
    "admin": {
        "home": "Bonjour {name}",
        "list": "<p>Patient Martin, né en 1961</p><p>Patiente Durand, née en 1972</p><p>Patient Petit, né en 1983</p>",
    },
}
Refuse = Callable[[str], Response]


def html(body: str) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Portail</title><body>{body}")


@dataclass
class Clinic:
    """One sign-in, then a folder for each role. `refuse` makes the refusal from the page that was asked for."""

    refuse: Refuse
    live: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        token = next((value for name, value in request.headers if name == "Cookie"), "").removeprefix("sid=")
        name = self.live.get(token, "")
        if parts.path == "/login" and request.method == "POST":
            typed = {key: given[0] for key, given in parse_qs(request.body.decode()).items()}
            if typed.get("pass") != f"{typed.get('user')}-1234":
                return html("Identifiant ou mot de passe incorrect." + FORM)
            token = f"t{len(self.live)}"
            self.live[token] = typed["user"]
            home = f"/{ROLES[typed['user']]}/home"
            return redirect(home, status=302, headers=(("Set-Cookie", f"sid={token}; Path=/; Secure; HttpOnly"),))
        if parts.path in {"/", "/login"}:
            return html('<a href="/login">Connexion</a>' if parts.path == "/" else FORM)
        role, _, leaf = parts.path.strip("/").partition("/")
        if leaf not in PAGES.get(role, {}):
            return page("<h1>Page introuvable</h1>", status=404)
        menu = "".join(f'<a href="/{role}/{one}">{one}</a>' for one in PAGES[role]) + '<a href="/logout">Sortir</a>'
        body = menu + PAGES[role][leaf].format(name=name)
        return html(body) if ROLES.get(name) == role else self.refuse(body)


def silent(_: str) -> Response:
    return redirect("/login", status=302)


def talking(body: str) -> Response:
    return page(f"<title>Portail</title>{body}", status=302, headers=(("Location", "/login"),))


def stub(_: str) -> Response:
    words = "<title>Redirecting</title><h1>Redirecting</h1><p>You should be redirected automatically to /login.</p>"
    return page(words, status=302, headers=(("Location", "/login"),))


@pytest.mark.parametrize("check", ["authz.forced-browsing", "authz.privilege-escalation"])
async def test_a_page_in_the_body_of_the_redirect_that_refuses_it(check: str) -> None:
    found = await run_check(check, Clinic(talking), url=ORIGIN + "/", accounts=ACCOUNTS)
    (told,) = (one for one in found if one.slug == "sent-with-redirect")
    assert "GET /admin/list" in told.facts["requests"]
    assert told.facts["count"] == len(told.facts["requests"])
    assert told.evidence


@pytest.mark.parametrize("refuse", [silent, stub])
@pytest.mark.parametrize("check", ["authz.forced-browsing", "authz.privilege-escalation"])
async def test_roles_with_folders_of_their_own_are_judged_and_a_redirect_alone_is_a_refusal(
    check: str, refuse: Refuse
) -> None:
    found = await run_check(check, Clinic(refuse), url=ORIGIN + "/", accounts=ACCOUNTS)
    assert slugs(found) == {"refused"}
