"""How received values are used: input.*."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.refusals import Refusal
from pgssi_probe.lab.weaknesses.registry import weakness

LEAFLETS = {
    "preparation.txt": "Préparer votre hospitalisation : pièce d’identité, carte Vitale, ordonnances.\n",
    "sortie.txt": "Préparer votre sortie : prévenez un proche la veille.\n",
}
ACCOUNTS_FILE = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
"""


@weakness(
    "input.reflected-xss/executed",
    fr="La recherche renvoie les balises saisies",
    en="The search returns the tags typed",
)
def reflected_xss(lab: Blueprint) -> None:
    lab.inputs.echo = lambda words: words


@weakness("input.open-redirect/followed", fr="La connexion renvoie vers tout site", en="Sign-in redirects to any site")
def open_redirect(lab: Blueprint) -> None:
    lab.inputs.next_page = lambda path: path or None


@weakness("input.host-header/reflected", fr="Les liens suivent l'en-tête Host", en="Links follow the Host header")
def host_header(lab: Blueprint) -> None:
    lab.inputs.known_hosts = False
    lab.inputs.link_origin = lambda request, _origin: f"https://{request.headers.get('host', '')}"
    lab.insert("head", lambda request: f'<link rel="canonical" href="https://{request.headers.get("host", "")}/">')


@weakness("input.path-traversal/read", fr="Un paramètre lit tout fichier", en="A parameter reads any file")
def path_traversal(lab: Blueprint) -> None:
    async def leaflet(request: Request) -> Response:
        name = fields.query(request).get("fichier", "")
        if name.replace("\\", "/").replace("....//", "../").endswith("../etc/passwd") or name == "/etc/passwd":
            return PlainTextResponse(ACCOUNTS_FILE)
        if name not in LEAFLETS:
            raise Refusal(404, "no such leaflet")
        return PlainTextResponse(LEAFLETS[name])

    lab.routes.append(Route("/livret", leaflet))
    lab.insert("site-map", '<li><a href="/livret?fichier=preparation.txt">Préparer son hospitalisation</a></li>')


@weakness(
    "input.validation/server-error",
    fr="Une saisie mal formée provoque une erreur interne",
    en="Malformed input causes an internal error",
)
def server_error(lab: Blueprint) -> None:
    lab.errors.bad_input = 500
