"""How received values are used: input.*. Each switch that needs a page of its own adds it to the site map."""

from __future__ import annotations

import json
import sqlite3
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.refusals import Refusal
from pgssi_probe.lab.weaknesses.posted import add_form, add_json_search, bare_page, directory, let_scripts, link_to
from pgssi_probe.lab.weaknesses.registry import weakness

LEAFLETS = {
    "preparation.txt": "Préparer votre hospitalisation : pièce d’identité, carte Vitale, ordonnances.\n",
    "sortie.txt": "Préparer votre sortie : prévenez un proche la veille.\n",
}
SYSTEM_FILES = {
    "etc/passwd": """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
""",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nID=debian\n',
}
MAX_KEPT: Final = 1_000


# Reflection


@weakness(
    "input.reflected-xss/executed",
    fr="La recherche renvoie les balises saisies, et rien n'empêche leurs scripts",
    en="The search returns the tags typed, and nothing stops their scripts",
)
def reflected_xss(lab: Blueprint) -> None:
    lab.inputs.echo = lambda words: words
    let_scripts(lab, "/recherche", "/avis")
    add_form(lab, "/avis", "Votre avis", "avis", lambda given: f"<p>Merci de cet avis : {given}</p>")


@weakness(
    "input.reflected-xss/unescaped",
    fr="Un guillemet revient tel quel dans un attribut ; la CSP arrête les scripts",
    en="A quote comes back within an attribute; the CSP stops scripts",
)
def unescaped_attribute(lab: Blueprint) -> None:
    async def contact(request: Request) -> Response:
        subject = fields.query(request).get("objet", "").replace("<", "&lt;")
        return bare_page("Nous écrire", f'<form action="/recherche"><input name="q" value="{subject}"></form>')

    lab.routes.append(Route("/nous-ecrire", contact))
    link_to(lab, "/nous-ecrire?objet=rendez-vous", "Nous écrire")


@weakness(
    "input.reflected-xss/ambiguous",
    fr="Un export XML renvoie les balises reçues",
    en="An XML export returns the tags received",
)
def reflected_in_xml(lab: Blueprint) -> None:
    async def export(request: Request) -> Response:
        subject = fields.query(request).get("objet", "")
        return Response(f"<?xml version='1.0'?><export><objet>{subject}</objet></export>", media_type="application/xml")

    lab.routes.append(Route("/export", export))
    link_to(lab, "/export?objet=horaires", "Horaires (XML)")


@weakness(
    "input.reflected-xss/in-page",
    fr="Un script écrit dans la page ce que l'adresse contient",
    en="A script writes what the address holds into the page",
)
def written_by_script(lab: Blueprint) -> None:
    async def show(_request: Request) -> Response:
        code = "document.getElementById('onglet').innerHTML = decodeURIComponent(location.hash.slice(1));"
        return bare_page("Guide", f'<p id="onglet"></p><script>{code}</script>')

    let_scripts(lab, "/guide")
    lab.routes.append(Route("/guide", show))
    link_to(lab, "/guide", "Guide de l’usager")


@weakness(
    "input.reflected-xss/carried",
    fr="La page d'erreur redit la page d'où l'on vient, telle quelle",
    en="The error page repeats the page that one comes from, as it is",
)
def reflected_referer(lab: Blueprint) -> None:
    lab.insert("main-end", lambda request: f"<p>Vous veniez de : {request.headers.get('referer', '')}</p>")


# Redirection


@weakness("input.open-redirect/followed", fr="Une page mène à tout site", en="A page leads to any site")
def open_redirect(lab: Blueprint) -> None:
    async def leave(request: Request) -> Response:
        return RedirectResponse(fields.query(request).get("vers", "/"), 302)

    lab.routes.append(Route("/aller", leave))
    link_to(lab, "/aller?vers=/aide", "Aller à l’aide")
    add_form(lab, "/langue", "Choisir la langue", "retour", lambda given: RedirectResponse(given or "/", 303))


@weakness(
    "input.open-redirect/after-sign-in", fr="La connexion renvoie vers tout site", en="Sign-in redirects to any site"
)
def redirect_after_sign_in(lab: Blueprint) -> None:
    lab.inputs.next_page = lambda path: path or None


@weakness(
    "input.open-redirect/scripted", fr="Un script mène à l'adresse reçue", en="A script leads to the address received"
)
def scripted_redirect(lab: Blueprint) -> None:
    async def wait(request: Request) -> Response:
        target = json.dumps(fields.query(request).get("retour", "/")).replace("<", "\\u003c")
        return bare_page("Un instant", f"<script>window.location = {target};</script>")

    lab.routes.append(Route("/patienter", wait))
    link_to(lab, "/patienter?retour=/aide", "Patienter")


# The name of the host


def _canonical(host: str) -> str:
    return f'<link rel="canonical" href="https://{escape(host)}/">' if host else ""


@weakness("input.host-header/reflected", fr="Les liens suivent l'en-tête Host", en="Links follow the Host header")
def host_header(lab: Blueprint) -> None:
    lab.inputs.known_hosts = False
    lab.inputs.link_origin = lambda request, _origin: f"https://{request.headers.get('host', '')}"
    lab.insert("head", lambda request: _canonical(request.headers.get("host", "")))


@weakness(
    "input.host-header/forwarded",
    fr="Les liens suivent l'en-tête X-Forwarded-Host de n'importe qui",
    en="Links follow the X-Forwarded-Host header of anybody",
)
def forwarded_host(lab: Blueprint) -> None:
    lab.insert("head", lambda request: _canonical(request.headers.get("x-forwarded-host", "")))


