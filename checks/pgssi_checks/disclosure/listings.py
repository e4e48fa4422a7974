"""Directory listings, recognised by what each server writes around them. Names of entries are counted, never kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from pgssi_probe.net.exchange import Response

MAX_READ = 300_000
MAX_ENTRIES = 5_000

USUAL = (
    "backup", "backups", "config", "data", "database", "documents", "files", "include", "includes", "logs", "upload",
    "uploads", "vendor", "tmp", "docs", "media", "storage", "wp-content/uploads", "assets", "css", "download", "icons",
    "images", "img", "js", "lib", "plugins", "public", "scripts", "static", "tests", "wp-content", "wp-includes",
)  # fmt: skip
"""The most telling first: there may not be room for all."""
USUAL_KEPT = 18
"""Places kept for them when the site gives many addresses [ours]."""

SENSITIVE = frozenset(
    {
        "7z", "bak", "cfg", "conf", "config", "csv", "db", "dcm", "doc", "docx", "env", "gz", "hl7", "ini", "json",
        "key", "log", "mdb", "odt", "ods", "old", "p12", "pdf", "pem", "pfx", "rar", "sql", "sqlite", "sqlite3", "swp",
        "tar", "tgz", "txt", "xls", "xlsx", "xml", "yaml", "yml", "zip",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """`server` is the form recognised; `extensions` counts those of the entries."""

    server: str
    entries: int
    extensions: tuple[tuple[str, int], ...]

    @property
    def sensitive(self) -> tuple[str, ...]:
        return tuple(extension for extension, _ in self.extensions if extension in SENSITIVE)


def _all(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_FORMS: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...] = (
    ("Apache", _all(r"<title>Index of /", r'<a href="\?C=[NMSD];O=[AD]"|<img src="/icons/|> ?Parent Directory</a>')),
    ("nginx", _all(r"<title>Index of /", r"<h1>Index of /[^<]{0,500}</h1>\s*<hr>\s*<pre>\s*<a href=\"\.\./\">")),
    ("lighttpd", _all(r"<title>Index of /", r'<div class="(?:list|foot)">|<th class="n">Name</th>')),
    ("Caddy", _all(r"<title>/?[^<]{0,300}</title>", r'<div class="(?:meta|listing)">', r"sort=name&(?:amp;)?order=")),
    ("IIS", _all(r"\[To Parent Directory\]</A>", r"<pre>|<hr>")),
    ("Python", _all(r"<title>Directory listing for /", r"<h1>Directory listing for /[^<]{0,500}</h1>\s*<hr>\s*<ul>")),
    ("Node.js", _all(r"<title>listing directory /", r'<ul id="files"|class="icon')),
    ("Tomcat", _all(r"Directory Listing For \[?/", r"<strong>(?:Filename|Nom de fichier)|<tt>")),
    ("Jetty", _all(r"<title>Directory: /", r'<h1 class="title">Directory: /|<table class="listing">|<TABLE BORDER')),
    ("Go", _all(r"\A(?:<!doctype html>\s*<meta[^>]{0,100}>\s*)?<pre>\s*<a href=\"[^\"]{1,500}\">[^<]{1,500}</a>\s")),
    ("webpack / Vite", _all(r"<title>(?:listing directory|Index of) ", r"~ / |webpack-dev-server")),
    ("WebDAV", _all(r"<title>(?:Collection|Revision \d{1,9}): /", r"<ul>\s*<li>")),
)
_BUCKET = re.compile(r"<(?:ListBucketResult|EnumerationResults)[\s>]")
_KEY = re.compile(r"<(?:Key|Name)>([^<]{1,1000})</(?:Key|Name)>")
_HREF = re.compile(r"<a\s[^<>]{0,200}?href=\"([^\"]{1,2000})\"", re.IGNORECASE)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})$")


def read_listing(response: Response, url: str) -> Listing | None:
    """The listing that an answer is; None for any other page, even one called "Index of"."""
    if response.status != 200:
        return None
    text = response.text[:MAX_READ]
    if _BUCKET.search(text[:2000]):
        return _listing("S3 / Azure", _KEY.findall(text)[:MAX_ENTRIES])
    if not response.is_html:
        return None
    for server, patterns in _FORMS:
        if all(pattern.search(text) for pattern in patterns):
            return _listing(server, _entries(text, url))
    return None


def _entries(text: str, url: str) -> list[str]:
    """Links of a listing to what is directly below its own address."""
    own = urlsplit(url).path
    found: dict[str, None] = {}
    for href in _HREF.findall(text)[:MAX_ENTRIES]:
        if href.startswith(("?", "#")):
            continue
        try:
            path = urlsplit(urljoin(url, href)).path
        except ValueError:
            continue
        if path.startswith(own) and path != own:
            found.setdefault(path)
    return list(found)


def _listing(server: str, names: Iterable[str]) -> Listing:
    paths = list(names)
    found = Counter(match.group(1).lower() for path in paths if (match := _EXTENSION.search(unquote(path))))
    return Listing(server, len(paths), tuple(found.most_common(20)))


def directories(origin: str, addresses: Iterable[str], limit: int) -> list[str]:
    """Directories above the known addresses of the site, then usual ones; never the root itself, and never a query."""
    found: dict[str, None] = {}
    for address in addresses:
        if not address.startswith(origin + "/"):
            continue
        segments = urlsplit(address).path.split("/")[1:-1]
        for depth in range(len(segments), 0, -1):
            if all(segments[:depth]):
                found.setdefault(f"{origin}/{'/'.join(segments[:depth])}/")
    learned = list(found)[: max(0, limit - USUAL_KEPT)]
    usual = [f"{origin}/{name}/" for name in USUAL if f"{origin}/{name}/" not in found]
    return [*learned, *usual][:limit]
