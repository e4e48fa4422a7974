"""National means of identification, recognised by address, button, image and words. Pure; the data are beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs, unquote_plus, urlsplit

from pgssi_checks.content.wording import plain
from pgssi_probe import yaml_text
from pgssi_probe.discovery.site import Document, Page

Sign = Literal["address", "button", "image", "words"]
SIGNS: Final[tuple[Sign, ...]] = ("address", "button", "image", "words")
"""From the surest to the least sure."""

MAX_MARKUP: Final = 400_000
MAX_LINE: Final = 160

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_IMAGE = re.compile(r"<(?:img|image|source)\b([^>]{0,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""\b(?:src|srcset|alt|title)\s*=\s*("[^"]{0,600}"|'[^']{0,600}'|[^\s>]{1,600})""", re.IGNORECASE
)
_DESIGN_SYSTEM = re.compile(
    r"""\bclass\s*=\s*["'][^"'>]{0,200}\bfr-connect\b[^>]{0,400}>(.{0,600})""", re.IGNORECASE | re.DOTALL
)
_TAG = re.compile(r"<[^>]{0,2000}>")
_VERB = (
    r"(?:s'identifier|m'identifier|s'authentifier|m'authentifier|se connecter|me connecter|je me connecte|connexion"
    r"|connectez-vous|identifiez-vous|continuer|acceder|sign in|log in|login|continue|connect)"
)
_LINKING = r"(?: (?:avec|via|par|grace a|with|by|using))?"


@dataclass(frozen=True, slots=True)
class Provider:
    """One national means. Patterns are matched on text folded by `plain`."""

    identifier: str
    name: str
    hosts: tuple[str, ...]
    test_hosts: tuple[str, ...]
    named: re.Pattern[str]
    control: re.Pattern[str]
    hint: re.Pattern[str]
    image: re.Pattern[str]

    def owns(self, host: str) -> bool:
        return host in self.hosts or host in self.test_hosts


@cache
def providers() -> tuple[Provider, ...]:
    """Those of national_providers.yaml, in its order."""
    listed = yaml_text.read(Path(__file__).with_name("national_providers.yaml"))
    return tuple(
        Provider(
            identifier=one["id"],
            name=one["name"],
            hosts=tuple(one["hosts"]),
            test_hosts=tuple(one["test_hosts"]),
            named=re.compile(rf"(?<!\w)(?:{one['named']})(?!\w)"),
            control=re.compile(rf"(?:{_VERB}{_LINKING} (?:l')?)?(?:{one['named']})"),
            hint=re.compile(rf"(?<![a-z0-9])(?:{one['hint']})(?![a-z0-9])"),
            image=re.compile(one["image"]),
        )
        for one in listed
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """A means that a page offers: how it was recognised, and on which page."""

    provider: Provider
    sign: Sign
    url: str


def host_of(url: str) -> str:
    """Host of an address, lower case; "" when it has none that can be read."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def provider_at(url: str) -> Provider | None:
    """The provider whose own host this is: exact names, so that `franceconnect.gouv.fr.example` is nobody's."""
    host = host_of(url)
    return next((one for one in providers() if host and one.owns(host)), None)


def offered(page: Page) -> list[Seen]:
    """What a sign-in page offers, each provider once, by its surest sign."""
    document = page.document
    found: dict[str, Seen] = {}
    controls = set(_controls(document))
    markup = _markup(page)
    for provider in providers():
        sign = _sign(provider, document, controls, markup)
        if sign is not None:
            found[provider.identifier] = Seen(provider, sign, page.url)
    return list(found.values())


def _sign(provider: Provider, document: Document, controls: set[str], markup: str) -> Sign | None:
    if any(provider.owns(host_of(url)) for url in addresses(document)):
        return "address"
    if any(provider.named.search(brand) for brand in _brands(markup)):
        return "button"
    if any(provider.image.search(words) for words in _images(markup)):
        return "image"
    return "words" if any(provider.control.fullmatch(text) for text in controls) else None


def addresses(document: Document) -> Iterator[str]:
    """Where the links and forms of a page lead, and what they carry: a provider may be named in a parameter."""
    for url in (*(link.url for link in document.links), *(form.action for form in document.forms)):
        yield url
        try:
            query = parse_qs(urlsplit(url).query, max_num_fields=50)
        except ValueError:
            continue
        yield from (value for values in query.values() for value in values if value.startswith("https://"))


def _controls(document: Document) -> Iterator[str]:
    """What people may press: links, forms, and lines that are alone, as the text of a button is."""
    texts = [link.text for link in document.links]
    texts += document.text.split("\n")
    texts += [field.value for form in document.forms for field in form.fields if field.kind in {"submit", "button"}]
    for text in texts:
        if text and len(text) <= MAX_LINE:
            yield " ".join(plain(text).split()).strip(' .:»«"')


def _markup(page: Page) -> str:
    response = page.exchange.response
    return _COMMENT.sub("", response.text[:MAX_MARKUP]) if response is not None else ""


def _brands(markup: str) -> Iterator[str]:
    """The words of the State's design system button (`fr-connect`), up to its end."""
    for match in list(_DESIGN_SYSTEM.finditer(markup))[:20]:
        inner = re.split(r"</button|</a\b", match[1], maxsplit=1, flags=re.IGNORECASE)[0]
        yield " ".join(plain(_TAG.sub(" ", inner)).split())


def _images(markup: str) -> Iterator[str]:
    for image in list(_IMAGE.finditer(markup))[:300]:
        for attribute in _ATTRIBUTE.finditer(image[1]):
            yield plain(attribute[1].strip("\"'"))


def starts(document: Document, in_scope: Iterable[str]) -> list[str]:
    """Addresses of the application itself by which a sign-in at a provider begins: links, and forms sent by GET."""
    own = set(in_scope)
    wanted: dict[str, None] = {}
    forms = [(form.action, form.text) for form in document.forms if form.method == "GET" and not form.has_password]
    for url, text in [*((link.url, link.text) for link in document.links), *forms]:
        if url not in own:
            continue
        parts = urlsplit(url)
        words = plain(unquote_plus(f"{parts.path} {parts.query}"))
        label = " ".join(plain(text[:MAX_LINE]).split())
        if any(one.hint.search(words) or one.control.fullmatch(label) for one in providers()):
            wanted.setdefault(url)
    return list(wanted)


@dataclass(frozen=True, slots=True)
class Authorisation:
    """An authorisation request read in a redirect (OpenID Connect Core §3.1.2.1), never followed."""

    provider: Provider
    endpoint: str
    test: bool
    client_id: str
    redirect_uri: str
    acr_values: str
    scope: str
    state: bool
    nonce: bool
    pkce: bool


def authorisation(location: str) -> Authorisation | None:
    """The request that a redirect carries to a national provider; None when it leads elsewhere.

    `state` and `nonce` are read as present or not: their values belong to somebody's sign-in.
    """
    provider = provider_at(location)
    if provider is None:
        return None
    parts = urlsplit(location)
    try:
        query = parse_qs(parts.query, max_num_fields=100)
    except ValueError:
        query = {}

    def first(name: str) -> str:
        return query.get(name, [""])[0][:300]

    return Authorisation(
        provider=provider,
        endpoint=f"{parts.scheme}://{parts.netloc}{parts.path}"[:300],
        test=host_of(location) in provider.test_hosts,
        client_id=first("client_id"),
        redirect_uri=first("redirect_uri").partition("?")[0],
        acr_values=first("acr_values"),
        scope=first("scope"),
        state=bool(first("state")),
        nonce=bool(first("nonce")),
        pkce=bool(first("code_challenge")),
    )
