"""HTML to `Document`, once, whatever the page is made of: every list and string is capped and nothing raises.

Read by lxml, as events. Never html5lib: 100 kB of nested tags cost it minutes. The first of two attributes of the same
name wins, as in browsers. Where the page wrote the end of a form, which the events do not tell, is marked before it is
read, by a processing instruction: HTML takes those for comments, so that they change nothing.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Mapping
from typing import Final

from lxml import etree

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


NOT_OF_THE_WEB = frozenset(
    {
        "undefined",
        "idna",
        "punycode",
        "unicode-escape",
        "unicode_escape",
        "raw-unicode-escape",
        "raw_unicode_escape",
        "mbcs",
        "oem",
    }
)
"""Codecs of Python that are no charset: some raise whatever errors are asked to be replaced."""


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
    return info.name if info._is_text_encoding and info.name not in NOT_OF_THE_WEB else None


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
    parser = etree.HTMLParser(target=_Reader(harvest), recover=True)
    try:
        parser.feed(marked)
        parser.close()
    except (etree.LxmlError, LookupError, ValueError, AssertionError):
        harvest.cut = True
    return harvest.document()


class _Reader:
    """Takes what the parser tells, in document order and well nested, and passes it on to the harvest.

    No tree is made: the depth is the target's to choose.
    """

    def __init__(self, harvest: Harvest) -> None:
        self._harvest = harvest
        self._said: list[str] = []
        self._raw = False
        self._hidden = 0
        """How many elements are open that the page does not show, the outermost counted."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.lower()
        if self._hidden or self._raw or name in _INERT:
            self._hidden += 1
            return
        self._say()
        self._harvest.enter(name, _attributes(attributes))
        self._raw = name in _RAW

    def end(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= 1
            return
        name = tag.lower()
        if self._raw:
            self._raw = False
            self._read(name)
        else:
            self._say()
        self._harvest.leave(name)

    def data(self, text: str) -> None:
        if not self._hidden:
            self._said.append(text)

    def comment(self, text: str) -> None:
        """A comment, or what HTML takes for one."""
        if self._hidden or self._raw:
            return
        self._say()
        if text.strip("<?> ") == FORM_END:
            self._harvest.form_ended()
        else:
            self._harvest.remark(text.replace(_MARK, ""))

    def pi(self, target: str, text: str | None = None) -> None:
        """Older versions of libxml2 tell processing instructions apart."""
        self.comment(f"{target} {text or ''}")

    def doctype(self, name: str | None, public: str | None, system: str | None) -> None:
        if self._hidden:
            return
        words = [name or ""]
        if public:
            words.append(f'PUBLIC "{public}"')
        elif system:
            words.append("SYSTEM")
        if system:
            words.append(f'"{system}"')
        self._harvest.doctype = self._harvest.doctype or " ".join(words)

    def close(self) -> None:
        self._say()
        self._harvest.leave("")

    def _taken(self) -> str:
        text = "".join(self._said)
        self._said.clear()
        return text.replace(_MARK, "") if FORM_END in text else text

    def _say(self) -> None:
        if self._said:
            self._harvest.say(self._taken())

    def _read(self, name: str) -> None:
        """Elements whose text is no text of the page."""
        text = self._taken()
        if name == "script":
            self._harvest.script(text)
        elif name == "title":
            self._harvest.titled(text)


def _attributes(given: Mapping[str, str]) -> dict[str, str]:
    """The attributes with names in lower case, first duplicate kept."""
    found: dict[str, str] = {}
    for name, value in given.items():
        found.setdefault(name.lower(), value.replace(_MARK, "") if FORM_END in value else value)
    return found
