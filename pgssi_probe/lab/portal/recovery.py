"""A forgotten password: asking for a link, and choosing another password by it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.access import check_csrf
from pgssi_probe.lab.portal.refusals import Refusal
from pgssi_probe.lab.portal.site import portal_of


async def show_forgotten(request: Request) -> Response:
    portal_of(request).open_session(request)
    return portal_of(request).page(request, "mot_de_passe_oublie.html", message="")


async def forgotten(request: Request) -> Response:
    """The answer is the same whether the user exists or not."""
    portal = portal_of(request)
    values = await fields.form(request)
    if not check_csrf(request, values):
        raise Refusal(403, "csrf")
    username = fields.text(values, "identifiant", 80).casefold()
    known = portal.database.account(username) is not None
    if known:
        portal.resets.send(username)
    policy = portal.blueprint.sign_in
    tells = policy.reset_tells or policy.unknown_user_message != "refused"
    message = "unknown" if tells and not known else "sent"
    return portal.page(request, "mot_de_passe_oublie.html", message=message)


def _choice(request: Request, message: str = "") -> Response:
    return portal_of(request).page(request, "nouveau_mot_de_passe.html", message=message)


async def show_choice(request: Request) -> Response:
    portal = portal_of(request)
    if portal.resets.user_of(request.path_params["secret"]) is None:
        return portal.page(request, "mot_de_passe_oublie.html", 410, message="spent")
    portal.open_session(request)
    return _choice(request)


async def choose(request: Request) -> Response:
    """Every session of the account ends with its old password."""
    portal = portal_of(request)
    values = await fields.form(request)
    secret = request.path_params["secret"]
    username = portal.resets.user_of(secret)
    if username is None or not check_csrf(request, values):
        raise Refusal(403, "link or form")
    new = fields.secret(values, "nouveau")
    if portal.password_is_weak(username, new):
        return _choice(request, "weak-password")
    portal.database.set_password(username, new)
    portal.resets.used(secret)
    for session in portal.sessions.of_user(username):
        portal.sessions.end(session, "elsewhere")
    return RedirectResponse("/connexion", 303)


ROUTES = [
    Route("/mot-de-passe-oublie", show_forgotten),
    Route("/mot-de-passe-oublie", forgotten, methods=["POST"]),
    Route("/mot-de-passe-oublie/{secret}", show_choice),
    Route("/mot-de-passe-oublie/{secret}", choose, methods=["POST"]),
]
