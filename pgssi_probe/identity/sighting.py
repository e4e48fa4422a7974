"""One look at a page, reduced to the traits that may tell a signed-in visitor from another. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from pgssi_probe.compare.similarity import Fingerprint
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.site import Page
from pgssi_probe.identity.jsonapi import parsed
from pgssi_probe.identity.logout import find_logout
from pgssi_probe.net.exchange import Exchange, Failure

SILENT: Final = frozenset({408, 423, 425, 429})
"""Statuses that say nothing of a session, with every 5xx."""
CLOSED: Final = "closed"
MAX_PATHS: Final = 400
MIN_NAME: Final = 3
MAX_LEAD: Final = 200
MAX_DATA: Final = 200_000
MAX_BLOCKS: Final = 4
_GIVEN: Final = re.compile(r"\s*(?:(?:var|let|const)\s+)?(?:[\w.$\[\]'\"]{1,120}\s*=\s*)?(?=\{\s*\")")
_DECODER: Final = json.JSONDecoder()


class Trait(StrEnum):
    """What is compared. Values are short strings."""

    STATUS = "status"
    REDIRECT = "redirect"
    PASSWORD = "password_field"  # noqa: S105 (the name of a trait)
    SIGN_OUT = "sign_out_control"
    DECLARED = "declared_text"
    USER = "user_name"
    SHAPE = "json"
    STATE = "page_data"
    """The names in the data that a page carries for its scripts."""


@dataclass(frozen=True)
class Sighting:
    """`traits` are empty when nothing came. `speaks` is False for what says nothing of a session."""

    status: int | None
    traits: Mapping[Trait, str] = field(default_factory=dict)
    text: str = field(default="", repr=False)
    failure: Failure | None = None
    challenge: str = ""
    """What a 401 asks for."""

    @property
    def speaks(self) -> bool:
        if self.status is None:
            return bool(self.traits)
        return self.status is not None and self.status < 500 and self.status not in SILENT

    @cached_property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint.of(self.text)

    def likeness(self, other: Sighting) -> float:
        """In [0, 1]; 0 when the statuses differ."""
        return self.fingerprint.similarity(other.fingerprint) if self.status == other.status else 0.0


def sighting(
    exchange: Exchange, page: Page | None, *, username: str = "", marker: str = "", certificate: bool = False
) -> Sighting:
    """The traits of an answer. `username` is that of the account of the session, `marker` a declared text.

    Where accounts have a `certificate`, a connection closed in place of an answer is a refusal: with TLS 1.3 the
    server says so after the handshake, and what it says may be lost with the connection.
    """
    response = exchange.response
    if response is None:
        closed = certificate and exchange.failure in {Failure.TLS, Failure.RESET}
        return Sighting(None, {Trait.STATUS: CLOSED} if closed else {}, failure=exchange.failure)
    document = page.document if page else None
    text = document.text if document else response.text[:200_000] if _is_text(response.media_type) else ""
    target = location(exchange)
    traits = {Trait.STATUS: str(response.status), Trait.REDIRECT: _way(target) if target else ""}
    if document is not None:
        traits[Trait.PASSWORD] = _yes(document.asks_password)
        traits[Trait.SIGN_OUT] = _yes(find_logout(document) is not None)
        if carried := page_data(document.inline_scripts):
            traits[Trait.STATE] = carried
    if marker:
        traits[Trait.DECLARED] = _yes(marker.casefold() in text.casefold())
    if len(username) >= MIN_NAME:
        traits[Trait.USER] = _yes(username.casefold() in text.casefold())
    if document is None and (data := parsed(response)) is not None:
        traits[Trait.SHAPE] = shape(data)
    return Sighting(response.status, traits, text, challenge=(response.header("www-authenticate") or "")[:200])


def _way(url: str) -> str:
    """The path of a redirect; for the answer of a provider (RFC 6749 §4.1.2) also whether it is a code or an error."""
    parts = urlsplit(url)
    names = {name for name, _ in parse_qsl(f"{parts.query}&{parts.fragment}")[:60]}
    answer = next((name for name in ("error", "code") if name in names and names & {"state", "iss"}), "")
    return f"{parts.path}?{answer}" if answer else parts.path


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("json", "xml")) or not media_type


def shape(data: Any) -> str:
    """The names of a JSON value, down to the second level, each with whether it holds something: values stay out."""
    paths: list[str] = []

    def walk(value: Any, path: str, depth: int) -> None:
        if len(paths) >= MAX_PATHS:
            return
        if isinstance(value, dict) and depth < 2:
            for name in sorted(map(str, value))[:MAX_PATHS]:
                walk(value.get(name), f"{path}.{name[:60]}", depth + 1)
        else:
            kind = "list" if isinstance(value, list) else "none" if value in (None, "", {}, False) else "some"
            paths.append(f"{path}:{kind}")

    walk(data, "", 0)
    return "|".join(paths)


def page_data(scripts: Iterable[str]) -> str:
    """The names in the values that scripts are given to start from (`window.config = {…}`, or a block of data): a page
    that is the same shell for everybody tells there who it is for. "" without any."""
    found: list[str] = []
    for script in scripts:
        start = _GIVEN.match(script[:MAX_LEAD])
        if start is None or len(found) == MAX_BLOCKS:
            continue
        try:
            value, _ = _DECODER.raw_decode(script[: start.end() + MAX_DATA], start.end())
        except (ValueError, RecursionError):
            continue
        found.append(shape(value))
    return "\n".join(found)
