"""What a walk over an HTML tree gathers, element by element, within caps; turned into a `Document` at the end.

Addresses are resolved last, since `<base>` may come late.
"""

from __future__ import annotations

import re
from collections.abc import Sized
from dataclasses import dataclass, field
from typing import Final

from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.folding import MAX_LONG, MAX_SHORT, fold
from pgssi_probe.discovery.form_owner import Attributes, Forms, kind_of
from pgssi_probe.discovery.pressed import entry, jumps, leads_to
from pgssi_probe.discovery.site import Document, Link, Meta, Resource

MAX_TEXT: Final = 200_000
MAX_LINKS: Final = 2_000
MAX_RESOURCES: Final = 1_000
MAX_METAS: Final = 200
MAX_COMMENTS: Final = 500
MAX_SCRIPTS: Final = 300
MAX_CONTACTS: Final = 100
MAX_ELEMENTS: Final = 300
MAX_CODE: Final = 200_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BLOCKS: Final = _words(
    "address article aside blockquote body br button caption dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p pre section select summary table tbody td "
    "textarea tfoot th thead title tr ul"
)
SOURCES: Final = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "iframe": ("src",),
    "frame": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "applet": ("code", "archive"),
    "body": ("background",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
LOADED_RELS: Final = _words(
    "stylesheet icon apple-touch-icon apple-touch-icon-precomposed mask-icon preload modulepreload prefetch prerender "
    "manifest preconnect dns-prefetch"
)

_SPACES = re.compile(r"\s+")
_CONFIRM = re.compile(r"\bconfirm\w{0,20}\s{0,3}\(", re.IGNORECASE)
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]?\s*(?:url\s*=)?\s*[\"']?\s*([^\"'\s][^\"']*)", re.IGNORECASE)
_CANDIDATE = re.compile(r"\s*,*\s*([^\s,]\S{0,4095})([^,]{0,200})")


@dataclass(slots=True)
class OpenLink:
    raw: str
    rel: tuple[str, ...]
    label: str
    method: str
    asks_first: bool
    text: list[str] = field(default_factory=list)
    length: int = 0


def _asks_first(attributes: Attributes) -> bool:
    asked = any(attributes.get(name) for name in ("data-confirm", "data-turbo-confirm", "hx-confirm"))
    return asked or bool(_CONFIRM.search(attributes.get("onclick", "")[:2000]))


def _method(attributes: Attributes) -> str:
    """The method of a link: some frameworks (Rails, Turbo, Symfony UX) let an attribute say another one than GET."""
    said = (attributes.get("data-method") or attributes.get("data-turbo-method") or "").strip().upper()
    return said if said in {"POST", "PUT", "PATCH", "DELETE"} else "GET"


