"""What the checks of inputs must not accuse: encoded echoes, refusals, pages that fail or vary by themselves."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.refusals import BadInput
from pgssi_probe.lab.weaknesses.posted import add_form, add_json_search, bare_page, let_scripts, link_to
from pgssi_probe.lab.weaknesses.registry import weakness


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
        return bare_page(
            "Lexique",
            f"<!-- {safe} --><input value=\"{safe}\"><input value='{safe}'><textarea>{safe}</textarea><p>{safe}</p>"
            f'<a href="/recherche?q={safe}">chercher</a><script>var mot = {script};</script>',
        )

    lab.routes.append(Route("/lexique", show))
    link_to(lab, "/lexique?mot=scanner", "Lexique")
    add_form(lab, "/glossaire", "Glossaire", "mot", lambda given: f"<p>Rien pour <b>{escape(given)}</b>.</p>")


@weakness("trap/json-echo", fr="La valeur reçue est renvoyée dans du JSON", en="The value received is echoed in JSON")
def json_echo(lab: Blueprint) -> None:
    async def show(request: Request) -> Response:
        return JSONResponse({"recherche": fields.query(request).get("mot", ""), "resultats": []})

    lab.routes.append(Route("/suggestions", show))
    link_to(lab, "/suggestions?mot=scanner", "Suggestions")


@weakness(
    "trap/own-redirect", fr="Une page redirige dans le site seulement", en="A page redirects within the site only"
)
def own_redirect(lab: Blueprint) -> None:
    async def leave(request: Request) -> Response:
        asked = fields.query(request).get("vers", "/")
        inside = asked.startswith("/") and not asked.startswith(("//", "/\\")) and "\t" not in asked
        return RedirectResponse(asked if inside else "/", 302)

    lab.routes.append(Route("/suite", leave))
    link_to(lab, "/suite?vers=/aide", "Suite")


@weakness("trap/varying-results", fr="Un nombre de résultats varie seul", en="A number of results varies by itself")
def varying_results(lab: Blueprint) -> None:
    turn = [0]

    async def show(request: Request) -> Response:
        turn[0] += 1
        words = fields.query(request).get("mots", "")
        lines = "".join(f"<li>Fiche {number}</li>" for number in range(turn[0] * 7 % 5))
        return bare_page("Fiches", f"<p>{turn[0] * 7 % 5} résultats pour {escape(words)}</p><ul>{lines}</ul>")

    lab.routes.append(Route("/fiches", show))
    link_to(lab, "/fiches?mots=scanner", "Fiches")


_ATTACK: Final = re.compile(r"['\"<>]|\.\.[/\\]|%2f|=.*=|\.invalid", re.IGNORECASE)


@weakness(
    "trap/block-page",
    fr="Un pare-feu refuse par une page qui parle d'injection SQL",
    en="A firewall refuses by a page that speaks of SQL injection",
)
def block_page(lab: Blueprint) -> None:
    def said(given: str) -> str:
        return f"<p>Aucune fiche pour {escape(given)}.</p><p>Fiche 1</p>"

    def guarded(given: str) -> Response | str:
        if _ATTACK.search(given):
            told = f"<p>SQL injection or SQLSTATE[42000] syntax error attempt refused: {escape(given)}</p>"
            return bare_page("Requête refusée", told, 403)
        return said(given)

    async def show(request: Request) -> Response:
        answer = guarded(fields.query(request).get("fiche", ""))
        return answer if isinstance(answer, Response) else bare_page("Fiches gardées", answer)

    lab.routes.append(Route("/fiches-gardees", show))
    link_to(lab, "/fiches-gardees?fiche=scanner", "Fiches gardées")
    add_form(lab, "/fiches-gardees/recherche", "Chercher une fiche", "fiche", guarded)


@weakness(
    "trap/script-that-escapes",
    fr="Un script écrit l'adresse dans la page comme du texte",
    en="A script writes the address into the page as text",
)
def written_as_text(lab: Blueprint) -> None:
    async def show(_request: Request) -> Response:
        code = (
            "const asked = new URLSearchParams(location.search).get('onglet') || location.hash;"
            "const place = document.getElementById('onglet');"
            "place.innerHTML = '<b></b>'; place.firstChild.textContent = decodeURIComponent(asked);"
        )
        return bare_page("Aide", f'<p id="onglet"></p><script>{code}</script>')

    let_scripts(lab, "/aide-en-ligne")
    lab.routes.append(Route("/aide-en-ligne", show))
    link_to(lab, "/aide-en-ligne?onglet=un", "Aide en ligne")


@weakness("trap/always-failing", fr="Une page échoue toujours, une autre à tout guillemet", en="A page always fails")
def always_failing(lab: Blueprint) -> None:
    def fail(_given: str) -> Response:
        return bare_page("Erreur", "<p>sqlite3.OperationalError: database is locked</p>", 500)

    async def show(_request: Request) -> Response:
        return fail("")

    async def fragile(request: Request) -> Response:
        given = fields.query(request).get("mots", "")
        return (
            bare_page("Erreur", "<p>Erreur.</p>", 500)
            if "'" in given or '"' in given
            else bare_page("Mots", "<p>Rien.</p>")
        )

    lab.routes.append(Route("/mots", fragile))
    link_to(lab, "/mots?mots=scanner", "Mots")
    lab.routes.append(Route("/en-panne", show))
    link_to(lab, "/en-panne?page=1", "En panne")
    add_form(lab, "/en-panne/recherche", "Chercher en panne", "page", fail)


@weakness(
    "trap/article-on-sql", fr="Un article cite des erreurs de bases de données", en="An article quotes database errors"
)
def article_on_sql(lab: Blueprint) -> None:
    quoted = "<p>You have an error in your SQL syntax; ORA-01756: quoted string not properly terminated</p>"

    async def show(request: Request) -> Response:
        return bare_page("Article", f"{quoted}<p>{len(request.url.query)}</p>")

    lab.routes.append(Route("/article", show))
    link_to(lab, "/article?article=12", "Article")


@weakness(
    "trap/refused-values",
    fr="Un formulaire refuse par 400 ce qui est mal formé",
    en="A form refuses what is malformed with 400",
)
def refused_values(lab: Blueprint) -> None:
    def agenda(given: str) -> Response | str:
        try:
            day = fields.day(given)
        except BadInput:
            return bare_page("Date refusée", f"<p>{escape(given)} n’est pas une date.</p>", 400)
        return f"<p>Consultations le {day}</p>"

    add_form(lab, "/consultations", "Consultations", "jour", agenda, kind="date")


@weakness(
    "trap/json-search",
    fr="L'interface de programmation cherche par JSON, sans rien joindre à la requête",
    en="The API searches by JSON, and joins nothing to the query",
)
def json_search(lab: Blueprint) -> None:
    add_json_search(lab, "praticiens", joined=False)
