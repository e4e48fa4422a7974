"""What the browser loads and keeps: browser.sri, browser.storage and others, components.js-libraries."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.requests import Request
from starlette.responses import Response

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal.site import visit_of
from pgssi_probe.lab.weaknesses.registry import weakness

JS = "text/javascript; charset=utf-8"
HTML = "text/html; charset=utf-8"
THIRD_PARTY = "https://cdn.valombre.invalid"
LIBRARY = THIRD_PARTY + "/bibliotheque/3.2.1/affichage"


def _load(lab: Blueprint, directive: str, source: str, tag: str) -> None:
    """Put a tag in the pages, and let the content security policy admit it."""
    if directive in lab.headers.csp:
        lab.headers.csp[directive] += f" {source}"
    lab.insert("head", tag)


def _integrity(algorithm: str, content: bytes) -> str:
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return f"{algorithm}-{base64.b64encode(digest).decode()}"


@weakness(
    "browser.sri/missing",
    fr="Script d'un autre site sans empreinte d'intégrité",
    en="Script of another site without integrity",
)
def sri_missing(lab: Blueprint) -> None:
    _load(lab, "script-src", THIRD_PARTY, f'<script src="{LIBRARY}.js" defer></script>')


@weakness(
    "browser.sri/missing-style",
    fr="Feuille de style d'un autre site sans empreinte d'intégrité",
    en="Style sheet of another site without integrity",
)
def sri_missing_style(lab: Blueprint) -> None:
    _load(lab, "style-src", THIRD_PARTY, f'<link rel="stylesheet" href="{LIBRARY}.css">')


@weakness(
    "browser.sri/missing-same-site",
    fr="Script d'un autre port du même hôte sans empreinte d'intégrité",
    en="Script of another port of the same host without integrity",
)
def sri_missing_same_site(lab: Blueprint) -> None:
    beside = f"https://{lab.addresses.host}:9443"
    _load(lab, "script-src", beside, f'<script src="{beside}/menus.js" defer></script>')


@weakness(
    "browser.sri/weak",
    fr="Empreinte d'intégrité que les navigateurs ignorent (SHA-1)",
    en="Integrity hash that browsers ignore (SHA-1)",
)
def sri_weak(lab: Blueprint) -> None:
    fixed = f'integrity="{_integrity("sha1", b"/* menus */")}" crossorigin="anonymous"'
    _load(lab, "script-src", THIRD_PARTY, f'<script src="{LIBRARY}-menus.js" {fixed} defer></script>')


@weakness(
    "browser.sri/no-crossorigin",
    fr="Empreinte d'intégrité sans attribut crossorigin",
    en="Integrity hash without the crossorigin attribute",
)
def sri_no_crossorigin(lab: Blueprint) -> None:
    fixed = f'integrity="{_integrity("sha384", b"/* dates */")}"'
    _load(lab, "script-src", THIRD_PARTY, f'<script src="{LIBRARY}-dates.js" {fixed} defer></script>')


@weakness(
    "browser.third-party/script-at-sign-in",
    fr="Script d'un tiers sur la page de connexion",
    en="Third-party script on the sign-in page",
)
def script_at_sign_in(lab: Blueprint) -> None:
    fixed = f'integrity="{_integrity("sha384", b"/* aide */")}" crossorigin="anonymous"'
    _load(lab, "script-src", THIRD_PARTY, f'<script src="{LIBRARY}-aide.js" {fixed} defer></script>')


@weakness(
    "browser.third-party/frame-open", fr="Cadre d'un tiers sans cloisonnement", en="Third-party frame without isolation"
)
def frame_open(lab: Blueprint) -> None:
    lab.headers.csp["frame-src"] = THIRD_PARTY
    lab.insert("home", f'<iframe src="{THIRD_PARTY}/plan" title="Plan d\'accès" width="300" height="80"></iframe>')


@weakness(
    "browser.third-party/frame-escapes",
    fr="Cadre de la même origine qui peut lever son cloisonnement",
    en="Same-origin frame that can remove its isolation",
)
def frame_escapes(lab: Blueprint) -> None:
    lab.headers.csp["frame-src"] = "'self'"
    lab.insert("home", '<iframe src="/plan-du-site" sandbox="allow-scripts allow-same-origin" title="Plan"></iframe>')


TRACKER = "https://www.google-analytics.com"


@weakness(
    "content.cookies-consent/called",
    fr="Traceur appelé avant tout consentement",
    en="Tracker called before any consent",
    takes="tracker",
)
def tracker_called(lab: Blueprint) -> None:
    script = f'const mesure = new Image(); mesure.src = "{TRACKER}/collect?v=1&t=pageview";\n'
    lab.publish("/static/mesure.js", script, JS)
    if "img-src" in lab.headers.csp:
        lab.headers.csp["img-src"] += f" {TRACKER}"
    lab.insert("head", '<script src="/static/mesure.js" defer></script>')


@weakness(
    "content.cookies-consent/set",
    fr="Traceur déposé avant tout consentement",
    en="Tracker set before any consent",
    takes="tracker",
)
def tracker_set(lab: Blueprint) -> None:
    tracker_called(lab)
    lab.publish("/static/mesure.js", 'document.cookie = "_ga=GA1.1.1.1; path=/; max-age=3600; secure";\n', JS)


def _remember(lab: Blueprint, doing: str) -> None:
    """A script of the private pages that keeps the profile somewhere."""
    script = (
        f'fetch("/api/v1/moi").then((r) => (r.ok ? r.json() : null)).then((moi) => {{\n  if (moi) {{ {doing} }}\n}});\n'
    )
    lab.publish("/static/memoire.js", script, JS)
    lab.insert("head", '<script src="/static/memoire.js" defer></script>')


@weakness(
    "browser.storage/personal-data",
    fr="Données personnelles dans localStorage",
    en="Personal data in localStorage",
    takes="storage",
)
def storage(lab: Blueprint) -> None:
    _remember(lab, 'localStorage.setItem("profil", JSON.stringify(moi));')


@weakness(
    "browser.storage/personal-data-in-cookie",
    fr="Données personnelles dans un cookie",
    en="Personal data in a cookie",
    takes="storage",
)
def cookie_data(lab: Blueprint) -> None:
    _remember(lab, 'document.cookie = "profil=" + encodeURIComponent(moi.email) + "; path=/; secure";')


def single_page(lab: Blueprint, **settings: str) -> None:
    """The sign-in page becomes an application that talks to the API, a token in a header."""
    lab.tokens.form, lab.tokens.carriage = "jwt", "header"
    given = "".join(f' data-{name}="{value}"' for name, value in settings.items())
    lab.insert("application", f'<div id="application" class="panneau etroit"{given}></div>')
    lab.insert("head", '<script src="/static/application.js" defer></script>')


@weakness(
    "mode/single-page",
    fr="Application à page unique, jeton en mémoire",
    en="Single-page application, token in memory",
    takes="token-carriage",
)
def single_page_mode(lab: Blueprint) -> None:
    single_page(lab)


@weakness(
    "mode/single-page-cookie",
    fr="Application à page unique, session en cookie",
    en="Single-page application, session in a cookie",
    takes="token-carriage",
)
def single_page_by_cookie(lab: Blueprint) -> None:
    lab.application = True
    lab.insert("application", '<div id="application" class="panneau etroit" data-session="cookie"></div>')
    lab.insert("head", '<script src="/static/application.js" defer></script>')


@weakness(
    "browser.storage/token",
    fr="Application à page unique, jeton dans localStorage",
    en="Single-page application, token in localStorage",
    takes="token-carriage",
)
def token_kept(lab: Blueprint) -> None:
    single_page(lab, garde="local")


@weakness(
    "browser.residual-data/token-left",
    fr="Application à page unique qui laisse son jeton après la déconnexion",
    en="Single-page application that leaves its token after sign-out",
    takes="token-carriage",
)
def token_left(lab: Blueprint) -> None:
    lab.headers.signed_out.clear()
    single_page(lab, garde="local", efface="non")


@weakness(
    "browser.residual-data/data-left",
    fr="La déconnexion laisse les données du compte dans localStorage",
    en="Sign-out leaves data of the account in localStorage",
    takes="storage",
)
def data_left(lab: Blueprint) -> None:
    lab.headers.signed_out.clear()
    storage(lab)


@weakness(
    "browser.residual-data/back-shows",
    fr="Retour affiche de nouveau les pages du compte après la déconnexion",
    en="Back shows the pages of the account again after sign-out",
    takes="cache",
)
def back_shows(lab: Blueprint) -> None:
    lab.headers.signed_out.clear()
    lab.headers.private.clear()


@weakness(
    "browser.residual-data/back-names",
    fr="Retour affiche de nouveau une page au nom du compte après la déconnexion",
    en="Back shows a page in the name of the account again after sign-out",
)
def back_names(lab: Blueprint) -> None:
    lab.headers.signed_out.clear()
    lab.headers.rewrites.append(_keep_greeting)
    lab.insert("space", _greeting)


@weakness(
    "browser.cache-authenticated/named-without-no-store",
    fr="Une page au nom du compte sans no-store",
    en="A page in the name of the account without no-store",
)
def greeting_kept(lab: Blueprint) -> None:
    lab.headers.rewrites.append(_keep_greeting)
    lab.insert("space", _greeting)


def _greeting(request: Request) -> str:
    return f"<p>Connecté en tant que {escape(visit_of(request).username or '')}</p>"


def _keep_greeting(request: Request, response: Response) -> None:
    if request.url.path == "/mon-espace" and "Cache-Control" in response.headers:
        del response.headers["Cache-Control"]


@weakness(
    "browser.obsolete-tech/plugin", fr="Une page emploie un greffon abandonné", en="A page uses an abandoned plug-in"
)
def obsolete(lab: Blueprint) -> None:
    lab.insert(
        "home", '<object type="application/x-shockwave-flash" data="/visite.swf" width="300" height="80"></object>'
    )


def _script(lab: Blueprint, name: str, text: str) -> None:
    lab.publish(f"/static/{name}.js", text, JS)
    lab.insert("head", f'<script src="/static/{name}.js" defer></script>')


@weakness(
    "browser.obsolete-tech/web-sql", fr="Un script ouvre une base Web SQL", en="A script opens a Web SQL database"
)
def web_sql(lab: Blueprint) -> None:
    _script(lab, "base", 'if (window.openDatabase) { openDatabase("portail", "1", "Portail", 1000); }\n')


@weakness(
    "browser.obsolete-tech/document-domain",
    fr="Un script élargit document.domain",
    en="A script widens document.domain",
)
def document_domain(lab: Blueprint) -> None:
    _script(lab, "domaine", 'try { document.domain = "localhost"; } catch (erreur) { }\n')


@weakness("browser.obsolete-tech/jsonp", fr="Données chargées en JSON-P", en="Data loaded as JSON-P")
def json_p(lab: Blueprint) -> None:
    lab.publish("/horaires", 'afficherHoraires({"ouvert": true});\n', JS)
    lab.insert("head", '<script src="/horaires?callback=afficherHoraires" defer></script>')


@weakness("browser.obsolete-tech/app-cache", fr="Cache applicatif déclaré", en="Application cache declared")
def app_cache(lab: Blueprint) -> None:
    lab.publish(
        "/ancien",
        '<!DOCTYPE html>\n<html lang="fr" manifest="/hors-ligne.appcache"><title>Ancien</title></html>\n',
        HTML,
    )
    lab.insert("footer", '<p><a href="/ancien">Ancienne version</a></p>')


def _library(lab: Blueprint, path: str, code: str) -> None:
    lab.publish(path, code, JS)
    lab.insert("head", f'<script src="{path}" defer></script>')


@weakness(
    "components.js-libraries/vulnerable", fr="Bibliothèque JavaScript vulnérable", en="Vulnerable JavaScript library"
)
def vulnerable_library(lab: Blueprint) -> None:
    _library(
        lab,
        "/static/jquery-1.8.3.min.js",
        "/*! jQuery v1.8.3 jquery.com | jquery.org/license */\n"
        '(function(e,t){e.jQuery={fn:{jquery:"1.8.3"}}})(window);\n',
    )


@weakness(
    "components.js-libraries/vulnerable-high",
    fr="Bibliothèque JavaScript gravement vulnérable, sous un nom sans version",
    en="Seriously vulnerable JavaScript library, under a name without version",
)
def badly_vulnerable_library(lab: Blueprint) -> None:
    _library(
        lab,
        "/static/outils.js",
        "/**\n * @license\n * lodash 3.10.1 (Custom Build) lodash.com/license\n */\n;(function(){window._={}}());\n",
    )


@weakness(
    "components.js-libraries/vulnerable-packaged",
    fr="Bibliothèque JavaScript d'une distribution, au numéro vulnérable",
    en="JavaScript library of a distribution, with a vulnerable number",
)
def packaged_library(lab: Blueprint) -> None:
    _library(lab, "/static/handlebars-4.1.0+dfsg.min.js", "(function(e){e.Handlebars={}})(window);\n")
