"""Plain HTTP, HSTS and mixed content: https.enforcement, https.hsts, https.mixed-content."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import TWO_YEARS, Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness

WITH_FORM = ("/connexion", "/mot-de-passe-oublie")
"""Pages that give a session cookie: that weakness has its own name."""

HSTS = "Strict-Transport-Security"


@weakness(
    "https.enforcement/content-over-http",
    fr="Le portail répond aussi en HTTP",
    en="The portal answers over plain HTTP too",
    takes="plain",
)
def content_over_http(lab: Blueprint) -> None:
    lab.plain.serves = lambda request: request.method in ("GET", "HEAD") and request.url.path not in WITH_FORM


@weakness(
    "https.enforcement/redirect-temporary",
    fr="La redirection vers HTTPS est temporaire",
    en="The redirect to HTTPS is temporary",
    takes="plain",
)
def redirect_temporary(lab: Blueprint) -> None:
    lab.plain.status = 302


@weakness(
    "https.enforcement/redirect-not-https",
    fr="La première redirection reste en HTTP",
    en="The first redirect stays in plain HTTP",
    takes="plain",
)
def redirect_not_https(lab: Blueprint) -> None:
    first = lab.addresses.http_url + "/entree"
    lab.plain.target = lambda origin, path: origin + "/" if path == "/entree" else first


@weakness(
    "https.enforcement/redirect-other-host",
    fr="La redirection mène à un autre nom",
    en="The redirect leads to another name",
    takes="plain",
)
def redirect_other_host(lab: Blueprint) -> None:
    lab.plain.target = lambda origin, path: origin.replace("//localhost", "//127.0.0.1") + path


@weakness(
    "https.enforcement/content-with-redirect",
    fr="La redirection emporte une page en clair",
    en="The redirect carries a page in clear",
    takes="plain",
)
def content_with_redirect(lab: Blueprint) -> None:
    lab.plain.body = b"<h1>Portail patient</h1>" + b"<p>Vos rendez-vous et vos documents.</p>" * 200


@weakness(
    "https.enforcement/login-over-http",
    fr="Une connexion envoyée en clair est traitée",
    en="A sign-in sent in clear is handled",
    takes="plain",
)
def login_over_http(lab: Blueprint) -> None:
    lab.plain.serves = lambda request: request.method == "POST"


@weakness(
    "https.enforcement/redirect-to-http",
    fr="Une page HTTPS renvoie vers HTTP",
    en="An HTTPS page sends to plain HTTP",
)
def redirect_to_http(lab: Blueprint) -> None:
    async def leave(_request: Request) -> Response:
        return RedirectResponse(lab.addresses.http_url + "/actualites", 302)

    lab.routes.append(Route("/nouvelles", leave))
    lab.insert("home", '<p><a href="/nouvelles">Toutes les nouvelles</a></p>')


@weakness(
    "https.enforcement/cookie-before-https",
    fr="Un cookie est posé avant le passage en HTTPS",
    en="A cookie is set before HTTPS",
)
def cookie_before_https(lab: Blueprint) -> None:
    lab.plain.headers.append(("Set-Cookie", "parcours=4f1c; Path=/; HttpOnly; SameSite=Lax"))


@weakness(
    "https.enforcement/form-posts-http",
    fr="Le formulaire de connexion est envoyé en HTTP",
    en="The sign-in form is sent over plain HTTP",
)
def form_posts_http(lab: Blueprint) -> None:
    lab.form_actions["sign-in"] = lab.addresses.http_url + "/connexion"


@weakness("https.hsts/missing", fr="HSTS absent", en="HSTS missing", takes="hsts")
def hsts_missing(lab: Blueprint) -> None:
    del lab.headers.every[HSTS]


@weakness(
    "https.hsts/missing-on-some", fr="HSTS absent des pages d'aide", en="HSTS missing on help pages", takes="hsts"
)
def hsts_missing_on_some(lab: Blueprint) -> None:
    def remove(request: Request, response: Response) -> None:
        if request.url.path.startswith("/aide"):
            del response.headers[HSTS]

    lab.headers.rewrites.append(remove)


@weakness("https.hsts/max-age-short", fr="HSTS d'un jour", en="HSTS of one day", takes="hsts")
def hsts_short(lab: Blueprint) -> None:
    lab.headers.every[HSTS] = "max-age=86400; includeSubDomains"


@weakness("https.hsts/no-subdomains", fr="HSTS sans sous-domaines", en="HSTS without subdomains", takes="hsts")
def hsts_no_subdomains(lab: Blueprint) -> None:
    lab.headers.every[HSTS] = f"max-age={TWO_YEARS}"


@weakness("https.hsts/multiple", fr="HSTS envoyé deux fois", en="HSTS sent twice", takes="hsts")
def hsts_multiple(lab: Blueprint) -> None:
    lab.headers.repeated.append((HSTS, "max-age=300"))


@weakness("https.hsts/invalid", fr="HSTS illisible", en="HSTS that cannot be read", takes="hsts")
def hsts_invalid(lab: Blueprint) -> None:
    lab.headers.every[HSTS] = "max-age=deux-ans; includeSubDomains"


@weakness("https.mixed-content/active", fr="Un script est chargé en HTTP", en="A script is loaded over plain HTTP")
def mixed_active(lab: Blueprint) -> None:
    lab.insert("head", f'<script src="{lab.addresses.http_url}/static/portail.js" defer></script>')


@weakness("https.mixed-content/passive", fr="Une image est chargée en HTTP", en="An image is loaded over plain HTTP")
def mixed_passive(lab: Blueprint) -> None:
    lab.insert("main-end", f'<img src="{lab.addresses.http_url}/static/icone.svg" alt="" width="24" height="24">')


@weakness("https.mixed-content/form-action", fr="Un formulaire est envoyé en HTTP", en="A form is sent over plain HTTP")
def mixed_form(lab: Blueprint) -> None:
    lab.insert(
        "home",
        f'<form method="post" action="{lab.addresses.http_url}/lettre"><label for="courriel">Lettre d’information'
        '</label><input id="courriel" name="courriel" type="email"><button class="bouton">S’inscrire</button></form>',
    )
