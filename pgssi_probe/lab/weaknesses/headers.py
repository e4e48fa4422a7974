"""Response headers: headers.security, headers.clickjacking, headers.referrer, headers.csp."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness("headers.security/nosniff-missing", fr="X-Content-Type-Options absent", en="X-Content-Type-Options missing")
def nosniff_missing(lab: Blueprint) -> None:
    del lab.headers.every["X-Content-Type-Options"]


@weakness(
    "headers.security/nosniff-missing-on-files",
    fr="X-Content-Type-Options absent des fichiers",
    en="X-Content-Type-Options missing on files",
)
def nosniff_missing_on_files(lab: Blueprint) -> None:
    def remove(request: Request, response: Response) -> None:
        if request.url.path.startswith("/static/"):
            del response.headers["X-Content-Type-Options"]

    lab.headers.rewrites.append(remove)


@weakness(
    "headers.security/permissions-policy-missing", fr="Permissions-Policy absent", en="Permissions-Policy missing"
)
def permissions_policy_missing(lab: Blueprint) -> None:
    del lab.headers.every["Permissions-Policy"]


@weakness(
    "headers.security/coop-missing", fr="Cross-Origin-Opener-Policy absent", en="Cross-Origin-Opener-Policy missing"
)
def coop_missing(lab: Blueprint) -> None:
    del lab.headers.every["Cross-Origin-Opener-Policy"]


@weakness("headers.security/xss-protection-on", fr="Filtre X-XSS-Protection activé", en="X-XSS-Protection filter on")
def xss_protection_on(lab: Blueprint) -> None:
    lab.headers.every["X-XSS-Protection"] = "1; mode=block"


@weakness(
    "headers.security/content-type-missing",
    fr="Type de contenu absent des pages d'aide",
    en="Content type missing on the help pages",
)
def content_type_missing(lab: Blueprint) -> None:
    def remove(request: Request, response: Response) -> None:
        if request.url.path.startswith("/aide"):
            del response.headers["Content-Type"]

    lab.headers.rewrites.append(remove)


@weakness(
    "headers.security/content-type-inconsistent",
    fr="Le JSON de l'API est annoncé comme du HTML",
    en="The API's JSON is declared as HTML",
)
def content_type_inconsistent(lab: Blueprint) -> None:
    def declare(request: Request, response: Response) -> None:
        if request.url.path.startswith("/api/"):
            response.headers["Content-Type"] = "text/html; charset=utf-8"

    lab.headers.rewrites.append(declare)
    lab.insert("site-map", '<li><a href="/api/v1/statut">État du service</a></li>')


@weakness("headers.security/charset-missing", fr="Codage des pages non déclaré", en="Encoding of pages not declared")
def charset_missing(lab: Blueprint) -> None:
    def remove(_request: Request, response: Response) -> None:
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers["Content-Type"] = "text/html"

    lab.headers.rewrites.append(remove)
    lab.hidden_sections.add("charset")


@weakness(
    "headers.clickjacking/missing",
    fr="Les pages s'affichent dans un cadre de tout site",
    en="Any site can frame the pages",
    takes="framing",
)
def framing_missing(lab: Blueprint) -> None:
    del lab.headers.every["X-Frame-Options"]
    lab.headers.csp.pop("frame-ancestors", None)


@weakness(
    "headers.clickjacking/missing-on-ordinary",
    fr="Les pages sans formulaire s'affichent dans un cadre de tout site",
    en="Any site can frame the pages without a form",
    takes="framing",
)
def framing_missing_on_ordinary(lab: Blueprint) -> None:
    def remove(request: Request, response: Response) -> None:
        if request.url.path.startswith("/aide"):
            del response.headers["X-Frame-Options"], response.headers["Content-Security-Policy"]

    lab.headers.rewrites.append(remove)


@weakness(
    "headers.clickjacking/xfo-obsolete",
    fr="X-Frame-Options: ALLOW-FROM, que les navigateurs ignorent",
    en="X-Frame-Options: ALLOW-FROM, which browsers ignore",
    takes="framing",
)
def framing_obsolete(lab: Blueprint) -> None:
    lab.headers.every["X-Frame-Options"] = "ALLOW-FROM https://partenaire.valombre.invalid"
    lab.headers.csp.pop("frame-ancestors", None)


@weakness(
    "headers.clickjacking/ancestors-too-wide",
    fr="frame-ancestors ouvert à tous les sites",
    en="frame-ancestors open to every site",
    takes="framing",
)
def framing_wide(lab: Blueprint) -> None:
    lab.headers.csp["frame-ancestors"] = "*"


@weakness("headers.referrer/missing", fr="Referrer-Policy absent", en="Referrer-Policy missing", takes="referrer")
def referrer_missing(lab: Blueprint) -> None:
    del lab.headers.every["Referrer-Policy"]


@weakness(
    "headers.referrer/leaky",
    fr="Referrer-Policy: unsafe-url",
    en="Referrer-Policy: unsafe-url",
    takes="referrer",
)
def referrer_leaky(lab: Blueprint) -> None:
    lab.headers.every["Referrer-Policy"] = "unsafe-url"


@weakness(
    "headers.referrer/name-in-clear",
    fr="Referrer-Policy: origin",
    en="Referrer-Policy: origin",
    takes="referrer",
)
def referrer_name_in_clear(lab: Blueprint) -> None:
    lab.headers.every["Referrer-Policy"] = "origin"
