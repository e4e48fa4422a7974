"""Where a site names its software: headers, tags, comments, pages that servers write by themselves, cookie names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Any

from pgssi_checks.components.products import (
    Product,
    product_of_generator,
    products_of,
    products_of_via,
    version_in,
)
from pgssi_probe import yaml_text
from pgssi_probe.discovery.site import Page
from pgssi_probe.net.exchange import Exchange, Response

SIGNATURES = Path(__file__).with_name("banner_signatures.yaml")
MAX_RAW = 160
MAX_PAGE = 200_000
"""Characters of a page that are looked at: servers write their name near the ends of short pages."""


class Place(StrEnum):
    """Where a banner was read. Each calls for its own remedy."""

    SERVER = "server"
    POWERED_BY = "powered-by"
    GENERATOR = "generator"
    COMMENT = "comment"
    ERROR_PAGE = "error-page"
    DEFAULT_PAGE = "default-page"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True)
class Banner:
    """`name` is the header, tag or cookie; `raw` is what was sent, cut."""

    place: Place
    name: str
    product: Product
    raw: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class _Reading:
    pattern: re.Pattern[str]
    read: Callable[[str], tuple[Product, ...]]


def _reader(kind: str, product: str) -> Callable[[str], tuple[Product, ...]]:
    if kind == "products":
        return products_of
    if kind == "via":
        return products_of_via
    if kind == "generator":
        return lambda value: tuple(filter(None, (product_of_generator(value),)))
    if kind == "version":
        return lambda value: (Product(product, version_in(value.strip())),) if version_in(value.strip()) else ()
    if kind == "presence":
        return lambda _value: (Product(product),)
    raise ValueError(f"unknown reading of a banner: {kind!r}")


@cache
def _data() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml_text.read(SIGNATURES)
    return loaded


@cache
def _headers() -> tuple[tuple[str, Place, Callable[[str], tuple[Product, ...]]], ...]:
    return tuple(
        (entry["name"], Place(entry["place"]), _reader(entry["reading"], entry.get("product", "")))
        for entry in _data()["headers"]
    )


@cache
def _footers() -> tuple[_Reading, ...]:
    return tuple(
        _Reading(re.compile(entry["pattern"]), _reader(entry["reading"], entry.get("product", "")))
        for entry in _data()["footers"]
    )


@cache
def _default_pages() -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    return tuple(
        (entry["product"], tuple(re.compile(pattern, re.IGNORECASE) for pattern in entry["all"]))
        for entry in _data()["default_pages"]
    )


@cache
def _comment() -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(_data()["comments"], key=len, reverse=True))
    return re.compile(
        rf"(?<![\w.])({names})[ :/,(-]{{1,3}}(?:(?:version|release)[ :]{{1,2}})?(v?\d[\w.-]{{0,30}})", re.I
    )


def in_headers(exchange: Exchange, response: Response) -> Iterator[Banner]:
    for name, place, read in _headers():
        for value in response.all(name):
            for product in read(value):
                yield Banner(place, name, product, f"{name}: {value}"[:MAX_RAW], exchange)


def in_cookies(exchange: Exchange, response: Response) -> Iterator[Banner]:
    for value in response.all("set-cookie"):
        name = value.partition("=")[0].strip()
        for entry in _data()["cookies"]:
            if name == entry["name"] or (entry.get("prefix") and name.startswith(entry["name"])):
                yield Banner(Place.COOKIE, name, Product(entry["product"]), name[:MAX_RAW], exchange)


def in_server_page(exchange: Exchange, response: Response) -> Iterator[Banner]:
    """The signature under a page that a server writes by itself: errors, listings, reports."""
    if not response.is_html:
        return
    text = response.text[:MAX_PAGE]
    for reading in _footers():
        for match in reading.pattern.finditer(text):
            for product in reading.read(match.group(1)):
                yield Banner(Place.ERROR_PAGE, "footer", product, match.group()[:MAX_RAW], exchange)


def in_page(page: Page) -> Iterator[Banner]:
    """The generator tags, the comments, and the welcome pages of a server without an application."""
    for meta in page.document.metas:
        if meta.name == "generator" and (product := product_of_generator(meta.content)):
            yield Banner(Place.GENERATOR, "generator", product, meta.content[:MAX_RAW], page.exchange)
    for comment in page.document.comments:
        for match in _comment().finditer(comment[:MAX_PAGE]):
            version = version_in(match.group(2))
            if "." in version:
                product = Product(match.group(1), version)
                yield Banner(Place.COMMENT, "comment", product, match.group()[:MAX_RAW], page.exchange)
    response = page.exchange.response
    text = response.text[:MAX_PAGE] if response else ""
    for name, patterns in _default_pages():
        first = patterns[0].search(text)
        if first and all(pattern.search(text) for pattern in patterns[1:]):
            yield Banner(Place.DEFAULT_PAGE, "page", Product(name), first.group()[:MAX_RAW], page.exchange)


def banners(exchanges: Iterable[Exchange], pages: Iterable[Page]) -> list[Banner]:
    """Every banner of the answers and of the pages."""
    found: list[Banner] = []
    for exchange in exchanges:
        if exchange.response:
            found.extend(in_headers(exchange, exchange.response))
            found.extend(in_cookies(exchange, exchange.response))
            found.extend(in_server_page(exchange, exchange.response))
    for page in pages:
        found.extend(in_page(page))
    return found


_PRIVATE = tuple(ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
_INTERNAL_NAME = re.compile(
    r"(?<![\w.-])(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,6}(?:local|lan|intra|intranet|internal|corp|localdomain)(?![\w.-])",
    re.I,
)
_BIGIP = re.compile(r"\d{6,10}(?=\.\d{1,5}\.0000)")
NOT_ADDRESSES = frozenset({"content-security-policy", "content-security-policy-report-only", "date", "etag"})


@dataclass(frozen=True, slots=True)
class InternalName:
    """A private address or name that a header gives away."""

    header: str
    value: str
    exchange: Exchange


def is_private(address: str) -> bool:
    try:
        return any(IPv4Address(address) in network for network in _PRIVATE)
    except ValueError:
        return False


def bigip_address(cookie: str) -> str | None:
    """The pool member that an F5 BIG-IP persistence cookie carries unencrypted: an IPv4 address, low byte first."""
    found = _BIGIP.search(cookie)
    number = int(found.group()) if found else -1
    if not 0 <= number < 1 << 32:
        return None
    return str(IPv4Address(number.to_bytes(4, "little")))


def internal_names(exchange: Exchange, own: frozenset[str]) -> list[InternalName]:
    """Private addresses (RFC 1918) and internal names in the headers. `own` are the names that the target goes by."""
    found = []
    for name, value in exchange.response.headers if exchange.response else ():
        lowered = name.lower()
        if lowered in NOT_ADDRESSES:
            continue
        text = value[:2048]
        candidates = [address for address in _ADDRESS.findall(text) if is_private(address)]
        if lowered == "set-cookie" and text.lower().startswith("bigipserver"):
            address = bigip_address(text)
            candidates += [address] if address and is_private(address) else []
        candidates += _INTERNAL_NAME.findall(text)
        found += [InternalName(name, candidate, exchange) for candidate in candidates if candidate.lower() not in own]
    return found
