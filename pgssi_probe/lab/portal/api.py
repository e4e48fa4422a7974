"""The JSON API: the same records, by the session cookie or a bearer token, under the same guards."""

from __future__ import annotations

import math
import re
from html import unescape
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.access import Handler, attempt, leave, private, welcome
from pgssi_probe.lab.portal.refusals import Refusal
from pgssi_probe.lab.portal.site import Portal, portal_of, visit_of
from pgssi_probe.lab.portal.space import LISTS, own_record, user_of
from pgssi_probe.lab.records import Row
from pgssi_probe.lab.sessions import AlreadyOpen, Session
from pgssi_probe.lab.tokens import KEY_SET, key_set


def _public(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("username", "salt", "hash", "totp_secret")}


async def status(_request: Request) -> Response:
    return JSONResponse({"statut": "ok"})


async def sign_in(request: Request) -> Response:
    """`{"identifiant", "mot_de_passe"}` -> `{"jeton", "expire_dans"}`; the token goes in `Authorization: Bearer`.

    Where the portal is an application whose session is a cookie, the cookie is given and no token. Where
    sessions are carried by a header, `jeton_de_renouvellement` comes with it: see `refresh`.
    """
    portal, visit = portal_of(request), visit_of(request)
    values = await fields.json_object(request)
    typed = fields.text(values, "identifiant", 80)
    username = typed.casefold()
    outcome, wait = attempt(request, typed, fields.secret(values, "mot_de_passe"))
    if wait:
        raise Refusal(429, "braked", {"Retry-After": str(math.ceil(wait))})
    if outcome != "ok" or portal.blueprint.sign_in.second_factor:
        raise Refusal(401, "refused", {"WWW-Authenticate": 'Bearer realm="portail"'})
    by_cookie = portal.blueprint.application
    visit.session = visit.session if by_cookie else None
    try:
        session = welcome(request, username)
    except AlreadyOpen as error:
        raise Refusal(409, "already open") from error
    if by_cookie:
        return JSONResponse({"compte": username})
    visit.set_cookie = None
    return JSONResponse(_tokens(portal, session))


def _tokens(portal: Portal, session: Session) -> dict[str, Any]:
    given: dict[str, Any] = {"jeton": portal.token_of(session)}
    if math.isfinite(portal.tokens.life()):
        given["expire_dans"] = int(portal.tokens.life())
    if portal.blueprint.tokens.carriage == "header":
        given["jeton_de_renouvellement"] = portal.refresh.give(session)
    return given


async def refresh(request: Request) -> Response:
    """`{"jeton_de_renouvellement"}` -> a new pair; each refresh token is worth one use, while its session lives."""
    portal, visit = portal_of(request), visit_of(request)
    if portal.blueprint.tokens.carriage != "header":
        raise Refusal(404, "no refresh tokens")
    token = fields.text(await fields.json_object(request), "jeton_de_renouvellement", 200)
    taken = portal.refresh.take(token)
    session = portal.sessions.find(taken[0]) if taken else None
    if taken and session is None and portal.blueprint.tokens.refresh_outlives:
        session = portal.sessions.sign_in(portal.sessions.open(), taken[1])
    if session is None:
        if (stolen := portal.sessions.find(portal.refresh.replayed(token) or "")) is not None:
            portal.sessions.end(stolen, "elsewhere")
        raise Refusal(401, "refused", {"WWW-Authenticate": 'Bearer realm="portail", error="invalid_token"'})
    visit.session = session
    return JSONResponse(_tokens(portal, session))


@private
async def sign_out(request: Request) -> Response:
    visit = visit_of(request)
    given = request.headers.get("x-csrf-token", "")
    if not visit.bearer and not (visit.session and visit.session.csrf_matches(given)):
        raise Refusal(403, "csrf")
    leave(request)
    return Response(status_code=204)


@private
async def me(request: Request) -> Response:
    session = visit_of(request).session
    profile = portal_of(request).database.profile(user_of(request))
    policy = portal_of(request).blueprint.sessions
    previous = session.previous_sign_in if session and policy.show_last_sign_in else None
    if previous and not policy.last_sign_in_hour:
        previous = previous[:10]
    shown: dict[str, Any] = _public(profile) | {"derniere_connexion": previous}
    if portal_of(request).blueprint.application:
        shown["liens"] = [*LISTS, *_added_links(request)]
    return JSONResponse(shown)


def _added_links(request: Request) -> list[str]:
    """What a weakness links from the home of the space: an application's script is given it as data."""
    parts = portal_of(request).blueprint.markup.get("space", ())
    html = " ".join(part if isinstance(part, str) else part(request) for part in parts)
    return [unescape(found) for found in re.findall(r'href="([^"]+)"', html)]


def _list(table: str) -> Handler:
    @private
    async def show(request: Request) -> Response:
        return JSONResponse([_public(row) for row in portal_of(request).database.list_of(table, user_of(request))])

    return show


def _one(table: str) -> Handler:
    @private
    async def show(request: Request) -> Response:
        return JSONResponse(_public(own_record(request, table)))

    return show


def description(origin: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """OpenAPI 3.0 of this API, with the paths that a mode adds."""
    answers = {"200": {"description": "Réponse"}, "401": {"description": "Connexion nécessaire"}}
    identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    paths: dict[str, Any] = {
        "/statut": {"get": {"summary": "État du service", "security": [], "responses": answers}},
        "/connexion": {"post": {"summary": "Ouvrir une session", "security": [], "responses": answers}},
        "/renouvellement": {"post": {"summary": "Renouveler le jeton", "security": [], "responses": answers}},
        "/deconnexion": {"post": {"summary": "Fermer la session", "responses": answers}},
        "/moi": {"get": {"summary": "Profil", "responses": answers}},
    }
    for path in LISTS:
        paths[f"/{path}"] = {"get": {"summary": f"Liste : {path}", "responses": answers}}
        paths[f"/{path}/{{id}}"] = {
            "get": {"summary": f"Détail : {path}", "parameters": [identifier], "responses": answers}
        }
    paths |= more or {}
    return {
        "openapi": "3.0.3",
        "info": {"title": "API du portail patient de Valombre", "version": "1"},
        "servers": [{"url": f"{origin}/api/v1"}],
        "components": {"securitySchemes": {"jeton": {"type": "http", "scheme": "bearer"}}},
        "security": [{"jeton": []}],
        "paths": paths,
    }


async def keys(request: Request) -> Response:
    """The public keys of the tokens, where they are JWTs."""
    policy = portal_of(request).blueprint.tokens
    if policy.form != "jwt":
        raise Refusal(404, "no JWT here")
    return JSONResponse(key_set(policy))


@private
async def openapi(request: Request) -> Response:
    blueprint = portal_of(request).blueprint
    return JSONResponse(description(blueprint.addresses.https_url, blueprint.access.more_described))


ROUTES = [
    Route("/api/v1/statut", status),
    Route("/api/v1/connexion", sign_in, methods=["POST"]),
    Route("/api/v1/renouvellement", refresh, methods=["POST"]),
    Route(KEY_SET, keys),
    Route("/api/v1/deconnexion", sign_out, methods=["POST"]),
    Route("/api/v1/moi", me),
    Route("/api/v1/openapi.json", openapi),
    *(Route(f"/api/v1/{path}", _list(table)) for path, table in LISTS.items()),
    *(Route(f"/api/v1/{path}/{{identifier}}", _one(table)) for path, table in LISTS.items()),
]
