"""Answers to cross-origin requests: headers.cors."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness


def _allow(lab: Blueprint, trusts: Callable[[str], bool], answer: str = "", *, cookies: bool = True) -> None:
    """Answer any request whose Origin is trusted."""

    def rewrite(request: Request, response: Response) -> None:
        origin = request.headers.get("origin", "")
        if origin and trusts(origin):
            response.headers["Access-Control-Allow-Origin"] = answer or origin
            if cookies:
                response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Vary"] = "Origin"

    lab.headers.rewrites.append(rewrite)


@weakness(
    "headers.cors/reflected-origin",
    fr="CORS : toute origine est acceptée",
    en="CORS: any origin is accepted",
    takes="cors",
)
def reflected_origin(lab: Blueprint) -> None:
    _allow(lab, lambda origin: origin != "null")


@weakness(
    "headers.cors/null-origin",
    fr="CORS : l'origine null est acceptée",
    en="CORS: the null origin is accepted",
    takes="cors",
)
def null_origin(lab: Blueprint) -> None:
    _allow(lab, lambda origin: origin == "null")


@weakness(
    "headers.cors/wildcard-credentials",
    fr="CORS : joker et identifiants ensemble",
    en="CORS: wildcard together with credentials",
    takes="cors",
)
def wildcard_credentials(lab: Blueprint) -> None:
    _allow(lab, lambda _origin: True, "*")


@weakness(
    "headers.cors/suffix-match",
    fr="CORS : toute origine qui finit par notre nom",
    en="CORS: any origin that ends with our name",
    takes="cors",
)
def suffix_match(lab: Blueprint) -> None:
    _allow(lab, lambda origin: (urlsplit(origin).hostname or "").endswith(lab.addresses.host))


@weakness(
    "headers.cors/prefix-match",
    fr="CORS : toute origine qui commence par notre nom",
    en="CORS: any origin that starts with our name",
    takes="cors",
)
def prefix_match(lab: Blueprint) -> None:
    _allow(lab, lambda origin: (urlsplit(origin).hostname or "").startswith(lab.addresses.host))


@weakness(
    "headers.cors/lenient-without-credentials",
    fr="CORS : toute origine, sans les cookies",
    en="CORS: any origin, without cookies",
    takes="cors",
)
def lenient(lab: Blueprint) -> None:
    _allow(lab, lambda origin: origin != "null", cookies=False)
