"""Pages for everyone: home, information, legal pages, help, search, and what robots read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.portal import fields, rendering
from pgssi_probe.lab.portal.refusals import BadInput, Refusal
from pgssi_probe.lab.portal.site import portal_of
from pgssi_probe.lab.synthetic import SERVICES

INFORMATION = {
    "mentions-legales": "mentions_legales.html",
    "confidentialite": "confidentialite.html",
    "cgu": "cgu.html",
    "cookies": "cookies.html",
    "accessibilite": "accessibilite.html",
    "aide": "aide.html",
    "assistance": "assistance.html",
    "conseils-securite": "conseils_securite.html",
    "signaler-hameconnage": "signaler_hameconnage.html",
    "plan-du-site": "plan_du_site.html",
    "actualites": "actualites.html",
}
"""Page name, which is also its path -> template."""

ARTICLES = ("premiere-connexion", "lire-ses-resultats", "mot-de-passe-oublie", "message-d-erreur")
WORDS = {
    "résultat": "lire-ses-resultats",
    "analyse": "lire-ses-resultats",
    "connexion": "premiere-connexion",
    "mot de passe": "mot-de-passe-oublie",
    "erreur": "message-d-erreur",
}
Handler = Callable[[Request], Awaitable[Response]]


async def home(request: Request) -> Response:
    portal = portal_of(request)
    response = portal.page(request, "accueil.html", services=SERVICES)
    for cookie in portal.blueprint.cookies.extra:
        response.headers.append("Set-Cookie", cookie)
    return response


def _information(name: str, template: str) -> Handler:
    async def show(request: Request) -> Response:
        portal = portal_of(request)
        if name in portal.blueprint.hidden_pages:
            raise Refusal(404, "hidden page")
        return portal.page(request, template, articles=ARTICLES)

    return show


async def article(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ARTICLES or "aide" in portal_of(request).blueprint.hidden_pages:
        raise Refusal(404, "no such article")
    return portal_of(request).page(request, f"aide/{name}.html", articles=ARTICLES)


async def search(request: Request) -> Response:
    portal = portal_of(request)
    words = fields.text(fields.query(request), "q", 100, required=False)
    found = sorted({target for word, target in WORDS.items() if words and word in words.casefold()})
    echo = Markup(portal.blueprint.inputs.echo(words))  # noqa: S704 the policy escapes, unless weakened
    return portal.page(request, "recherche.html", words=words, echo=echo, found=found)


async def availability(request: Request) -> Response:
    portal = portal_of(request)
    values = fields.query(request)
    given = fields.text(values, "date", 10, required=False)
    service = fields.text(values, "service", 60, required=False) or SERVICES[0]
    if service not in SERVICES:
        raise BadInput("unknown service")
    first = fields.day(given) if given else portal.clock.now().date() + timedelta(days=1)
    days = [(first + timedelta(days=i)).isoformat() for i in range(5)]
    return portal.page(request, "disponibilites.html", service=service, services=SERVICES, days=days)


async def static(request: Request) -> Response:
    found = rendering.static_files().get(request.path_params["name"])
    if found is None:
        raise Refusal(404, "no such file")
    return Response(found[0], media_type=found[1], headers={"Cache-Control": "public, max-age=3600"})


async def robots(request: Request) -> Response:
    origin = _origin(request)
    return PlainTextResponse(f"User-agent: *\nAllow: /\n\nSitemap: {origin}/sitemap.xml\n")


async def sitemap(request: Request) -> Response:
    origin = _origin(request)
    hidden = portal_of(request).blueprint.hidden_pages
    paths = ["/", "/connexion", *(f"/{name}" for name in INFORMATION if name not in hidden)]
    urls = "".join(f"  <url><loc>{origin}{path}</loc></url>\n" for path in paths)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    return Response(body, media_type="application/xml")


async def security_txt(request: Request) -> Response:
    """RFC 9116, valid for six months from now."""
    portal = portal_of(request)
    origin = _origin(request)
    expires = (portal.clock.now() + timedelta(days=180)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [
        "Contact: mailto:securite@valombre.invalid",
        f"Contact: {origin}/assistance",
        f"Expires: {expires}",
        "Preferred-Languages: fr, en",
        f"Canonical: {origin}/.well-known/security.txt",
        f"Policy: {origin}/conseils-securite",
    ]
    served = portal.blueprint.security_txt(lines, portal.clock.now())
    if served is None:
        raise Refusal(404, "no security.txt")
    return PlainTextResponse("\n".join(served) + "\n")


async def short_security_txt(_request: Request) -> Response:
    return RedirectResponse("/.well-known/security.txt", 308)


async def favicon(_request: Request) -> Response:
    return RedirectResponse("/static/icone.svg", 308)


def _origin(request: Request) -> str:
    blueprint = portal_of(request).blueprint
    return blueprint.inputs.link_origin(request, blueprint.addresses.https_url)


ROUTES = [
    Route("/", home),
    *(Route(f"/{name}", _information(name, template)) for name, template in INFORMATION.items()),
    Route("/aide/{name}", article),
    Route("/recherche", search),
    Route("/disponibilites", availability),
    Route("/static/{name}", static),
    Route("/robots.txt", robots),
    Route("/sitemap.xml", sitemap),
    Route("/.well-known/security.txt", security_txt),
    Route("/security.txt", short_security_txt),
    Route("/favicon.ico", favicon),
]
