"""Addresses of files that should not be served, and the structure by which the content of each is recognised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pgssi_probe import yaml_text
from pgssi_probe.discovery.site import Site
from pgssi_probe.net.exchange import Exchange, Headers, Request, Response

CANDIDATES = Path(__file__).with_name("known_files.yaml")
READ_BYTES = 64 * 1024
MAX_SHOWN = 160
MAX_BACKED_UP = 3
SECRET_SLUGS = frozenset({"env", "credentials", "configuration"})
UNSHOWN_SLUGS = frozenset({"log", "dump"})
"""What was recognised is not shown: it may hold the name or the address of a patient."""

PARTIAL: Headers = (("Range", f"bytes=0-{READ_BYTES - 1}"), ("Accept-Encoding", "identity"))
"""The beginning is enough, and compressed pieces of a file cannot be read."""

_MARKUP = re.compile(
    r"\s{0,200}(?:<!--.{0,400}?-->\s{0,200})?<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.S
)


@dataclass(frozen=True, slots=True)
class Signature:
    """All the expressions of `text` (or one of `magic`) are found at the beginning of the content."""

    text: tuple[re.Pattern[str], ...] = ()
    magic: tuple[bytes, ...] = ()
    html: bool = False
    types: tuple[str, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    slug: str
    url: str
    signature: Signature
    once: bool = False
    head: bool = False

    @property
    def request(self) -> Request:
        return Request("HEAD", self.url) if self.head else Request("GET", self.url, PARTIAL, max_body=READ_BYTES)


@dataclass(frozen=True, slots=True)
class Found:
    """`excerpt` is what the signature matched, without values; `size` is in bytes, 0 when it is not told."""

    candidate: Candidate
    exchange: Exchange
    excerpt: str
    size: int


@cache
def _data() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml_text.read(CANDIDATES)
    return loaded


def _signature(entry: Mapping[str, Any]) -> Signature:
    return Signature(
        tuple(re.compile(pattern, re.MULTILINE) for pattern in entry.get("text", ())),
        tuple(bytes.fromhex(magic) for magic in entry.get("magic", ())),
        bool(entry.get("html")),
        tuple(entry.get("types", ())),
        int(entry.get("bytes", 0)),
    )


@cache
def _groups() -> tuple[tuple[str, bool, tuple[tuple[str, bool, Signature], ...]], ...]:
    return tuple(
        (
            group["slug"],
            bool(group.get("once")),
            tuple((entry["path"], bool(entry.get("head")), _signature(entry)) for entry in group["files"]),
        )
        for group in _data()["groups"]
    )


def labels_of(host: str) -> dict[str, str]:
    """What file names are made of: the whole host and its telling label. An address has no label.

    >>> labels_of("www.portail.chu-exemple.fr")
    {'host': 'www.portail.chu-exemple.fr', 'label': 'portail'}
    """
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        parts = [part for part in host.split(".") if part != "www"]
        return {"host": host, "label": parts[0] if parts else host}
    return {"host": host, "label": "site"}


def candidates(target: str, site: Site) -> list[Candidate]:
    """Everything to ask for, most serious first, each address once."""
    parts = urlsplit(target)
    origin = f"{parts.scheme}://{parts.netloc}"
    names = labels_of(parts.hostname or "")
    found: dict[str, Candidate] = {}
    for slug, once, files in _groups():
        for path, head, signature in files:
            url = origin + path.replace("{host}", names["host"]).replace("{label}", names["label"])
            found.setdefault(url, Candidate(slug, url, signature, once, head))
            base = parts.path.rpartition("/")[0]
            if base and path in {"/.git/HEAD", "/.env"}:
                under = origin + base + path
                found.setdefault(under, Candidate(slug, under, signature, once, head))
        if slug == "credentials":
            for url in backups(origin, site):
                found.setdefault(url, Candidate("backup", url, _signature(_data()["backups"])))
    return list(found.values())


def backups(origin: str, site: Site) -> list[str]:
    """Addresses of forgotten copies of the scripts that the site is known to run."""
    settings = _data()["backups"]
    extensions = tuple("." + extension for extension in settings["extensions"])
    known = [urlsplit(url).path for url in _addresses(site) if url.startswith(origin + "/")]
    scripts = [path for path in dict.fromkeys(known) if path.lower().endswith(extensions)]
    usual = ["/" + name for name in settings["names"]]
    chosen = list(dict.fromkeys([*scripts, *usual]))[:MAX_BACKED_UP]
    return [
        f"{origin}{path.rpartition('/')[0]}/{pattern.replace('{name}', path.rpartition('/')[2])}"
        for path in chosen
        for pattern in settings["patterns"]
    ]


def _addresses(site: Site) -> Iterator[str]:
    for page in site.pages:
        yield page.url
    for page in site.pages:
        yield from (form.action for form in page.document.forms)
        yield from (link.url for link in page.document.links)


def recognise(candidate: Candidate, exchange: Exchange) -> Found | None:
    """The content of the answer as that of the candidate; None when it is anything else. A refusal is not presence."""
    response = exchange.response
    if response is None or response.status not in {200, 206}:
        return None
    if candidate.head:
        length = size_of(response)
        announced = length >= candidate.signature.size and response.media_type in candidate.signature.types
        return Found(candidate, exchange, "", length) if announced else None
    if candidate.signature.magic and response.body.startswith(candidate.signature.magic):
        return Found(candidate, exchange, "", size_of(response))
    if not candidate.signature.text:
        return None
    text = response.text[:READ_BYTES]
    if not candidate.signature.html and (response.is_html or _MARKUP.match(text)):
        return None
    matches = [pattern.search(text) for pattern in candidate.signature.text]
    if not all(matches):
        return None
    shown = [match.group() for match in matches if match]
    return Found(candidate, exchange, excerpt_of(candidate.slug, shown), size_of(response))


def excerpt_of(slug: str, matched: Iterable[str]) -> str:
    """What was matched, cut, and without what follows the first sign of a value."""
    if slug in UNSHOWN_SLUGS:
        return ""
    lines = [" ".join(match.splitlines()[0].split()) for match in matched if match.strip()]
    if slug in SECRET_SLUGS:
        lines = [re.split(r"(?<=[=:])", line, maxsplit=1)[0] for line in lines]
    return "\n".join(line[:MAX_SHOWN] for line in lines)


def size_of(response: Response) -> int:
    """Size in bytes of the whole file: told by Content-Range or Content-Length, else what was received."""
    ranged = re.fullmatch(r"bytes \d{1,15}-\d{1,15}/(\d{1,15})", (response.header("content-range") or "").strip())
    if ranged:
        return int(ranged.group(1))
    announced = (response.header("content-length") or "").strip()
    if announced.isascii() and announced.isdigit() and len(announced) < 16:
        return int(announced)
    return len(response.body)


_BUILT = re.compile(r"^(?:app|main|index|bundle|site|portal|portail|custom|script|vendor|runtime)\b|[0-9a-f]{8}", re.I)


@cache
def _public_scripts() -> re.Pattern[str]:
    return re.compile(_data()["public_scripts"])


def is_public_script(url: str) -> bool:
    """Whether a script is a library of everyone, whose source map tells nothing: by its name, or as a minified copy.

    Applications name what they build main, app or with a hash; a plain `name.min.js` is nearly always a library.
    """
    name = urlsplit(url).path.rpartition("/")[2][:200]
    if _public_scripts().search(name):
        return True
    return name.lower().endswith(".min.js") and not _BUILT.search(name)
