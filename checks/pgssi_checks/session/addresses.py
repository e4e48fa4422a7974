"""Addresses that a signed-in account is shown or sent to, and what they carry that they should not. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from pgssi_checks.cookie.likeness import ENOUGH_BITS, random_bits
from pgssi_checks.session.tokens.claims import is_nir
from pgssi_probe.check import Exchange, Response
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.site import Page
from pgssi_probe.redact.text import PATTERNS

MAX_DATA: Final = 200_000
MAX_ADDRESSES: Final = 500
SHORTEST_TOKEN: Final = 12
"""A shorter value may stand in an address by chance."""
MARK: Final = "‹token›"
PERSONAL: Final = {kind: pattern for kind, pattern in PATTERNS if kind in {"e-mail", "nir"}}
_WRITTEN = re.compile(r'"(?:https?:/)?/[^"\s<>{}]{1,4096}"')
_SESSION_PARAMETER = re.compile(
    r"(?:[?&;/]|^)(?P<name>jsessionid|phpsessid|aspsessionid\w{0,20}|cfid|cftoken|sid|sessid|session_?(?:id|key|token)?"
    r"|auth_?token|access_?token|id_?token|refresh_?token|bearer|jwt|jeton\w{0,20})=(?P<value>[^&;/#?]{10,4096})"
    r"|/\((?P<dotnet>S)\((?P<inside>[a-z0-9]{10,60})\)\)/",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Address:
    """`kind` says where it was met: request, redirect, link, form, resource, data."""

    url: str
    kind: str


def addresses(exchanges: Iterable[Exchange], pages: Iterable[Page]) -> Iterator[Address]:
    """Requests that the application made the account send, redirects, links, forms and resources of its pages, and the
    addresses in the data that its scripts are given."""
    for exchange in exchanges:
        yield Address(exchange.url, "request")
        if (target := location(exchange)) is not None:
            yield Address(target, "redirect")
        if exchange.response is not None and exchange.response.media_type.endswith("json"):
            yield from _in_data(exchange.url, exchange.response)
    for page in pages:
        yield from (Address(link.url, "link") for link in page.document.links)
        yield from (Address(form.action, "form") for form in page.document.forms if form.action)
        yield from (Address(one.url, "resource") for one in page.document.resources)


def _in_data(base: str, response: Response) -> Iterator[Address]:
    """Strings of a JSON answer that are an absolute address, or a path from the root: data says nothing of the rest."""
    for written in islice(_WRITTEN.finditer(response.text[:MAX_DATA].replace("\\/", "/")), MAX_ADDRESSES):
        with suppress(ValueError):
            yield Address(urljoin(base, str(json.loads(written[0]))), "data")


def without(url: str, tokens: Iterable[str]) -> str | None:
    """The address with the tokens that it carries marked; None when it carries none. Escapes are looked through."""
    plain = unquote(url)
    found = plain
    for token in tokens:
        for written in {token, unquote(token)}:
            if len(written) >= SHORTEST_TOKEN:
                found = found.replace(written, MARK)
    return found if found != plain else None


def session_parameter(url: str) -> str | None:
    """The name of a parameter that is called as a session is and holds a random value; None without one."""
    parts = urlsplit(url)
    for match in _SESSION_PARAMETER.finditer(f"{parts.path[:4096]}?{parts.query[:8192]}"):
        value = match["value"] or match["inside"] or ""
        if random_bits(value) >= ENOUGH_BITS or match["inside"]:
            return match["name"] or "(S(…))"
    return None


def personal_kinds(url: str) -> tuple[str, ...]:
    """Kinds of personal data in the path or the query: an e-mail address, a social security number with its
    control key (scripts put the time in milliseconds, of thirteen digits too, behind an address)."""
    parts = urlsplit(url)
    said = unquote(f"{parts.path} {parts.query}"[:8192]).replace("=", " ").replace("&", " ").replace("/", " ")
    return tuple(
        kind
        for kind, pattern in PERSONAL.items()
        if any(kind != "nir" or is_nir(found[0]) for found in pattern.finditer(said))
    )
