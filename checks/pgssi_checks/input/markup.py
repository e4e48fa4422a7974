"""The tokens of a page, as a browser cuts it (HTML, §13.2.5), with their places in the text.

lxml mends what it reads and tells no places; here nothing is mended: what matters is whether a character that came back
is text, a value, or the start of something. Scripting is on, as in a browser. Linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from pgssi_probe.discovery.danger import words

Kind = Literal["data", "rcdata", "rawtext", "script", "comment", "tag", "end-tag", "plaintext"]

RCDATA: Final = frozenset({"title", "textarea"})
RAWTEXT: Final = frozenset({"style", "xmp", "iframe", "noembed", "noframes", "noscript"})
MAX_TEXT: Final = 400_000
MAX_ATTRIBUTES: Final = 400
_SPACE = " \t\n\r\f"
_NAME_START = re.compile(r"[A-Za-z]")
_NAME_END = re.compile(r"[ \t\n\r\f/>]")
_ATTRIBUTE_END = re.compile(r"[ \t\n\r\f/>=]")
_UNQUOTED_END = re.compile(r"[ \t\n\r\f>]")
_NOT_SPACE = re.compile(r"[^ \t\n\r\f]")
_BETWEEN = re.compile(r"[^ \t\n\r\f/]")
_COMMENT_END = re.compile(r"--!?>")
_FOREIGN = frozenset({"svg", "math"})
_BACK_IN_HTML = frozenset({"foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"})
_BREAKS_OUT = words("""
    b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta
    nobr ol p pre ruby s small span strong strike sub sup table tt u ul var
""")
_SCRIPT_STEP = re.compile(r"<!--|-->|<script(?=[ \t\n\r\f/>])|</script(?=[ \t\n\r\f/>])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`start` and `end` bound the value as written, its quotes left out; `quote` is "" for none."""

    name: str
    value: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Token:
    """`start` and `end` bound it in the text. `name` is that of the tag, or of the element whose text it is.

    `inert`: inside a `<template>`, where nothing runs.
    """

    kind: Kind
    start: int
    end: int
    name: str = ""
    attributes: tuple[Attribute, ...] = ()
    inert: bool = False