@weakness(
    "input.host-header/poisoned",
    fr="Un cache garde le nom donné par un visiteur",
    en="A cache keeps the name given by a visitor",
)
def poisoned_cache(lab: Blueprint) -> None:
    kept: dict[str, str] = {}

    def canonical(request: Request) -> str:
        given = request.headers.get("x-forwarded-host", "")
        if given and request.url.path == "/" and len(kept) < MAX_KEPT:
            kept.setdefault(request.url.query, given)
        return _canonical(kept.get(request.url.query, "")) if request.url.path == "/" else ""

    lab.insert("head", canonical)


# Files, values, database


@weakness("input.path-traversal/read", fr="Un paramètre lit tout fichier", en="A parameter reads any file")
def path_traversal(lab: Blueprint) -> None:
    def leaflet(name: str) -> Response:
        reached = name.replace("\\", "/").replace("....//", "../").rpartition("../")
        if reached[2].lstrip("/") in SYSTEM_FILES and (reached[1] or name.startswith("/")):
            return PlainTextResponse(SYSTEM_FILES[reached[2].lstrip("/")])
        if name not in LEAFLETS:
            raise Refusal(404, "no such leaflet")
        return PlainTextResponse(LEAFLETS[name])

    async def asked(request: Request) -> Response:
        return leaflet(fields.query(request).get("fichier", ""))

    async def last(request: Request) -> Response:
        """The last leaflet read, which a cookie remembers."""
        answer = leaflet(request.cookies.get("livret", "sortie.txt"))
        answer.set_cookie("livret", "sortie.txt", secure=True, httponly=True, samesite="lax")
        return answer

    lab.routes.append(Route("/livret", asked))
    lab.routes.append(Route("/dernier-livret", last))
    link_to(lab, "/dernier-livret", "Dernier livret lu")
    add_form(lab, "/livrets", "Demander un livret", "livret", lambda given: leaflet(given or "sortie.txt"))
    link_to(lab, "/livret?fichier=preparation.txt", "Préparer son hospitalisation")


@weakness(
    "input.validation/server-error",
    fr="Une saisie mal formée provoque une erreur interne",
    en="Malformed input causes an internal error",
)
def server_error(lab: Blueprint) -> None:
    lab.errors.bad_input = 500


@weakness(
    "input.validation/accepted", fr="Une date impossible est prise telle quelle", en="An impossible date is taken as is"
)
def accepted_date(lab: Blueprint) -> None:
    async def duty(request: Request) -> Response:
        day = escape(fields.query(request).get("jour", "2026-11-23"))
        form = f'<form action="/garde"><input type="date" name="jour" value="{day}"><button>Voir</button></form>'
        return bare_page("Pharmacies de garde", f"{form}<p>Pharmacies ouvertes le {day} : trois.</p>")

    lab.routes.append(Route("/garde", duty))
    link_to(lab, "/garde?jour=2026-11-23", "Pharmacies de garde")


def _directory(lab: Blueprint, path: str, *, errors: bool) -> None:
    """A directory that joins its criterion to a query. It is in memory, of the page alone, and read-only."""

    def search(given: str, condition: str) -> Response | str:
        with directory() as database:
            try:
                found = database.execute(f"SELECT nom FROM praticien WHERE {condition.format(given)}").fetchall()  # noqa: S608
            except sqlite3.Error as error:
                if errors:
                    said = f"<pre>sqlite3.{type(error).__name__}: {escape(str(error))}</pre>"
                    return bare_page("Annuaire", said, 500)
                found = []
        names = "".join(f"<li>{escape(name)}</li>" for (name,) in found)
        return f"<ul>{names}</ul>" if found else "<p>Personne ne correspond.</p>"

    async def show(request: Request) -> Response:
        shown = search(fields.query(request).get("service", ""), "service = '{}'")
        return shown if isinstance(shown, Response) else bare_page("Annuaire", shown)

    lab.routes.append(Route(path, show))
    link_to(lab, f"{path}?service=cardiologie", "Annuaire des praticiens")
    searched = f"{path}/recherche"
    add_form(lab, searched, "Chercher un praticien", "nom", lambda given: search(given, "nom LIKE '%{}%'"))


@weakness(
    "input.sql/error",
    fr="Une apostrophe provoque une erreur de base de données",
    en="A quote causes an error of the database",
)
def sql_error(lab: Blueprint) -> None:
    _directory(lab, "/annuaire", errors=True)
    add_json_search(lab, "annuaire", joined=True)


@weakness(
    "input.sql/conditions",
    fr="Une condition ajoutée au paramètre change le résultat",
    en="A condition added to the parameter changes the result",
)
def sql_conditions(lab: Blueprint) -> None:
    _directory(lab, "/praticiens", errors=False)


@weakness(
    "input.sql/quotes",
    fr="Une apostrophe fait échouer une page sans dire pourquoi",
    en="A quote makes a page fail without saying why",
)
def sql_quotes(lab: Blueprint) -> None:
    async def show(request: Request) -> Response:
        given = fields.query(request).get("lieu", "")
        if given.count("'") % 2:
            return bare_page("Erreur", "<p>Une erreur est survenue.</p>", 500)
        return bare_page("Lieux", f"<p>Rien pour {escape(given)}.</p>")

    lab.routes.append(Route("/lieux", show))
    link_to(lab, "/lieux?lieu=accueil", "Lieux")
