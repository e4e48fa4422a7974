"""HTML to `Document`, once, whatever the page is made of: every list and string is capped and nothing raises.

Uses BeautifulSoup over lxml. Never html5lib: 100 kB of nested tags cost it minutes. The first of two attributes of the
same name wins, as in browsers. Where the page wrote the end of a form, which the tree does not tell, is marked before
parsing by a processing instruction: HTML takes those for comments, so that they change no tree.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Iterator
from io import StringIO
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import (
    Comment,
    Doctype,
    NavigableString,
    PageElement,
    PreformattedString,
    ProcessingInstruction,
    Tag,
)
from bs4.exceptions import ParserRejectedMarkup

from pgssi_probe.discovery.harvest import Harvest
from pgssi_probe.discovery.site import Document, Page
from pgssi_probe.net.exchange import Exchange, Response

MAX_MARKUP: Final = 1_000_000
THREAD_FROM: Final = 128_000
FORM_END: Final = "pgssi-form-end"

_FORM_END_TAG = re.compile(r"</form(?=[\s/>])", re.IGNORECASE)
_MARK = f"<?{FORM_END}?>"
_XML_DECLARATION = re.compile(r"\A(?:\s*\ufeff?<\?xml(?:[^>]{0,300}>)?)+", re.IGNORECASE)
_INERT = frozenset({"template"})
_RAW = frozenset({"script", "style", "title"})
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_XML_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def decoded(response: Response) -> str:
    """The page as text, in the encoding that a browser would take: mark, header, meta tag, else UTF-8 or Latin."""
    body = response.body[: 4 * MAX_MARKUP]
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    if "charset=" in (response.header("content-type") or "").lower():
        return response.text
    declared = _DECLARED.search(body[:4096])
    meant = _web_encoding(declared[1].decode("ascii")) if declared else None
    if meant:
        return body.decode(meant, errors="replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # A body cut in the middle of a character is still UTF-8.
        cut = len(body) < len(response.body) or response.truncated is not None
        return body.decode("utf-8" if cut and error.start > len(body) - 4 else "cp1252", errors="replace")


def _web_encoding(label: str) -> str | None:
    """The codec of a label as the WHATWG reads it: Latin-1 and ASCII are windows-1252, UTF-16 in a meta is UTF-8."""
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    if info.name in {"iso8859-1", "ascii"}:
        return "cp1252"
    if info.name.startswith(("utf-16", "utf-32", "utf-7")):
        return "utf-8"
    return info.name if info._is_text_encoding else None


async def parse_page(exchange: Exchange) -> Page | None:
    """The page of an exchange whose response is HTML; None otherwise. A large one is parsed beside the event loop."""
    response = exchange.response
    if response is None or not response.is_html:
        return None
    if len(response.body) < THREAD_FROM:
        return Page(exchange, parse_html(decoded(response), exchange.url))
    return Page(exchange, await asyncio.to_thread(lambda: parse_html(decoded(response), exchange.url)))


def parse_html(markup: str, url: str) -> Document:
    """The document at `url` (absolute). Never raises; what lies beyond a cap is left out and `cut` is set."""
    harvest = Harvest(url)
    if len(markup) > MAX_MARKUP:
        markup, harvest.cut = markup[:MAX_MARKUP], True
    clean = _XML_DECLARATION.sub("", _XML_CONTROLS.sub("\ufffd", markup))
    marked = _FORM_END_TAG.sub(lambda match: _MARK + match[0], clean)
    try:
        # A file, since BeautifulSoup warns about short strings that look like a file name.
        soup = BeautifulSoup(StringIO(marked), "lxml", multi_valued_attributes=None)
    except (ParserRejectedMarkup, ValueError, AssertionError):
        harvest.cut = True
        return harvest.document()
    _walk(soup, harvest)
    return harvest.document()


def _walk(soup: BeautifulSoup, harvest: Harvest) -> None:
    """Every node in document order, with an explicit stack: the depth is the target's to choose."""
    stack: list[tuple[str, Iterator[PageElement]]] = [("", iter(soup.contents))]
    while stack:
        name, children = stack[-1]
        node = next(children, None)
        if node is None:
            stack.pop()
            harvest.leave(name)
        elif isinstance(node, Tag):
            inner = node.name.lower()
            if inner in _INERT:
                continue
            harvest.enter(inner, _attributes(node))
            if inner in _RAW:
                _raw(inner, node, harvest)
                harvest.leave(inner)
            else:
                stack.append((inner, iter(node.contents)))
        else:
            _leaf(node, harvest)


def _leaf(node: PageElement, harvest: Harvest) -> None:
    if isinstance(node, (Comment, ProcessingInstruction)):
        text = str(node)
        if text.strip("<?>") == FORM_END:
            harvest.form_ended()
        else:
            harvest.remark(text.replace(_MARK, ""))
    elif isinstance(node, Doctype):
        harvest.doctype = harvest.doctype or str(node)
    elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
        text = str(node)
        harvest.say(text.replace(_MARK, "") if FORM_END in text else text)


def _raw(name: str, node: Tag, harvest: Harvest) -> None:
    """Elements whose text is no text of the page."""
    text = "".join(str(child) for child in node.contents if isinstance(child, NavigableString)).replace(_MARK, "")
    if name == "script":
        harvest.script(text)
    elif name == "title":
        harvest.titled(text)


def _attributes(node: Tag) -> dict[str, str]:
    """The attributes as strings, names in lower case, first duplicate kept."""
    found: dict[str, str] = {}
    for name, value in node.attrs.items():
        found.setdefault(name.lower(), str(value).replace(_MARK, ""))
    return found
