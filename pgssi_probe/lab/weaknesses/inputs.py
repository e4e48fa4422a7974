"""How received values are used: input.*. Each switch that needs a page of its own adds it to the site map."""

from __future__ import annotations

import json
import sqlite3
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.refusals import Refusal
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
PRACTITIONERS: Final = (
    ("Amandine Roussel", "cardiologie"),
    ("Bastien Garnier", "pneumologie"),
    ("Clémence Faure", "pédiatrie"),
)
MAX_KEPT: Final = 1_000


def _page(title: str, content: str, status: int = 200) -> HTMLResponse:
    """A bare page: these are additions to the portal, of another hand."""
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{content}</body></html>",
        status,
    )


def _link(lab: Blueprint, address: str, label: str) -> None:
    lab.insert("site-map", f'<li><a href="{escape(address)}">{label}</a></li>')


# Reflection


@weakness(
    "input.reflected-xss/executed",
    fr="La recherche renvoie les balises saisies, et rien n'empêche leurs scripts",
    en="The search returns the tags typed, and nothing stops their scripts",
)
def reflected_xss(lab: Blueprint) -> None:
    def let_scripts(request: Request, response: Response) -> None:
        if request.url.path == "/recherche":
            response.headers["Content-Security-Policy"] = "script-src 'unsafe-inline'"

    lab.inputs.echo = lambda words: words
    lab.headers.rewrites.append(let_scripts)


@weakness(
    "input.reflected-xss/unescaped",
    fr="Un guillemet revient tel quel dans un attribut ; la CSP arrête les scripts",
    en="A quote comes back within an attribute; the CSP stops scripts",
)
def unescaped_attribute(lab: Blueprint) -> None:
    async def contact(request: Request) -> Response:
        subject = fields.query(request).get("objet", "").replace("<", "&lt;")
        return _page("Nous écrire", f'<form action="/recherche"><input name="q" value="{subject}"></form>')

    lab.routes.append(Route("/nous-ecrire", contact))
    _link(lab, "/nous-ecrire?objet=rendez-vous", "Nous écrire")


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
    _link(lab, "/export?objet=horaires", "Horaires (XML)")


# Redirection


@weakness("input.open-redirect/followed", fr="Une page mène à tout site", en="A page leads to any site")
def open_redirect(lab: Blueprint) -> None:
    async def leave(request: Request) -> Response:
        return RedirectResponse(fields.query(request).get("vers", "/"), 302)

    lab.routes.append(Route("/aller", leave))
    _link(lab, "/aller?vers=/aide", "Aller à l’aide")


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
        return _page("Un instant", f"<script>window.location = {target};</script>")

    lab.routes.append(Route("/patienter", wait))
    _link(lab, "/patienter?retour=/aide", "Patienter")


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
    async def leaflet(request: Request) -> Response:
        name = fields.query(request).get("fichier", "")
        reached = name.replace("\\", "/").replace("....//", "../").rpartition("../")
        if reached[2].lstrip("/") in SYSTEM_FILES and (reached[1] or name.startswith("/")):
            return PlainTextResponse(SYSTEM_FILES[reached[2].lstrip("/")])
        if name not in LEAFLETS:
            raise Refusal(404, "no such leaflet")
        return PlainTextResponse(LEAFLETS[name])

    lab.routes.append(Route("/livret", leaflet))
    _link(lab, "/livret?fichier=preparation.txt", "Préparer son hospitalisation")


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
        return _page("Pharmacies de garde", f"{form}<p>Pharmacies ouvertes le {day} : trois.</p>")

    lab.routes.append(Route("/garde", duty))
    _link(lab, "/garde?jour=2026-11-23", "Pharmacies de garde")


