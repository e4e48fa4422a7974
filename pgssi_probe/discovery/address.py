"""Addresses as a page writes them, made absolute and comparable; and their shapes, to tell repetition from novelty."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

MAX_URL = 2048

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_PATH_SAFE = "/:@!$&'()*+,;=~%-._"
_QUERY_SAFE = _PATH_SAFE + "?[]"

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}", re.IGNORECASE)
_TOKEN = re.compile(r"(?=[\w-]*[0-9])(?=[\w-]*[A-Za-z])[\w-]{20,}")
_NUMBER = re.compile(r"[0-9]+(?:[-_./][0-9]+)*")
_PAGE_NAME = re.compile(
    r"page|p|do|action|act|module|mod|controller|ctrl|route|r|view|task|option|op|cmd|c|m|tab|section|rubrique|ecran|menu",
    re.IGNORECASE,
)
_PAGE_VALUE = re.compile(r"[A-Za-z][A-Za-z_.-]{0,40}(?:/[A-Za-z][A-Za-z_.-]{0,40}){0,4}")


def absolute(raw: str, base: str) -> str | None:
    """The http or https address that `raw` means on a page whose base is `base`, without fragment; None for the rest.

    White space and control characters go as browsers make them go. Addresses that carry a user name are left out: a
    page has no business handing one, and a client would send it.
    """
    try:
        parts = urlsplit(urljoin(base, _CONTROLS.sub("", raw.strip(" \t\r\n\f"))))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        return None
    netloc = _host(host)
    if netloc is None:
        return None
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        netloc += f":{port}"
    path = quote(parts.path, safe=_PATH_SAFE) or "/"
    url = urlunsplit((scheme, netloc, path, quote(parts.query, safe=_QUERY_SAFE), ""))
    return url if len(url) <= MAX_URL else None


def _host(host: str) -> str | None:
    """A host as it is put on the wire; None when it can name nothing."""
    if ":" in host:
        return f"[{host}]"
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return ascii_host if re.fullmatch(r"[a-z0-9._-]{1,253}", ascii_host) else None


def upgraded(url: str, home: str) -> str:
    """The https address of a link in clear to the host of an https home page, both on their usual ports."""
    parts, own = urlsplit(url), urlsplit(home)
    if parts.scheme == "http" and own.scheme == "https" and parts.netloc == own.netloc and parts.port is None:
        return urlunsplit(("https", *parts[1:]))
    return url


def names_a_page(name: str, value: str) -> bool:
    """Whether a field of a query says which page of a front controller is meant (`/index.php?page=agenda`): it is
    called so, and its value is a word, not the name of a record."""
    return bool(_PAGE_NAME.fullmatch(name) and _PAGE_VALUE.fullmatch(value))


def shape(url: str) -> str:
    """The address with what numbers its pages folded: two pages of one calendar or catalogue have the same shape.

    Numbers, dates, identifiers and hashes of the path become marks; of the query only the names remain, sorted, and the
    words that name a page.
    """
    parts = urlsplit(url)
    segments = [_fold(unquote(segment)) for segment in parts.path.split("/")]
    fields = parse_qsl(parts.query, keep_blank_values=True)[:30]
    names = sorted({f"{n}={v}" if names_a_page(n, v) else _NUMBER.sub("#", n) for n, v in fields})
    return f"{parts.netloc}{'/'.join(segments)}" + (f"?{'&'.join(names)}" if names else "")


def _fold(segment: str) -> str:
    for pattern, mark in ((_UUID, "~"), (_HEX, "~"), (_TOKEN, "~"), (_NUMBER, "#")):
        segment = pattern.sub(mark, segment)
    return segment


def directory(url: str) -> str:
    """The address up to and including the last slash of its path."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rpartition("/")[0] + "/", "", ""))


def extension(url: str) -> str:
    """The lower-case extension of the last segment of the path, with its dot; "" when there is none."""
    name = urlsplit(url).path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem and re.fullmatch(r"[A-Za-z0-9]{1,8}", suffix) else ""
