"""What the weaknesses of inputs are made of: bare pages, and forms sent by POST with a token that serves once."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from html import escape
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.access import private
from pgssi_probe.lab.portal.refusals import Refusal

Shown = Callable[[str], Response | str]
"""What the application answers to a value: a response, or the markup below the form."""
PRACTITIONERS: Final = (
    ("Amandine Roussel", "cardiologie"),
    ("Bastien Garnier", "pneumologie"),
    ("Clémence Faure", "pédiatrie"),
)
MAX_TOKENS = 10_000
LONGEST = 4_000


def bare_page(title: str, content: str, status: int = 200) -> HTMLResponse:
    """A bare page: these are additions to the portal, of another hand."""
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{content}</body></html>",
        status,
    )


def link_to(lab: Blueprint, address: str, label: str) -> None:
    """From the map of the site."""
    lab.insert("site-map", f'<li><a href="{escape(address)}">{label}</a></li>')


def add_form(lab: Blueprint, path: str, title: str, field: str, show: Shown, *, kind: str = "text") -> None:
    """A page with a form of one field that is sent to itself. Without a token of that page, nothing is done."""
    tokens: dict[str, None] = {}

    def page(below: str = "") -> Response:
        token = secrets.token_hex(16)
        if len(tokens) < MAX_TOKENS:
            tokens[token] = None
        return bare_page(
            title,
            f'<form method="post" action="{path}"><input type="hidden" name="jeton" value="{token}">'
            f'<label>{title} <input type="{kind}" name="{field}"></label>'
            f'<button name="envoi" value="1">Chercher</button></form>{below}',
        )

    async def answer(request: Request) -> Response:
        if request.method == "GET":
            return page()
        given = await fields.form(request)
        if tokens.pop(given.get("jeton", ""), ...) is ... or "envoi" not in given:
            raise Refusal(403, "no token of this page")
        shown = show(fields.text(given, field, LONGEST, required=False))
        return shown if isinstance(shown, Response) else page(shown)

    lab.routes.append(Route(path, answer, methods=["GET", "POST"]))
    link_to(lab, path, title)


def let_scripts(lab: Blueprint, *paths: str) -> None:
    """The policy of these pages stops no inline script."""

    def let(request: Request, response: Response) -> None:
        if request.url.path in paths:
            response.headers["Content-Security-Policy"] = "script-src 'unsafe-inline'"

    lab.headers.rewrites.append(let)


@contextmanager
def directory() -> Iterator[sqlite3.Connection]:
    """A directory of practitioners (`praticien`: nom, service), in memory, of one answer alone, and read-only."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE praticien (nom TEXT, service TEXT)")
        database.executemany("INSERT INTO praticien VALUES (?, ?)", PRACTITIONERS)
        database.execute("PRAGMA query_only = ON")
        yield database


def add_json_search(lab: Blueprint, name: str, *, joined: bool) -> None:
    """A search of the API for who is signed in: `POST /api/v1/NAME/recherche` with `{"filtre": {"nom"}, "page"}`, which
    the description of the API tells. `joined`: the criterion is joined to the query, else it is given beside it."""

    @private
    async def search(request: Request) -> Response:
        wanted: Any = (await fields.json_object(request)).get("filtre")
        given = str(wanted.get("nom", ""))[:LONGEST] if isinstance(wanted, dict) else ""
        with directory() as database:
            asked = "SELECT nom, service FROM praticien WHERE nom LIKE "
            try:
                found = (
                    database.execute(f"{asked}'%{given}%'")
                    if joined
                    else database.execute(asked + "'%' || ? || '%'", (given,))
                ).fetchall()
            except (sqlite3.Error, sqlite3.Warning) as error:
                return JSONResponse({"erreur": f"sqlite3.{type(error).__name__}: {error}"}, 500)
        return JSONResponse([{"nom": one, "service": service} for one, service in found])

    lab.routes.append(Route(f"/api/v1/{name}/recherche", search, methods=["POST"]))
    example = {"filtre": {"nom": "Garnier"}, "page": 1}
    lab.access.more_described |= {
        f"/{name}/recherche": {
            "post": {
                "summary": "Chercher un praticien",
                "requestBody": {"content": {"application/json": {"example": example}}},
                "responses": {"200": {"description": "Réponse"}},
            }
        }
    }
