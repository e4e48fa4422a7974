"""An OpenID provider that is itself the target: what its discovery document says (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from pgssi_probe.check.context import CollectorContext
from pgssi_probe.identity.jsonapi import parsed
from pgssi_probe.identity.plan import Provider
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.session import Session
from pgssi_probe.identity.steps import Step
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.exchange import Exchange

MAX_HINT: Final = 6000
"""Characters of an ID token that fit an address."""


@dataclass(frozen=True, slots=True)
class Found:
    found: Provider | None = None
    steps: tuple[Step, ...] = ()


async def as_target(ctx: CollectorContext, session: Session) -> Found:
    """The OpenID provider that the target is, when the operator named a client of it: by `login.client_id` and
    `login.redirect_uri`, or by giving an authorisation request as the address. Reads its discovery document."""
    given = dict(parse_qsl(urlsplit(ctx.target.url).query))
    for name in ("client_id", "redirect_uri"):
        declared = ctx.declared.get(f"login.{name}")
        if declared:
            given[name] = str(declared)
    if not given.get("client_id") or not given.get("redirect_uri"):
        return Found()
    address = urlunsplit(urlsplit(ctx.target.url)._replace(query="", fragment=""))
    issuer = str(ctx.declared.get("login.url") or address)
    for place in dict.fromkeys(
        (urljoin(issuer.rstrip("/") + "/", "."), urljoin(address, "."), ctx.target.origin + "/")
    ):
        url = urljoin(place, ".well-known/openid-configuration")
        if not ctx.network.in_scope(url):
            continue
        exchange = await session.get(url)
        data = parsed(exchange.response) if exchange.status == 200 else None
        found = _provider(ctx, data, given) if isinstance(data, dict) else None
        step = Step("discovery", url, exchange.status, "provider" if found else "no_provider")
        if found is not None:
            return Found(found, (step,))
    if "response_type" in given:
        return Found(_provider(ctx, {"authorization_endpoint": address}, given))
    return Found()


def _provider(ctx: CollectorContext, data: dict[str, Any], given: dict[str, str]) -> Provider | None:
    """None when the document names no authorisation endpoint of the scope, or a national provider."""

    def place(name: str) -> str:
        value = data.get(name)
        good = isinstance(value, str) and ctx.network.in_scope(value) and provider_of(value) is None
        return str(value) if good else ""

    authorization = place("authorization_endpoint")
    issuer = data.get("issuer")
    if not authorization or (isinstance(issuer, str) and provider_of(issuer)):
        return None
    methods = data.get("code_challenge_methods_supported")
    ways = data.get("token_endpoint_auth_methods_supported")
    own = {"client_id", "redirect_uri", "scope", "response_type", "state", "nonce", "code_challenge"}
    return Provider(
        authorization=authorization,
        client_id=given["client_id"],
        redirect_uri=given["redirect_uri"],
        token=place("token_endpoint"),
        userinfo=place("userinfo_endpoint"),
        end_session=place("end_session_endpoint"),
        issuer=issuer if isinstance(issuer, str) else "",
        scope=given.get("scope") or "openid",
        pkce=not isinstance(methods, list) or "S256" in methods,
        public=isinstance(ways, list) and "none" in ways,
        extra=tuple(pair for pair in given.items() if pair[0] not in own and pair[0] != "code_challenge_method"),
    )


def end_session_address(provider: Provider, exchanges: Sequence[Exchange]) -> str | None:
    """Where a client of the provider sends its user to sign out; None when the discovery document names no such place.
    The ID token that the token endpoint gave goes with it, when one was given: without it the provider asks its user.
    """
    if not provider.end_session:
        return None
    asked = [("client_id", provider.client_id)]
    answers = (parsed(one.response) for one in exchanges if one.url == provider.token)
    given = [data.get("id_token") for data in answers if isinstance(data, dict)]
    asked += [("id_token_hint", token) for token in given[-1:] if isinstance(token, str) and len(token) <= MAX_HINT]
    parts = urlsplit(provider.end_session)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(asked))))))


async def offered(ctx: CollectorContext, session: Session) -> tuple[Step, ...]:
    """Whether the target is an OpenID provider of which no client is known: said, so that the operator names one."""
    url = urljoin(ctx.target.origin + "/", ".well-known/openid-configuration")
    if not ctx.allows(Level.ACTIVE) or not ctx.network.in_scope(url):
        return ()
    exchange = await session.get(url)
    data = parsed(exchange.response) if exchange.status == 200 else None
    is_one = isinstance(data, dict) and isinstance(data.get("authorization_endpoint"), str)
    return (Step("discovery", url, exchange.status, "provider" if is_one else "no_provider"),)
