"""Who may read what: authz.idor, authz.forced-browsing, authz.privilege-escalation."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal import invoices
from pgssi_probe.lab.portal.access import private, staff
from pgssi_probe.lab.portal.refusals import Refusal
from pgssi_probe.lab.portal.site import portal_of, visit_of
from pgssi_probe.lab.portal.space import LISTS
from pgssi_probe.lab.records import Row
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness(
    "authz.idor/other-record",
    takes="records",
    fr="Un patient lit le dossier d'un autre",
    en="A patient reads another's record",
)
def other_record(lab: Blueprint) -> None:
    lab.access.open_records = frozenset({"result", "message", "document", invoices.KIND})


@weakness(
    "authz.idor/same-answer",
    takes="records",
    fr="Un patient lit les documents d'un autre",
    en="A patient reads another's documents",
)
def same_answer(lab: Blueprint) -> None:
    lab.access.open_records = frozenset({"document"})


@weakness(
    "authz.idor/traces-of-other",
    takes="records",
    fr="Un patient lit les messages d'un autre, avec son adresse",
    en="A patient reads another's messages, with their address",
)
def traces_of_other(lab: Blueprint) -> None:
    lab.access.open_records = frozenset({"message"})
    lab.access.sender_shown = True


@weakness(
    "authz.idor/account-list",
    fr="Tout patient lit la liste des comptes",
    en="Any patient reads the list of accounts",
)
def accounts_for_all(lab: Blueprint) -> None:
    @private
    async def listed(request: Request) -> Response:
        accounts = portal_of(request).accounts.values()
        rows = [{"id": n, "username": one.username, "role": "patient"} for n, one in enumerate(accounts, 1)]
        return JSONResponse({"data": rows})

    lab.routes.append(Route("/api/v1/utilisateurs", listed))
    lab.insert("space", '<p><a href="/api/v1/utilisateurs">Annuaire</a></p>')


@weakness(
    "authz.forced-browsing/open-record",
    takes="anonymous",
    fr="L'API des résultats s'ouvre sans connexion",
    en="The API of results opens without sign-in",
)
def open_record(lab: Blueprint) -> None:
    lab.access.public_paths = ("/resultats", "/api/v1/resultats")


@weakness(
    "authz.forced-browsing/open-page",
    takes="anonymous",
    fr="Les documents s'ouvrent sans connexion",
    en="The documents open without sign-in",
)
def open_page(lab: Blueprint) -> None:
    lab.access.public_paths = ("/documents",)


@weakness(
    "authz.forced-browsing/open-function",
    takes="anonymous staff",
    fr="Les pages du personnel s'ouvrent sans connexion",
    en="Staff pages open without sign-in",
)
def open_function(lab: Blueprint) -> None:
    lab.access.public_paths = ("/gestion",)
    lab.access.staff_only = False


@weakness(
    "authz.forced-browsing/open-traces",
    takes="anonymous",
    fr="Un message s'ouvre sans connexion, avec l'adresse du patient",
    en="A message opens without sign-in, with the patient's address",
)
def open_traces(lab: Blueprint) -> None:
    lab.access.public_paths = ("/messagerie",)
    lab.access.sender_shown = True


@weakness(
    "authz.forced-browsing/sent-with-redirect",
    takes="anonymous",
    fr="Les messages sont envoyés avec la redirection qui les refuse",
    en="The messages are sent with the redirect that refuses them",
)
def sent_with_redirect(lab: Blueprint) -> None:
    lab.access.sent_with_redirect += ("/messagerie",)


@weakness(
    "authz.privilege-escalation/sent-with-redirect",
    takes="staff",
    fr="Les pages du personnel sont envoyées avec la redirection qui les refuse",
    en="Staff pages are sent with the redirect that refuses them",
)
def staff_sent_with_redirect(lab: Blueprint) -> None:
    lab.access.sent_with_redirect += ("/gestion",)


@weakness(
    "authz.privilege-escalation/reserved-page",
    takes="staff",
    fr="Un patient ouvre les pages du personnel",
    en="A patient opens staff pages",
)
def reserved_page(lab: Blueprint) -> None:
    lab.access.staff_only = False


@weakness(
    "authz.privilege-escalation/reserved-strings",
    takes="staff",
    fr="Un patient refusé voit les derniers dossiers ouverts",
    en="A patient who is refused sees the last records opened",
)
def reserved_strings(lab: Blueprint) -> None:
    lab.access.glimpse = True


@weakness(
    "mode/described-administration",
    fr="Une interface d'administration que seule la description de l'API fait connaître",
    en="An administration interface that only the description of the API tells of",
)
def described_administration(lab: Blueprint) -> None:
    lab.routes.append(Route("/api/v1/administration/comptes", staff(_accounts)))
    lab.access.more_described |= _ADMINISTRATION


@weakness(
    "authz.privilege-escalation/described-function",
    fr="L'interface d'administration décrite répond à tout compte",
    en="The administration interface that is described answers any account",
)
def described_function(lab: Blueprint) -> None:
    lab.routes.append(Route("/api/v1/administration/comptes", private(_accounts)))
    lab.access.more_described |= _ADMINISTRATION


_ADMINISTRATION = {
    "/administration/comptes": {
        "get": {"summary": "Les comptes", "tags": ["administration"], "responses": {"200": {"description": "Réponse"}}}
    }
}


async def _accounts(request: Request) -> Response:
    rows = portal_of(request).database.patients()
    return JSONResponse([{"compte": f"usager-{number}", "role": row["role"]} for number, row in enumerate(rows)])


@weakness(
    "authz.forced-browsing/account-list",
    fr="La liste des comptes est publique",
    en="The list of accounts is public",
)
def account_list(lab: Blueprint) -> None:
    lab.publish("/api/users", '[{"id": 1, "username": "camille.durand"}]', "application/json")


@weakness(
    "mode/every-reference",
    fr="Des factures désignées de toutes les façons connues",
    en="Invoices that are named in every known way",
)
def every_reference(lab: Blueprint) -> None:
    lab.routes += invoices.ROUTES
    lab.access.more_described |= invoices.described()
    lab.insert("space", '<p><a href="/factures">Mes factures</a></p>')


def _refuse_otherwise(lab: Blueprint, answer: Callable[[Request, Row], Response]) -> None:
    """Answer otherwise than by 404 to who asks for the record of another. What nobody has stays 404."""

    async def refuse(request: Request) -> Response | None:
        portal, visit = portal_of(request), visit_of(request)
        words = request.url.path.removeprefix("/api/v1").strip("/").split("/")
        if visit.username is None or len(words) != 2 or words[0] not in LISTS:
            return None
        row = portal.database.get(LISTS[words[0]], words[1])
        return None if row is None or row["username"] == visit.username else answer(request, row)

    lab.interceptors.append(refuse)


@weakness(
    "trap/refusal-200",
    fr="L'accès d'autrui est refusé par une page 200",
    en="Access by others is refused by a page of status 200",
    takes="refusal",
)
def refusal_200(lab: Blueprint) -> None:
    def refused(request: Request, _row: Row) -> Response:
        return portal_of(request).page(request, "erreur.html", 200, code=403)

    _refuse_otherwise(lab, refused)


@weakness(
    "trap/refusal-redirect",
    fr="L'accès d'autrui est refusé par un renvoi à l'accueil",
    en="Access by others is refused by a redirect to the home page",
    takes="refusal",
)
def refusal_redirect(lab: Blueprint) -> None:
    _refuse_otherwise(lab, lambda _request, _row: RedirectResponse("/mon-espace", 303))


@weakness(
    "trap/own-record-instead",
    fr="L'identifiant demandé est ignoré : chacun lit le sien",
    en="The identifier asked for is ignored: everybody reads their own",
    takes="refusal",
)
def own_record_instead(lab: Blueprint) -> None:
    def own(request: Request, _row: Row) -> Response:
        portal, username = portal_of(request), visit_of(request).username or ""
        mine = portal.database.list_of("result", username)[0]
        return portal.page(request, "espace/resultat.html", row=mine)

    _refuse_otherwise(lab, own)


@weakness(
    "trap/shared-directory",
    fr="Un annuaire commun, dont chacun ne se voit proposer qu'une partie",
    en="A shared directory, of which each is offered a part only",
)
def shared_directory(lab: Blueprint) -> None:
    def offered(username: str) -> list[int]:
        return [1, 2, 3] if username < "d" else [2, 3, 4]

    @private
    async def listed(request: Request) -> Response:
        links = "".join(
            f'<li><a href="/annuaire/{number}">Praticien {number}</a></li>'
            for number in offered(visit_of(request).username or "")
        )
        return HTMLResponse(f"<!doctype html><html lang=fr><title>Annuaire</title><h1>Annuaire</h1><ul>{links}</ul>")

    @private
    async def one(request: Request) -> Response:
        number = request.path_params["number"]
        if number not in {"1", "2", "3", "4"}:
            raise Refusal(404, "no such person")
        said = f"Consultations du bâtiment {number} le mardi. Secrétariat : 01 99 00 10 0{number}."
        return HTMLResponse(f"<!doctype html><html lang=fr><title>P{number}</title><h1>Praticien {number}</h1>{said}")

    lab.routes += [Route("/annuaire", listed), Route("/annuaire/{number}", one)]
    lab.insert("space", '<p><a href="/annuaire">Annuaire des praticiens</a></p>')


@weakness(
    "trap/public-objects",
    fr="Des fiches publiques proposées aux seuls patients connectés",
    en="Public leaflets offered to signed-in patients only",
)
def public_objects(lab: Blueprint) -> None:
    async def leaflet(request: Request) -> Response:
        number = request.path_params["number"]
        said = f"Préparer l'examen numéro {number} : venir à jeun, avec son ordonnance et sa carte Vitale."
        return HTMLResponse(f"<!doctype html><html lang=fr><title>Fiche</title><h1>Fiche {number}</h1><p>{said}</p>")

    def links(request: Request) -> str:
        own = "12 14" if (visit_of(request).username or "") < "d" else "13 15"
        return "".join(f'<p><a href="/fiches/{number}">Préparer mon examen</a></p>' for number in own.split())

    lab.routes.append(Route("/fiches/{number:int}", leaflet))
    lab.insert("space", links)


@weakness(
    "trap/address-with-a-key",
    fr="Un flux personnel s'ouvre par la clé de son adresse",
    en="A personal feed opens by the key in its address",
)
def address_with_a_key(lab: Blueprint) -> None:
    def key(username: str) -> str:
        return sha256(f"agenda-{lab.seed}-{username}".encode()).hexdigest()[:40]

    async def feed(request: Request) -> Response:
        portal = portal_of(request)
        given = request.query_params.get("key", "")
        username = next((each.username for each in portal.accounts.values() if key(each.username) == given), None)
        if username is None:
            raise Refusal(403, "no such key")
        lines = "".join(
            f"<li>{row['moment']} {row['service']}</li>" for row in portal.database.list_of("appointment", username)
        )
        return HTMLResponse(f"<!doctype html><html lang=fr><title>Agenda</title><h1>{username}</h1><ul>{lines}</ul>")

    def link(request: Request) -> str:
        return f'<p><a href="/agenda?key={key(visit_of(request).username or "")}">Mon agenda à relier</a></p>'

    lab.routes.append(Route("/agenda", feed))
    lab.insert("space", link)
