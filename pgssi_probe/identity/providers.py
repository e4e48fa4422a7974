"""National sign-in: providers at which the probe never tries anything."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

PROVIDERS: Final = {
    "esante.gouv.fr": "Pro Santé Connect",
    "franceconnect.gouv.fr": "FranceConnect",
    "dev-franceconnect.fr": "FranceConnect",
    "proconnect.gouv.fr": "ProConnect",
    "agentconnect.gouv.fr": "ProConnect",
    "moncomptepro.beta.gouv.fr": "ProConnect",
}
"""Domain -> name. Every host below these domains is meant. Hosts as they publish them."""
OPEN: Final = frozenset({"client_id", "redirect_uri", "acr_values", "scope", "response_type", "code_challenge_method"})
"""Parameters of an authorisation request whose values are no secret."""
TOLD: Final = frozenset({"state", "nonce", "code_challenge"})
"""Parameters of which only the presence is told."""


def provider_of(url: str) -> str | None:
    """The national provider of an address; None for any other."""
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    return next((name for domain, name in PROVIDERS.items() if host == domain or host.endswith("." + domain)), None)


def asked_of(url: str) -> dict[str, str]:
    """What an authorisation request asks for; the value of a parameter that serves once is told as its length."""
    given = parse_qsl(urlsplit(url).query)[:40]
    told = {name: value[:200] for name, value in given if name in OPEN}
    return {**told, **{name: f"({len(value)})" for name, value in given if name in TOLD}}