class Harvest:
    """Feed it in document order: `enter`, `leave`, `say` for text, `remark` for comments, `form_ended`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cut = False
        self.doctype = ""
        self._base: str | None = None
        self._title: str | None = None
        self._language = ""
        self._text: list[str] = []
        self._length = 0
        self._line_open = False
        self._links: list[OpenLink] = []
        self._link: OpenLink | None = None
        self._pressed: OpenLink | None = None
        """An element that is no link and leads somewhere; with its name, and how many of that name are open in it."""
        self._pressed_in = ("", 0)
        self._jumping = False
        self._forms = Forms()
        self._resources: list[tuple[str, str, Attributes]] = []
        self._metas: list[Meta] = []
        self._comments: list[str] = []
        self._scripts: list[str] = []
        self._contacts: dict[str, None] = {}
        self._elements: set[str] = set()
        self._refresh: list[str] = []

    def enter(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        self._forms.enter(name, attributes)
        if len(self._elements) < MAX_ELEMENTS:
            self._elements.add(name[:40])
        if name in BLOCKS:
            self._end_line()
        if name == self._pressed_in[0]:
            self._pressed_in = (name, self._pressed_in[1] + 1)
        if name != "link" and (leads := leads_to(attributes)) is not None:
            self._pressed, self._pressed_in = self._add_link(leads, (), attributes), (name, 1)
        if name in {"a", "area", "link"}:
            self._enter_link(name, attributes)
        elif name == "select":
            self._jumping = jumps(attributes)
        elif name == "option" and self._jumping and (leads := entry(attributes)) is not None:
            self._add_link(leads, (), attributes)
        elif name == "meta":
            self._meta(attributes)
        elif name == "base" and self._base is None and attributes.get("href"):
            self._base = attributes["href"]
        elif name == "html":
            self._language = self._language or fold(attributes.get("lang", attributes.get("xml:lang", "")), 35)
        elif name == "input" and kind_of(name, attributes) == "image":
            self._resource("input", "src", attributes)
        for source in SOURCES.get(name, ()):
            self._resource(name, source, attributes)
        if name == "img" and attributes.get("alt"):
            self._say_in_link(attributes["alt"])

    def leave(self, name: str) -> None:
        """An element ends, in the tree."""
        if name in BLOCKS:
            self._end_line()
        if name == "a":
            self._link = None
        elif name == "select":
            self._jumping = False
        if name == self._pressed_in[0]:
            self._pressed_in = (name, self._pressed_in[1] - 1)
            if not self._pressed_in[1]:
                self._pressed, self._pressed_in = None, ("", 0)
        self._forms.leave(name)

    def form_ended(self) -> None:
        """The page wrote the end tag of a form."""
        self._forms.ended()

    def say(self, text: str) -> None:
        """Text that people read."""
        if not text:
            return
        self._say_in_link(text)
        self._forms.say(text)
        if (form := self._forms.current) is not None:
            form.say(text)
        if self._length >= MAX_TEXT:
            self.cut = self.cut or not text.isspace()
            return
        folded = _SPACES.sub(" ", text[: MAX_TEXT - self._length])
        if folded == " " and not self._line_open:
            return
        self._text.append(folded)
        self._length += len(folded)
        self._line_open = True

    def titled(self, text: str) -> None:
        if self._title is None:
            self._title = fold(text)

    def remark(self, text: str) -> None:
        """A comment."""
        if self._room(self._comments, MAX_COMMENTS):
            self._comments.append(text[:MAX_LONG])

    def script(self, code: str) -> None:
        """The text inside a script element, data blocks included."""
        if code.strip() and self._room(self._scripts, MAX_SCRIPTS):
            self._scripts.append(code[:MAX_CODE])

    def document(self) -> Document:
        base = absolute(self._base, self.url) if self._base else None
        origin = base or self.url
        forms, loose = self._forms.settled(origin, self.url)
        return Document(
            title=self._title or "",
            language=self._language,
            text="\n".join(line for line in (part.strip() for part in "".join(self._text).split("\n")) if line),
            links=self._resolved_links(origin),
            forms=forms,
            resources=self._resolved_resources(origin),
            metas=tuple(self._metas),
            comments=tuple(self._comments),
            inline_scripts=tuple(self._scripts),
            base=base or "",
            doctype=self.doctype[:MAX_SHORT],
            contacts=tuple(self._contacts),
            elements=frozenset(self._elements),
            loose_fields=loose,
            cut=self.cut or self._forms.cut,
        )

    def _room(self, items: Sized, cap: int) -> bool:
        if len(items) >= cap:
            self.cut = True
        return len(items) < cap

    def _end_line(self) -> None:
        if self._line_open:
            self._text.append("\n")
            self._line_open = False

    def _say_in_link(self, text: str) -> None:
        for link in (self._link, self._pressed):
            if link is not None and link.length < MAX_SHORT:
                link.text.append(text[:MAX_SHORT])
                link.length += min(len(text), MAX_SHORT)

    def _enter_link(self, name: str, attributes: Attributes) -> None:
        raw, rel = attributes.get("href"), rel_of(attributes)
        if name == "link" and LOADED_RELS.intersection(rel):
            self._resource("link", "href", attributes)
            return
        if raw is None:
            return
        scheme = raw.strip().lower()[:11]
        if scheme.startswith(("mailto:", "tel:")):
            if len(self._contacts) < MAX_CONTACTS:
                self._contacts.setdefault(fold(raw))
            return
        if scheme.startswith(("javascript:", "data:")):
            return
        link = self._add_link(raw, rel, attributes)
        if name == "a":
            self._link = link

    def _add_link(self, raw: str, rel: tuple[str, ...], attributes: Attributes) -> OpenLink | None:
        if not self._room(self._links, MAX_LINKS):
            return None
        said = (attributes.get(one) for one in ("aria-label", "title", "alt", "value"))
        label = next((one for one in said if one), "")
        link = OpenLink(raw, rel, fold(label), _method(attributes), _asks_first(attributes))
        self._links.append(link)
        return link

    def _meta(self, attributes: Attributes) -> None:
        content = attributes.get("content")
        if content is None:
            return
        for attribute, source in (("http-equiv", "http-equiv"), ("name", "name"), ("property", "property")):
            name = attributes.get(attribute, "").strip().lower()
            if not name:
                continue
            if len(self._metas) < MAX_METAS:
                self._metas.append(Meta(source, name[:MAX_SHORT], content[:MAX_LONG]))
            else:
                self.cut = True
            target = _REFRESH.match(content[:MAX_LONG]) if name == "refresh" and source == "http-equiv" else None
            if target and len(self._refresh) < 5:
                self._refresh.append(target[1])

    def _resource(self, tag: str, source: str, attributes: Attributes) -> None:
        raw = attributes.get(source, "")
        candidates = (
            [match[1].rstrip(",") for match in _CANDIDATE.finditer(raw[:8192])] if source == "srcset" else [raw]
        )
        for candidate in candidates[:10]:
            written = candidate.strip()
            if not written or written[:5].lower() == "data:":
                continue
            if len(self._resources) >= MAX_RESOURCES:
                self.cut = True
                return
            self._resources.append((tag, written, attributes))

    def _resolved_links(self, origin: str) -> tuple[Link, ...]:
        found: dict[Link, None] = {}
        for raw in self._refresh:
            url = absolute(raw, origin)
            if url:
                found.setdefault(Link(url, "", ("refresh",)))
        for link in self._links:
            url = absolute(link.raw, origin)
            if url:
                said = fold(" ".join(link.text)) or link.label
                found.setdefault(Link(url, said, link.rel, link.method, link.asks_first))
        return tuple(found)

    def _resolved_resources(self, origin: str) -> tuple[Resource, ...]:
        found: dict[Resource, None] = {}
        for tag, raw, attributes in self._resources:
            url = absolute(raw, origin)
            if url:
                found.setdefault(
                    Resource(
                        tag=tag,
                        url=url,
                        raw=raw[:2048],
                        rel=rel_of(attributes) if tag == "link" else (),
                        integrity=attributes.get("integrity", "")[:MAX_SHORT],
                        crossorigin=fold(attributes["crossorigin"], 40) if "crossorigin" in attributes else None,
                        kind=fold(attributes.get("as") or attributes.get("type", ""), 100).lower(),
                    )
                )
        return tuple(found)


def rel_of(attributes: Attributes) -> tuple[str, ...]:
    return tuple(attributes.get("rel", "")[:MAX_SHORT].lower().split()[:20])
