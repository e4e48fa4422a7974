"""The answer to what is not HTTP: the same headers as everywhere, and no word on the cause."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from pgssi_probe.lab.portal.site import Portal


def unreadable_request(portal: Portal) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of the 400 sent when no request could be read."""
    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []}
    request = Request(scope | {"portal": portal})
    response = PlainTextResponse("Demande impossible à traiter.\n", 400)
    portal.finish(request, response)
    return [pair for pair in response.raw_headers if pair[0] != b"content-length"], bytes(response.body)
