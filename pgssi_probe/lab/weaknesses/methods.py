"""HTTP methods: http.methods."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal.access import UNGUARDED
from pgssi_probe.lab.weaknesses.registry import weakness

STANDARD = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")


@weakness("http.methods/trace", fr="TRACE renvoie la requête", en="TRACE sends the request back")
def trace(lab: Blueprint) -> None:
    async def answer(request: Request) -> Response | None:
        if request.method != "TRACE":
            return None
        lines = [f"TRACE {request.url.path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
        return Response("\r\n".join(lines) + "\r\n\r\n", media_type="message/http")

    lab.interceptors.append(answer)


@weakness("http.methods/override", fr="Un en-tête change la méthode", en="A header changes the method")
def override(lab: Blueprint) -> None:
    async def change(request: Request) -> None:
        for name in OVERRIDES:
            if name in request.headers:
                request.scope["method"] = request.headers[name].upper()

    lab.interceptors.append(change)


@weakness(
    "http.methods/invented-verb",
    fr="Le contrôle d'accès ne regarde que les méthodes connues",
    en="Access control looks at the known methods only",
)
def invented_verb(lab: Blueprint) -> None:
    async def accept(request: Request) -> None:
        if request.method not in STANDARD:
            request.scope["method"] = "GET"
            setattr(request.state, UNGUARDED, True)

    lab.interceptors.append(accept)