@dataclass
class _Reader:
    text: str
    at: int = 0
    foreign: list[str] = field(default_factory=list)
    templates: int = 0

    @property
    def is_foreign(self) -> bool:
        return bool(self.foreign) and self.foreign[-1] in _FOREIGN

    def run(self) -> Iterator[Token]:
        size = len(self.text)
        while self.at < size:
            opening = self._next_opening()
            if opening > self.at:
                yield Token("data", self.at, opening, inert=self.templates > 0)
                self.at = opening
            if self.at >= size:
                return
            yield from self._markup()

    def _next_opening(self) -> int:
        """The next `<` that begins something."""
        place = self.at
        while (place := self.text.find("<", place)) >= 0:
            following = self.text[place + 1 : place + 2]
            if following in {"!", "?", "/"} or _NAME_START.match(following):
                return place
            place += 1
        return len(self.text)

    def _markup(self) -> Iterator[Token]:
        text, start = self.text, self.at
        if text.startswith("<!--", start):
            yield self._comment(start)
        elif text.startswith("<![CDATA[", start) and self.is_foreign:
            end = text.find("]]>", start)
            self.at = len(text) if end < 0 else end + 3
            yield Token("data", start, self.at, inert=True)
        elif text[start + 1 : start + 2] in {"!", "?"} or (
            text.startswith("</", start) and not _NAME_START.match(text, start + 2)
        ):
            end = text.find(">", start)
            self.at = len(text) if end < 0 else end + 1
            yield Token("comment", start, self.at)
        else:
            yield from self._tag(start)

    def _comment(self, start: int) -> Token:
        inside = start + 4
        if self.text.startswith((">", "->"), inside):
            self.at = self.text.index(">", inside) + 1
        else:
            match = _COMMENT_END.search(self.text, inside)
            self.at = match.end() if match else len(self.text)
        return Token("comment", start, self.at)

    def _tag(self, start: int) -> Iterator[Token]:
        closing = self.text.startswith("</", start)
        begin = start + 1 + closing
        match = _NAME_END.search(self.text, begin)
        if match is None:
            self.at = len(self.text)  # cut within a tag: it is never made
            yield Token("tag", start, self.at, "", inert=True)
            return
        name = self.text[begin : match.start()].lower()
        attributes, end, slash = self._attributes(match.start())
        self.at = end
        if end > len(self.text) or self.text[end - 1 : end] != ">":
            yield Token("tag", start, len(self.text), "", attributes, inert=True)
            return
        drawn = self.is_foreign  # a <title> or a <style> of a drawing holds tags
        self._follow(name, closing=closing, slash=slash)
        inert = self.templates > 0
        if closing:
            yield Token("end-tag", start, end, name)
            return
        yield Token("tag", start, end, name, attributes, inert=inert)
        if not drawn:
            yield from self._content(name, inert=inert)

    def _attributes(self, at: int) -> tuple[tuple[Attribute, ...], int, bool]:
        """The attributes from a place on, where the tag ends, and whether it closes itself."""
        text, found = self.text, list[Attribute]()
        names: set[str] = set()
        while True:
            between = _BETWEEN.search(text, at)
            if between is None:
                return tuple(found), len(text) + 1, False
            slash = text[at : between.start()].endswith("/")
            at = between.start()
            if text[at] == ">":
                return tuple(found), at + 1, slash
            stop = _ATTRIBUTE_END.search(text, at + 1)
            if stop is None:
                return tuple(found), len(text) + 1, False
            name = text[at : stop.start()].lower()
            attribute, at = self._value(name, stop.start())
            if attribute is None:
                return tuple(found), len(text) + 1, False
            if name not in names and len(found) < MAX_ATTRIBUTES:
                names.add(name)
                found.append(attribute)

    def _value(self, name: str, at: int) -> tuple[Attribute | None, int]:
        text = self.text
        after = _NOT_SPACE.search(text, at)
        if after is None:
            return None, at
        if text[after.start()] != "=":
            return Attribute(name, "", "", after.start(), after.start()), after.start()
        begin = _NOT_SPACE.search(text, after.start() + 1)
        if begin is None:
            return None, at
        at = begin.start()
        if text[at] in "\"'":
            end = text.find(text[at], at + 1)
            if end < 0:
                return None, at
            return Attribute(name, text[at + 1 : end], text[at], at + 1, end), end + 1
        if text[at] == ">":
            return Attribute(name, "", "", at, at), at
        stop = _UNQUOTED_END.search(text, at)
        if stop is None:
            return None, at
        return Attribute(name, text[at : stop.start()], "", at, stop.start()), stop.start()

    def _follow(self, name: str, *, closing: bool, slash: bool) -> None:
        """Keep track of templates, drawings and formulas, whose content is cut otherwise."""
        if name == "template" and not self.is_foreign:
            self.templates = max(0, self.templates + (-1 if closing else 1))
        elif closing:
            if self.is_foreign and name in {"p", "br"}:
                self.foreign.clear()
            elif name in self.foreign:
                del self.foreign[len(self.foreign) - 1 - self.foreign[::-1].index(name) :]
        elif name in _FOREIGN and not slash:
            self.foreign.append(name)
        elif self.is_foreign and name in _BREAKS_OUT:
            self.foreign.clear()
        elif self.is_foreign and name in _BACK_IN_HTML and not slash:
            self.foreign.append(name)

    def _content(self, name: str, *, inert: bool) -> Iterator[Token]:
        """The text of an element that holds no tags."""
        kind: Kind
        if name == "script":
            kind, end = "script", self._end_of_script()
        elif name in RCDATA or name in RAWTEXT:
            kind = "rcdata" if name in RCDATA else "rawtext"
            match = re.compile(rf"</{name}(?=[ \t\n\r\f/>])", re.IGNORECASE).search(self.text, self.at)
            end = match.start() if match else len(self.text)
        elif name == "plaintext":
            kind, end = "plaintext", len(self.text)
        else:
            return
        if end > self.at:
            yield Token(kind, self.at, end, name, inert=inert)
        self.at = end

    def _end_of_script(self) -> int:
        """Where the script ends: `</script>`, unless it is inside `<!-- <script`."""
        escaped = doubled = False
        for step in _SCRIPT_STEP.finditer(self.text, self.at):
            said = step[0].lower()
            if said == "<!--":
                escaped = True
            elif said == "-->":
                escaped = doubled = False
            elif said == "<script":
                doubled = doubled or escaped
            elif doubled:
                doubled = False
            else:
                return step.start()
        return len(self.text)


def tokens(text: str) -> list[Token]:
    """The tokens of a page, in order; of a long one, those of its beginning."""
    return list(_Reader(text[:MAX_TEXT]).run())
