"""Signs that something stands in front of the application: what relays write, what is refused when it looks bad."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pgssi_checks.disclosure.asking import is_lost
from pgssi_probe import yaml_text
from pgssi_probe.net.exchange import Exchange, Request

RELAYS = Path(__file__).with_name("relays.yaml")
ROUNDS = 3
PARAMETER = "pgssiprobe"
"""Invented, so that the application does not read it: only something that looks at every request can react."""

HOSTILE = {
    "XSS": "<script>alert(1)</script>",
    "SQL": "1' OR '1'='1' -- ",
    "../": "../../../../etc/passwd",
}
"""Inert strings of the kind that filters know. Nothing is executed by them, and nothing reads them."""

_HARMLESS = "abonnementdispensairefeuille"


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an answer amounts to for the comparison: its status, or its failure."""

    status: int | None
    failure: str
    lost: bool = False
    """The answer began well and its body never came: some devices cut the line there."""

    @classmethod
    def of(cls, exchange: Exchange) -> Reaction:
        return cls(exchange.status, exchange.failure or "", is_lost(exchange))

    @property
    def refused(self) -> bool:
        return (
            self.lost or self.status is None or self.status in {400, 403, 405, 406, 409, 418, 419, 429, 501, 503, 999}
        )


def harmless(length: int) -> str:
    """Letters of the same length as a hostile value."""
    return (_HARMLESS * (length // len(_HARMLESS) + 1))[:length]


def request(home: str, value: str) -> Request:
    """The home page with the invented parameter; other parameters are left out."""
    parts = urlsplit(home)
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, f"{PARAMETER}={quote(value, safe='')}", ""))
    return Request("GET", url, provokes_errors=True)


def reacts(harmless_answers: Sequence[Exchange], hostile_answers: Sequence[Exchange]) -> bool:
    """Whether every hostile value was refused in one way, and no harmless one was: three times each."""
    calm = {Reaction.of(exchange) for exchange in harmless_answers}
    upset = {Reaction.of(exchange) for exchange in hostile_answers}
    if len(harmless_answers) < ROUNDS or len(hostile_answers) < ROUNDS:
        return False
    return len(upset) == 1 and all(each.refused for each in upset) and not any(each.refused for each in calm)


@cache
def _relays() -> tuple[tuple[tuple[str, str, re.Pattern[str]], ...], tuple[tuple[str, str], ...]]:
    data = yaml_text.read(RELAYS)
    headers = tuple((entry["relay"], entry["name"], re.compile(entry["pattern"])) for entry in data["headers"])
    return headers, tuple((entry["relay"], entry["cookie"]) for entry in data["cookies"])


def relays_in(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Relays that the answers name, with the header or cookie that says so first."""
    headers, cookies = _relays()
    found: dict[str, str] = {}
    for exchange in exchanges:
        response = exchange.response
        if response is None:
            continue
        for relay, name, pattern in headers:
            if any(pattern.search(value[:300]) for value in response.all(name)):
                found.setdefault(relay, name)
        for value in response.all("set-cookie"):
            for relay, prefix in cookies:
                if value.startswith(prefix):
                    found.setdefault(relay, f"Set-Cookie: {prefix}…")
    return found
