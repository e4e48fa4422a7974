"""Where a browser goes after an answer: headers and markup that send it elsewhere, read as a browser reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pgssi_probe.check import Response
from pgssi_probe.discovery.site import Document

How = Literal["location", "refresh", "meta-refresh", "script"]

_TRIMMED = "".join(map(chr, range(0x21)))
_INNER = re.compile(r"[\t\n\r]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SPECIAL = frozenset({"http", "https", "ws", "wss", "ftp"})
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?(.*)$", re.IGNORECASE | re.DOTALL)
_IN_SCRIPT = re.compile(
    r"(?:\blocation(?:\.href)?\s*=(?!=)|\blocation\.(?:assign|replace)\s*\(|\bwindow\.open\s*\()\s*"
    r"(?:\"([^\"\n]{1,600})\"|'([^'\n]{1,600})'|`([^`\n]{1,600})`)"
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One way in which an answer sends the browser on. `target` is as written."""

    how: How
    target: str


def sends_to(response: Response, document: Document | None) -> Iterator[Sent]:
    """Every way on, of the headers and of the page."""
    where = response.header("location")
    if where is not None and 300 <= response.status < 400:
        yield Sent("location", where)
    for value in response.all("refresh"):
        yield Sent("refresh", _refreshed(value))
    if document is None:
        return
    for meta in document.metas:
        if meta.source == "http-equiv" and meta.name == "refresh":
            yield Sent("meta-refresh", _refreshed(meta.content))
    for script in document.inline_scripts:
        for match in _IN_SCRIPT.finditer(script[:200_000]):
            written = next(filter(None, match.groups()), "")
            yield Sent("script", written.replace("\\/", "/"))


def _refreshed(value: str) -> str:
    match = _REFRESH.match(value)
    return (match[1] if match else value).strip().strip("'\"")


def host_of(base: str, target: str) -> str:
    """The host that a browser goes to (WHATWG URL, for http and https): white space at both ends and line ends inside
    are dropped, a backslash is a slash, any number of slashes opens the host. "" for another scheme."""
    here = urlsplit(base)
    text = _INNER.sub("", target.strip(_TRIMMED))
    scheme = _SCHEME.match(text)
    rest = text
    if scheme is not None:
        name = scheme[1].lower()
        if name not in _SPECIAL:
            return ""
        rest = text[scheme.end() :].replace("\\", "/")
        if name == here.scheme and not rest.startswith("//"):
            return here.hostname or ""  # relative, though it has a scheme
        return _authority(rest.lstrip("/"))
    rest = rest.replace("\\", "/")
    return _authority(rest.lstrip("/")) if rest.startswith("//") else here.hostname or ""


def _authority(text: str) -> str:
    authority = re.split(r"[/?#]", text, maxsplit=1)[0].rpartition("@")[2]
    return re.sub(r":\d*$", "", authority).strip("[]").lower()
