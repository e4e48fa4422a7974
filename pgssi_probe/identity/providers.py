"""National sign-in: providers at which the probe never tries anything (design §6). Hosts as they publish them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

PROVIDERS: Final = {
    "esante.gouv.fr": "Pro Santé Connect",
    "franceconnect.gouv.fr": "FranceConnect",
    "dev-franceconnect.fr": "FranceConnect",
    "proconnect.gouv.fr": "ProConnect",
    "agentconnect.gouv.fr": "ProConnect",
    "moncomptepro.beta.gouv.fr": "ProConnect",
}
"""Domain -> name. Every host below these domains is meant."""


def provider_of(url: str) -> str | None:
    """The national provider of an address; None for any other."""
    host = (urlsplit(url).hostname or "").lower()
    return next((name for domain, name in PROVIDERS.items() if host == domain or host.endswith("." + domain)), None)
