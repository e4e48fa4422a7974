"""The staff area: patients, security journal, and the idle delay that the hospital sets itself (DT9)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.access import check_csrf, staff
from pgssi_probe.lab.portal.refusals import BadInput, Refusal
from pgssi_probe.lab.portal.site import portal_of


@staff
async def patients(request: Request) -> Response:
    return portal_of(request).page(request, "gestion/patients.html", patients=portal_of(request).database.patients())


@staff
async def journal(request: Request) -> Response:
    return portal_of(request).page(request, "gestion/journal.html", events=portal_of(request).database.events())


@staff
async def settings(request: Request) -> Response:
    return portal_of(request).page(request, "gestion/parametres.html", saved=False)


@staff
async def change_settings(request: Request) -> Response:
    portal = portal_of(request)
    values = await fields.form(request)
    if not check_csrf(request, values):
        raise Refusal(403, "csrf")
    minutes = fields.text(values, "inactivite", 3)
    if not minutes.isdecimal() or not 2 <= int(minutes) <= 60:
        raise BadInput("idle delay out of range")
    portal.blueprint.sessions.idle = int(minutes) * 60
    return portal.page(request, "gestion/parametres.html", saved=True)


ROUTES = [
    Route("/gestion", patients),
    Route("/gestion/journal", journal),
    Route("/gestion/parametres", settings),
    Route("/gestion/parametres", change_settings, methods=["POST"]),
]