def _directory(lab: Blueprint, path: str, *, errors: bool) -> None:
    """A directory that joins its criterion to a query. It is in memory, of the page alone, and read-only."""

    async def show(request: Request) -> Response:
        given = fields.query(request).get("service", "")
        with sqlite3.connect(":memory:") as database:
            database.execute("CREATE TABLE praticien (nom TEXT, service TEXT)")
            database.executemany("INSERT INTO praticien VALUES (?, ?)", PRACTITIONERS)
            database.execute("PRAGMA query_only = ON")
            try:
                found = database.execute(f"SELECT nom FROM praticien WHERE service = '{given}'").fetchall()  # noqa: S608
            except sqlite3.Error as error:
                if errors:
                    return _page("Annuaire", f"<pre>sqlite3.{type(error).__name__}: {escape(str(error))}</pre>", 500)
                found = []
        names = "".join(f"<li>{escape(name)}</li>" for (name,) in found)
        return _page("Annuaire", f"<ul>{names}</ul>" if found else "<p>Personne ne correspond.</p>")

    lab.routes.append(Route(path, show))
    _link(lab, f"{path}?service=cardiologie", "Annuaire des praticiens")


@weakness(
    "input.sql/error",
    fr="Une apostrophe provoque une erreur de base de données",
    en="A quote causes an error of the database",
)
def sql_error(lab: Blueprint) -> None:
    _directory(lab, "/annuaire", errors=True)


@weakness(
    "input.sql/conditions",
    fr="Une condition ajoutée au paramètre change le résultat",
    en="A condition added to the parameter changes the result",
)
def sql_conditions(lab: Blueprint) -> None:
    _directory(lab, "/praticiens", errors=False)


# What must not be accused


@weakness(
    "trap/encoded-echo",
    fr="La valeur reçue est renvoyée encodée partout",
    en="The value received is echoed, encoded, everywhere",
)
def encoded_echo(lab: Blueprint) -> None:
    async def show(request: Request) -> Response:
        given = fields.query(request).get("mot", "")
        safe = escape(given)
        script = json.dumps(given).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        return _page(
            "Lexique",
            f"<!-- {safe} --><input value=\"{safe}\"><input value='{safe}'><textarea>{safe}</textarea><p>{safe}</p>"
            f'<a href="/recherche?q={safe}">chercher</a><script>var mot = {script};</script>',
        )

    lab.routes.append(Route("/lexique", show))
    _link(lab, "/lexique?mot=scanner", "Lexique")


@weakness("trap/json-echo", fr="La valeur reçue est renvoyée dans du JSON", en="The value received is echoed in JSON")
def json_echo(lab: Blueprint) -> None:
    async def show(request: Request) -> Response:
        return JSONResponse({"recherche": fields.query(request).get("mot", ""), "resultats": []})

    lab.routes.append(Route("/suggestions", show))
    _link(lab, "/suggestions?mot=scanner", "Suggestions")


@weakness(
    "trap/own-redirect", fr="Une page redirige dans le site seulement", en="A page redirects within the site only"
)
def own_redirect(lab: Blueprint) -> None:
    async def leave(request: Request) -> Response:
        asked = fields.query(request).get("vers", "/")
        inside = asked.startswith("/") and not asked.startswith(("//", "/\\")) and "\t" not in asked
        return RedirectResponse(asked if inside else "/", 302)

    lab.routes.append(Route("/suite", leave))
    _link(lab, "/suite?vers=/aide", "Suite")


@weakness("trap/varying-results", fr="Un nombre de résultats varie seul", en="A number of results varies by itself")
def varying_results(lab: Blueprint) -> None:
    turn = [0]

    async def show(request: Request) -> Response:
        turn[0] += 1
        words = fields.query(request).get("mots", "")
        lines = "".join(f"<li>Fiche {number}</li>" for number in range(turn[0] * 7 % 5))
        return _page("Fiches", f"<p>{turn[0] * 7 % 5} résultats pour {escape(words)}</p><ul>{lines}</ul>")

    lab.routes.append(Route("/fiches", show))
    _link(lab, "/fiches?mots=scanner", "Fiches")
