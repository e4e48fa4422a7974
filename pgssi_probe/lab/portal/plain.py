"""The plain HTTP port: a permanent redirect to HTTPS, and nothing else unless weakened."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal.site import Portal


class PlainPort:
    """An ASGI application for the plain port."""

    def __init__(self, blueprint: Blueprint, portal: Portal) -> None:
        self._blueprint = blueprint
        self._portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        if self._blueprint.plain.serves(request):
            await self._portal(scope, receive, send)
            return
        await self._redirect(request)(scope, receive, send)

    def _redirect(self, request: Request) -> Response:
        policy = self._blueprint.plain
        path = request.scope["raw_path"].decode("latin-1") or "/"
        if request.url.query:
            path += "?" + request.url.query
        origin = self._blueprint.addresses.https_url
        asked = request.headers.get("host", "").rpartition(":")[0]
        if asked in ("127.0.0.1", "[::1]"):
            origin = origin.replace("//localhost", f"//{asked}", 1)
        location = policy.target(origin, path)
        response = Response(policy.body, policy.status, headers={"Location": location})
        if policy.body:
            response.headers["Content-Type"] = "text/html; charset=utf-8"
        response.headers["X-Content-Type-Options"] = "nosniff"
        for name, value in policy.headers:
            response.headers.append(name, value)
        return response
