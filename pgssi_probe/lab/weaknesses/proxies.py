"""What stands between people and the portal: compat.proxy."""

from __future__ import annotations

from starlette.requests import Request

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal.refusals import Refusal
from pgssi_probe.lab.portal.site import portal_of, visit_of
from pgssi_probe.lab.sessions import Session
from pgssi_probe.lab.weaknesses.registry import weakness

OURS = ("127.0.0.1", "::1", "testclient")
SECOND_HOP = "127.0.0.3"
"""Address from which a second proxy comes: tell it to bind there (`Bind` of tinyproxy)."""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


@weakness(
    "compat.proxy/via-breaks",
    fr="Refuse les requêtes qui portent un en-tête Via",
    en="Refuses requests that carry a Via header",
)
def refuse_via(lab: Blueprint) -> None:
    async def refuse(request: Request) -> None:
        if "via" in request.headers:
            raise Refusal(403, "proxy")

    lab.interceptors.append(refuse)


@weakness(
    "compat.proxy/proxy-breaks",
    fr="Refuse qui ne vient pas de 127.0.0.1",
    en="Refuses whoever does not come from 127.0.0.1",
    takes="addresses",
)
def refuse_others(lab: Blueprint) -> None:
    async def refuse(request: Request) -> None:
        if _address(request) not in OURS:
            raise Refusal(403, "address")

    lab.interceptors.append(refuse)


@weakness(
    "compat.proxy/chain-breaks",
    fr="Refuse qui vient de 127.0.0.3, comme un second mandataire",
    en="Refuses whoever comes from 127.0.0.3, as a second proxy does",
    takes="addresses",
)
def refuse_second_hop(lab: Blueprint) -> None:
    async def refuse(request: Request) -> None:
        if _address(request) == SECOND_HOP:
            raise Refusal(403, "address")

    lab.interceptors.append(refuse)


@weakness(
    "compat.proxy/address-bound",
    fr="La session s'arrête quand l'adresse du visiteur change",
    en="The session ends when the visitor's address changes",
)
def bind_to_address(lab: Blueprint) -> None:
    opened_from: dict[str, str] = {}

    def seen_from(request: Request) -> str:
        return request.headers.get("x-forwarded-for", "") or _address(request)

    async def compare(request: Request) -> None:
        visit = visit_of(request)
        session: Session | None = visit.session
        if session is None or visit.username is None:
            return
        if opened_from.setdefault(session.token, seen_from(request)) != seen_from(request):
            portal_of(request).sessions.end(session, "signed-out")
            visit.session = None

    lab.interceptors.append(compare)
