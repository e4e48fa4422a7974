"""Source maps of the site's own scripts: the original code and the layout of the project, handed to everyone."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from pgssi_probe.net.exchange import Exchange

TAIL = 4_000
MAX_MAP = 2_000_000
MAX_SOURCES = 2_000

_REFERENCE = re.compile(r"[#@] ?sourceMappingURL=([^\s'\"*]{1,400})")
_INLINE = re.compile(
    r"sourceMappingURL=data:application/json;(?:charset=[\w-]{1,20};)?base64,([A-Za-z0-9+/=]{1,2000000})"
)
_VERSION = re.compile(r'"version"\s{0,20}:\s{0,20}3\b')
_SOURCES = re.compile(r'"sources"\s{0,20}:\s{0,20}\[')
_NAME = re.compile(r'"([^"\\]{1,300})"')
_CONTENT = re.compile(r'"sourcesContent"\s{0,20}:\s{0,20}\[\s{0,20}"')
_OTHERS = re.compile(
    r"node_modules|webpack/(?:runtime|bootstrap|universal)|^\(webpack\)|bower_components|vendor/|^\.\./lib/|^native "
)


@dataclass(frozen=True, slots=True)
class SourceMap:
    """`own` counts the sources that are not those of public packages."""

    own: int
    sources: int
    with_code: bool


def reference(script: Exchange) -> str | None:
    """Absolute address of the map that a script names, in a header or in its last lines; None when it names none."""
    response = script.response
    if response is None:
        return None
    named = response.header("sourcemap") or response.header("x-sourcemap")
    if not named:
        found = _REFERENCE.findall(response.text[-TAIL:])
        named = found[-1] if found else None
    if not named:
        return None
    try:
        address = urljoin(script.url, named.strip())
        return address if urlsplit(address).scheme in {"http", "https"} else None
    except ValueError:
        return None


def inline(script: Exchange) -> str | None:
    """The map that a script carries within itself; None when it carries none."""
    response = script.response
    found = _INLINE.search(response.text[:MAX_MAP]) if response and "sourceMappingURL=data:" in response.text else None
    if not found:
        return None
    try:
        return base64.b64decode(found.group(1) + "===", validate=False).decode("utf-8", "replace")
    except binascii.Error:
        return None


def read_map(text: str) -> SourceMap | None:
    """What a map tells, whole or cut; None when it is not a source map (ECMA-426)."""
    text = text[:MAX_MAP]
    start = _SOURCES.search(text)
    if not start or not _VERSION.search(text):
        return None
    end = text.find("]", start.end())
    names = _NAME.findall(text[start.end() : end if end >= 0 else start.end() + 200_000])[:MAX_SOURCES]
    own = [name for name in names if not _OTHERS.search(unquote(name))]
    return SourceMap(len(own), len(names), bool(_CONTENT.search(text)))
