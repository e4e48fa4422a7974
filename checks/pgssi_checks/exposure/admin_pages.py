"""Interfaces to operate or administer software, recognised by their content. No credential is ever tried."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_probe import yaml_text
from pgssi_probe.net.exchange import Exchange, Response

INTERFACES = Path(__file__).with_name("interfaces.yaml")
MAX_READ = 150_000
MAX_EXCERPT = 300
MIN_ENDING = 7
"""Characters below which the path of an interface is too common to be looked for elsewhere (`/admin`, `/login`)."""

_PASSWORD = re.compile(r"<input[^<>]{0,400}type=[\"']?password", re.IGNORECASE)


class Access(StrEnum):
    """How an interface is reached. The values are slugs of the check."""

    OPEN = "open"
    OPEN_STATUS = "open-status"
    SIGN_IN = "sign-in-page"


@dataclass(frozen=True, slots=True)
class Interface:
    """`open` and `sign_in` are all to be found; an empty tuple is never found. `status_only` interfaces only tell."""

    name: str
    paths: tuple[str, ...]
    open: tuple[re.Pattern[str], ...]
    sign_in: tuple[re.Pattern[str], ...]
    realm: re.Pattern[str] | None
    html: bool
    status_only: bool


@dataclass(frozen=True, slots=True)
class Reached:
    interface: Interface
    access: Access
    exchange: Exchange
    excerpt: str


def _patterns(entry: Mapping[str, Any], key: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.MULTILINE) for pattern in entry.get(key, ()))


@cache
def interfaces() -> tuple[Interface, ...]:
    data = yaml_text.read(INTERFACES)
    return tuple(
        Interface(
            entry["name"],
            tuple(entry["paths"]),
            _patterns(entry, "open"),
            _patterns(entry, "sign_in"),
            re.compile(entry["realm"]) if "realm" in entry else None,
            bool(entry.get("html", True)),
            entry["kind"] == "status",
        )
        for entry in data["interfaces"]
    )


def _found(patterns: Sequence[re.Pattern[str]], text: str) -> str | None:
    """What the patterns matched, joined and cut; None unless there are some and all are found."""
    matches = [pattern.search(text) for pattern in patterns]
    if not matches or not all(matches):
        return None
    return " … ".join(" ".join(match.group().split()) for match in matches if match)[:MAX_EXCERPT]


def recognise(interface: Interface, exchange: Exchange) -> Reached | None:
    """How the answer lets an interface be reached; None when it is something else, a refusal or a redirect."""
    response = exchange.response
    if response is None:
        return None
    if response.status == 401:
        return _asked_for(interface, exchange, response)
    if response.status not in {200, 429, 472, 473, 501, 503} or (response.status != 200 and interface.html):
        return None
    text = response.text[:MAX_READ]
    if interface.html is not response.is_html:
        return None
    asks = bool(_PASSWORD.search(text)) if interface.html else False
    if not asks and response.status == 200 and (excerpt := _found(interface.open, text)):
        access = Access.OPEN_STATUS if interface.status_only else Access.OPEN
        return Reached(interface, access, exchange, excerpt)
    if excerpt := _found(interface.sign_in, text):
        return Reached(interface, Access.SIGN_IN, exchange, excerpt)
    return None


def recognise_any(exchange: Exchange) -> Reached | None:
    """The first interface that an answer shows, the open ones before their sign-in pages."""
    found = [each for interface in interfaces() if (each := recognise(interface, exchange))]
    return min(found, key=lambda each: list(Access).index(each.access), default=None)


@cache
def _endings() -> tuple[str, ...]:
    """Paths of the table that tell enough to be recognised below another directory."""
    paths = {path.rstrip("/").lower() for interface in interfaces() for path in interface.paths}
    return tuple(sorted(path for path in paths if len(path.strip("/")) >= MIN_ENDING))


def resembles(url: str) -> bool:
    """Whether an address ends as that of a known interface does: `/outils/phpmyadmin/`."""
    path = urlsplit(url).path.rstrip("/").lower()
    return path.endswith(_endings())


def _asked_for(interface: Interface, exchange: Exchange, response: Response) -> Reached | None:
    challenge = response.header("www-authenticate") or ""
    if interface.realm and (found := interface.realm.search(challenge[:500])):
        return Reached(interface, Access.SIGN_IN, exchange, f"WWW-Authenticate: {found.group()}")
    return None


def is_declared(url: str, name: str, inventory: JsonValue) -> bool:
    """Whether the inventory (`admin.inventory`) names an interface, by its name, its path or its address."""
    if not isinstance(inventory, list):
        return False
    path = urlsplit(url).path
    for entry in inventory:
        if not isinstance(entry, str) or not entry.strip():
            continue
        wanted = entry.strip()
        if wanted.lower() == name.lower():
            return True
        place = urlsplit(wanted).path if "://" in wanted else wanted
        if place.startswith("/") and place != "/" and _under(path, place):
            return "://" not in wanted or urlsplit(wanted).netloc == urlsplit(url).netloc
    return False


def _under(path: str, place: str) -> bool:
    base = place.rstrip("/")
    return path == base or path.startswith(base + "/")


def is_own(url: str, target: str, home: str) -> bool:
    """Whether an address is that of the application under test: its own sign-in page is not an operations access."""
    path = urlsplit(url).path
    return any(path.rstrip("/") == urlsplit(own).path.rstrip("/") for own in (target, home))
