"""Invoices, each reached in every way in which applications name a record: number in the path, in the query, in a JSON
body, in a header of its own, base64, JSON in base64, GraphQL. Served only when a mode asks for it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.access import private
from pgssi_probe.lab.portal.refusals import BadInput, Refusal
from pgssi_probe.lab.portal.site import Portal, portal_of, visit_of
from pgssi_probe.lab.records import Row

KIND = "invoice"
"""Name among `AccessPolicy.open_records`."""
HEADER = "X-Numero-Facture"
FIRST = 4_100
_ASKED = re.compile(r"facture\s*\(\s*numero\s*:\s*(?:\$(\w+)|(\d+))")


def invoices(portal: Portal, username: str | None = None) -> list[Row]:
    """Every invoice, numbered in the order of the people: one for each result of laboratory."""
    people = [account.username for account in portal.accounts.values() if account.role == "patient"]
    rows = [row for person in people for row in sorted(portal.database.list_of("result", person), key=_reference)]
    numbered = [
        {
            "numero": FIRST + number,
            "username": row["username"],
            "objet": f"Acte de biologie : {row['title']}",
            "reference": row["reference"],
            "montant": round(10 + row["value"], 2),
        }
        for number, row in enumerate(rows)
    ]
    return [row for row in numbered if username in {None, row["username"]}]


def _reference(row: Row) -> str:
    return str(row["reference"])


def owned(request: Request, number: int) -> Row:
    """The invoice of this number, when it is the visitor's."""
    portal, username = portal_of(request), visit_of(request).username
    row = next((one for one in invoices(portal) if one["numero"] == number), None)
    if row is None:
        raise Refusal(404, "no such invoice")
    if KIND not in portal.blueprint.access.open_records and row["username"] != username:
        raise Refusal(404, "someone else's invoice")
    return row


def _told(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "username"}


def written(number: int) -> str:
    return base64.urlsafe_b64encode(f"facture:{number}".encode()).decode().rstrip("=")


def written_as_json(number: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"facture": number}).encode()).decode().rstrip("=")


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadInput("not base64") from None


def _number(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,6}", str(value)):
        raise BadInput("not a number")
    return int(str(value))


@private
async def listed(request: Request) -> Response:
    rows = [
        {**row, "code": written(row["numero"]), "jeton": written_as_json(row["numero"])}
        for row in invoices(portal_of(request), visit_of(request).username)
    ]
    return portal_of(request).page(request, "espace/factures.html", rows=rows)


def _page(request: Request, number: int) -> Response:
    return portal_of(request).page(request, "espace/facture.html", row=owned(request, number))


@private
async def by_path(request: Request) -> Response:
    return _page(request, _number(request.path_params["number"]))


@private
async def by_query(request: Request) -> Response:
    return _page(request, _number(fields.query(request).get("numero", "")))


@private
async def by_code(request: Request) -> Response:
    return _page(request, _number(_decoded(request.path_params["code"]).removeprefix("facture:")))


@private
async def by_token(request: Request) -> Response:
    try:
        said = json.loads(_decoded(request.path_params["token"]))
    except ValueError:
        raise BadInput("not JSON") from None
    return _page(request, _number(said.get("facture") if isinstance(said, dict) else ""))


@private
async def api_list(request: Request) -> Response:
    return JSONResponse([_told(row) for row in invoices(portal_of(request), visit_of(request).username)])


@private
async def by_body(request: Request) -> Response:
    values = await fields.json_object(request)
    return JSONResponse(_told(owned(request, _number(values.get("numero", "")))))


@private
async def by_header(request: Request) -> Response:
    return JSONResponse(_told(owned(request, _number(request.headers.get(HEADER, "")))))


@private
async def graphql(request: Request) -> Response:
    """Enough of GraphQL for one type: its introspection, the list, one invoice."""
    values = await fields.json_object(request)
    query, variables = str(values.get("query", ""))[:4000], values.get("variables") or {}
    if "__schema" in query:
        return JSONResponse({"data": {"__schema": _SCHEMA}})
    if "factures" in query:
        rows = invoices(portal_of(request), visit_of(request).username)
        return JSONResponse({"data": {"factures": [{"__typename": "Facture", **_told(row)} for row in rows]}})
    if query.lstrip().startswith("mutation") or (asked := _ASKED.search(query)) is None:
        return JSONResponse({"errors": [{"message": "requête inconnue"}]}, 400)
    row = owned(request, _number(asked[2] or variables.get(asked[1], "")))
    return JSONResponse({"data": {"facture": {"__typename": "Facture", **_told(row)}}})


def _type(name: str, kind: str = "SCALAR", *, required: bool = False, many: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": kind, "name": name, "ofType": None}
    told = {"kind": "LIST", "name": None, "ofType": told} if many else told
    return {"kind": "NON_NULL", "name": None, "ofType": told} if required else told


def _field(name: str, kind: dict[str, Any], **arguments: dict[str, Any]) -> dict[str, Any]:
    given = [{"name": each, "defaultValue": None, "type": wanted} for each, wanted in arguments.items()]
    return {"name": name, "args": given, "type": kind}


_SCHEMA: dict[str, Any] = {
    "queryType": {"name": "Query"},
    "mutationType": {"name": "Mutation"},
    "types": [
        {
            "kind": "OBJECT",
            "name": "Query",
            "fields": [
                _field("factures", _type("Facture", "OBJECT", many=True)),
                _field("facture", _type("Facture", "OBJECT"), numero=_type("Int", required=True)),
            ],
        },
        {
            "kind": "OBJECT",
            "name": "Mutation",
            "fields": [_field("contester", _type("Facture", "OBJECT"), numero=_type("Int", required=True))],
        },
        {
            "kind": "OBJECT",
            "name": "Facture",
            "fields": [
                _field("numero", _type("Int")),
                _field("objet", _type("String")),
                _field("reference", _type("String")),
                _field("montant", _type("Float")),
            ],
        },
    ],
}


def described() -> dict[str, Any]:
    """Paths for the description of the API."""
    answers = {"200": {"description": "Réponse"}}
    number = {"type": "integer", "example": FIRST + 900}
    body = {"type": "object", "properties": {"numero": number}}
    return {
        "/factures": {"get": {"summary": "Liste : factures", "responses": answers}},
        "/factures/consultation": {
            "post": {
                "summary": "Lire une facture",
                "requestBody": {"content": {"application/json": {"schema": body}}},
                "responses": answers,
            }
        },
        "/facture": {
            "get": {
                "summary": "Lire une facture",
                "parameters": [{"name": HEADER, "in": "header", "required": True, "schema": number}],
                "responses": answers,
            }
        },
    }


ROUTES = [
    Route("/factures", listed),
    Route("/factures/code/{code}", by_code),
    Route("/factures/jeton/{token}", by_token),
    Route("/factures/{number}", by_path),
    Route("/facture", by_query),
    Route("/api/v1/factures", api_list),
    Route("/api/v1/factures/consultation", by_body, methods=["POST"]),
    Route("/api/v1/facture", by_header),
    Route("/api/graphql", graphql, methods=["POST"]),
]
