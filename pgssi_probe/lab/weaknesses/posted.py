"""What the weaknesses of inputs are made of: bare pages, and forms sent by POST with a token that serves once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.refusals import Refusal

Shown = Callable[[str], Response | str]
"""What the application answers to a value: a response, or the markup below the form."""
MAX_TOKENS = 10_000
LONGEST = 4_000


def bare_page(title: str, content: str, status: int = 200) -> HTMLResponse:
    """A bare page: these are additions to the portal, of another hand."""
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{content}</body></html>",
        status,
    )


def link_to(lab: Blueprint, address: str, label: str) -> None:
    """From the map of the site."""
    lab.insert("site-map", f'<li><a href="{escape(address)}">{label}</a></li>')


def add_form(lab: Blueprint, path: str, title: str, field: str, show: Shown, *, kind: str = "text") -> None:
    """A page with a form of one field that is sent to itself. Without a token of that page, nothing is done."""
    tokens: dict[str, None] = {}

    def page(below: str = "") -> Response:
        token = secrets.token_hex(16)
        if len(tokens) < MAX_TOKENS:
            tokens[token] = None
        return bare_page(
            title,
            f'<form method="post" action="{path}"><input type="hidden" name="jeton" value="{token}">'
            f'<label>{title} <input type="{kind}" name="{field}"></label>'
            f'<button name="envoi" value="1">Chercher</button></form>{below}',
        )

    async def answer(request: Request) -> Response:
        if request.method == "GET":
            return page()
        given = await fields.form(request)
        if tokens.pop(given.get("jeton", ""), ...) is ... or "envoi" not in given:
            raise Refusal(403, "no token of this page")
        shown = show(fields.text(given, field, LONGEST, required=False))
        return shown if isinstance(shown, Response) else page(shown)

    lab.routes.append(Route(path, answer, methods=["GET", "POST"]))
    link_to(lab, path, title)


def let_scripts(lab: Blueprint, *paths: str) -> None:
    """The policy of these pages stops no inline script."""

    def let(request: Request, response: Response) -> None:
        if request.url.path in paths:
            response.headers["Content-Security-Policy"] = "script-src 'unsafe-inline'"

    lab.headers.rewrites.append(let)
