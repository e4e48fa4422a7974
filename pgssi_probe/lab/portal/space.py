"""The patient's space: results, appointments, messages, documents, profile."""

from __future__ import annotations

from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.pdf import text_document
from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.access import Handler, check_csrf, private
from pgssi_probe.lab.portal.refusals import BadInput, NoAnswer, Refusal
from pgssi_probe.lab.portal.site import portal_of, visit_of
from pgssi_probe.lab.records import Row
from pgssi_probe.lab.synthetic import DOCTORS

LISTS = {"resultats": "result", "rendez-vous": "appointment", "messagerie": "message", "documents": "document"}
"""Path -> table."""


def user_of(request: Request) -> str:
    username = visit_of(request).username
    assert username is not None  # noqa: S101 private pages only
    return username


def own_record(request: Request, table: str) -> Row:
    """The record of the path, when it belongs to the visitor; otherwise it does not exist (AA2)."""
    portal = portal_of(request)
    row = portal.database.get(table, request.path_params["identifier"])
    if row is None:
        raise Refusal(404, "no such record")
    if table not in portal.blueprint.access.open_records and row["username"] != user_of(request):
        portal.record(request, "acces-refuse", user_of(request))
        raise Refusal(404, "someone else's record")
    return row


@private
async def space(request: Request) -> Response:
    portal, username = portal_of(request), user_of(request)
    rows = {table: portal.database.list_of(table, username) for table in LISTS.values()}
    return portal.page(request, "espace/accueil.html", rows=rows)


def _list_page(path: str, table: str) -> Handler:
    @private
    async def show(request: Request) -> Response:
        portal = portal_of(request)
        rows = portal.database.list_of(table, user_of(request))
        return portal.page(
            request, f"espace/{path}.html", rows=rows, doctors=DOCTORS, sent="envoye" in fields.query(request)
        )

    return show


@private
async def result(request: Request) -> Response:
    row = own_record(request, "result")
    portal_of(request).record(request, "lecture-resultat", user_of(request))
    return portal_of(request).page(request, "espace/resultat.html", row=row)


@private
async def message(request: Request) -> Response:
    portal, row = portal_of(request), own_record(request, "message")
    to = portal.database.profile(row["username"])["email"] if portal.blueprint.access.sender_shown else ""
    return portal.page(request, "espace/message.html", row=row, to=to)


@private
async def document(request: Request) -> Response:
    row = own_record(request, "document")
    lines = [
        "Centre hospitalier de Valombre (établissement fictif)",
        f"Date : {row['day']}",
        "",
        row["content"],
        "",
        "Document de démonstration : aucune donnée réelle.",
    ]
    portal_of(request).record(request, "lecture-document", user_of(request))
    return Response(
        text_document(row["title"], lines),
        media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="document-{row["id"][:8]}.pdf"'},
    )


@private
async def send_message(request: Request) -> Response:
    portal, username = portal_of(request), user_of(request)
    values = await fields.form(request)
    if not check_csrf(request, values):
        raise Refusal(403, "csrf")
    if (doctor := fields.text(values, "destinataire", 60)) not in DOCTORS:
        raise BadInput("unknown recipient")
    subject, body = fields.text(values, "objet", 120), fields.text(values, "texte", 4000)
    day = portal.clock.now().date().isoformat()
    portal.database.add_message(str(uuid4()), username, day, f"Vous à {doctor}", subject, body)
    return RedirectResponse("/messagerie?envoye=1", 303)


def _profile_page(request: Request, notice: str = "", status: int = 200) -> Response:
    portal, username = portal_of(request), user_of(request)
    return portal.page(
        request,
        "espace/profil.html",
        status,
        profile=portal.database.profile(username),
        open_sessions=len(portal.sessions.of_user(username)),
        notice=notice,
    )


@private
async def profile(request: Request) -> Response:
    return _profile_page(request)


@private
async def change_profile(request: Request) -> Response:
    values = await fields.form(request)
    if not check_csrf(request, values):
        raise Refusal(403, "csrf")
    portal_of(request).database.set_phone(user_of(request), fields.phone(fields.text(values, "telephone", 20)))
    return _profile_page(request, "saved")


@private
async def change_password(request: Request) -> Response:
    portal, username = portal_of(request), user_of(request)
    values = await fields.form(request)
    if not check_csrf(request, values):
        raise Refusal(403, "csrf")
    new = fields.secret(values, "nouveau")
    if not portal.database.password_is(username, fields.secret(values, "actuel")):
        return _profile_page(request, "wrong-password")
    if portal.password_is_weak(username, new):
        return _profile_page(request, "weak-password")
    if not portal.passwords.may_become(username, new):
        return _profile_page(request, "weak-password")
    portal.database.set_password(username, new)
    for other in portal.sessions.of_user(username):
        if other is not visit_of(request).session:
            portal.sessions.end(other, "elsewhere")
    if portal.blueprint.sign_in.drops_after_change:
        raise NoAnswer
    return _profile_page(request, "password-changed")


@private
async def close_others(request: Request) -> Response:
    portal, visit = portal_of(request), visit_of(request)
    if not check_csrf(request, await fields.form(request)):
        raise Refusal(403, "csrf")
    for other in portal.sessions.of_user(user_of(request)):
        if other is not visit.session:
            portal.sessions.end(other, "elsewhere")
    return _profile_page(request, "others-closed")


ROUTES = [
    Route("/mon-espace", space),
    *(Route(f"/{path}", _list_page(path, table)) for path, table in LISTS.items()),
    Route("/resultats/{identifier}", result),
    Route("/messagerie", send_message, methods=["POST"]),
    Route("/messagerie/{identifier}", message),
    Route("/documents/{identifier}", document),
    Route("/profil", profile),
    Route("/profil", change_profile, methods=["POST"]),
    Route("/profil/mot-de-passe", change_password, methods=["POST"]),
    Route("/profil/sessions", close_others, methods=["POST"]),
]
