"""Weak content security policies: headers.csp. Each takes the directive that it changes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness

CSP = "Content-Security-Policy"
EVERY_DIRECTIVE = "csp-name csp-script csp-style csp-default csp-object csp-base csp-form csp-connect"


@weakness("headers.csp/missing", fr="CSP absente", en="CSP missing", takes=EVERY_DIRECTIVE)
def missing(lab: Blueprint) -> None:
    lab.headers.csp.clear()


@weakness("headers.csp/report-only", fr="CSP en observation seulement", en="CSP that only reports", takes="csp-name")
def report_only(lab: Blueprint) -> None:
    lab.headers.csp_name = CSP + "-Report-Only"


@weakness(
    "headers.csp/missing-on-errors",
    fr="CSP absente des pages d'erreur",
    en="CSP missing on error pages",
    takes="csp-name",
)
def missing_on_errors(lab: Blueprint) -> None:
    def remove(_request: Request, response: Response) -> None:
        if response.status_code >= 400 and CSP in response.headers:
            del response.headers[CSP]

    lab.headers.rewrites.append(remove)


@weakness(
    "headers.csp/unsafe-inline",
    fr="CSP : scripts en ligne autorisés",
    en="CSP: inline scripts allowed",
    takes="csp-script",
)
def unsafe_inline(lab: Blueprint) -> None:
    lab.headers.csp["script-src"] = "'self' 'unsafe-inline'"


@weakness(
    "headers.csp/unsafe-inline-style",
    fr="CSP : styles en ligne autorisés",
    en="CSP: inline styles allowed",
    takes="csp-style",
)
def unsafe_inline_style(lab: Blueprint) -> None:
    lab.headers.csp["style-src"] = "'self' 'unsafe-inline'"


@weakness("headers.csp/unsafe-eval", fr="CSP : eval() autorisé", en="CSP: eval() allowed", takes="csp-script")
def unsafe_eval(lab: Blueprint) -> None:
    lab.headers.csp["script-src"] = "'self' 'unsafe-eval'"


@weakness(
    "headers.csp/wildcard", fr="CSP : scripts de n'importe où", en="CSP: scripts from anywhere", takes="csp-script"
)
def wildcard(lab: Blueprint) -> None:
    lab.headers.csp["script-src"] = "*"


@weakness(
    "headers.csp/bypass-host",
    fr="CSP : un hôte autorisé permet de la contourner",
    en="CSP: an allowed host defeats it",
    takes="csp-script",
)
def bypass_host(lab: Blueprint) -> None:
    lab.headers.csp["script-src"] = "'self' https://cdn.jsdelivr.net"


@weakness(
    "headers.csp/script-unrestricted",
    fr="CSP sans limite sur les scripts",
    en="CSP without a limit on scripts",
    takes="csp-script csp-default",
)
def script_unrestricted(lab: Blueprint) -> None:
    del lab.headers.csp["script-src"], lab.headers.csp["default-src"]


@weakness(
    "headers.csp/no-default-src",
    fr="CSP sans default-src",
    en="CSP without default-src",
    takes="csp-default",
)
def no_default_src(lab: Blueprint) -> None:
    del lab.headers.csp["default-src"]


@weakness(
    "headers.csp/no-object-src",
    fr="CSP : greffons non limités",
    en="CSP: plug-ins not limited",
    takes="csp-object",
)
def no_object_src(lab: Blueprint) -> None:
    lab.headers.csp["object-src"] = "*"


@weakness("headers.csp/no-base-uri", fr="CSP sans base-uri", en="CSP without base-uri", takes="csp-base")
def no_base_uri(lab: Blueprint) -> None:
    del lab.headers.csp["base-uri"]


@weakness("headers.csp/no-form-action", fr="CSP sans form-action", en="CSP without form-action", takes="csp-form")
def no_form_action(lab: Blueprint) -> None:
    del lab.headers.csp["form-action"]


@weakness(
    "headers.csp/connect-unrestricted",
    fr="CSP : envois de données non limités",
    en="CSP: data may be sent anywhere",
    takes="csp-connect",
)
def connect_unrestricted(lab: Blueprint) -> None:
    lab.headers.csp["connect-src"] = "*"


@weakness(
    "headers.csp/nonce-reused", fr="CSP : nonce toujours le même", en="CSP: nonce always the same", takes="csp-script"
)
def nonce_reused(lab: Blueprint) -> None:
    lab.headers.csp["script-src"] = "'self' 'nonce-dmFsb21icmUtMjAyNi0wMQ=='"


@weakness(
    "headers.csp/invalid-syntax",
    fr="CSP : mots que les navigateurs ignorent",
    en="CSP: words that browsers ignore",
    takes="csp-style",
)
def invalid_syntax(lab: Blueprint) -> None:
    lab.headers.csp["style-src"] = "self 'self'"
    lab.headers.csp["scripts-src"] = "'self'"
