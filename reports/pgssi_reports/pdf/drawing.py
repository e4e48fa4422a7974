"""Drawings made independent of the page around them.

WeasyPrint draws an inline SVG as a picture of its own: the style sheet of the page does not reach it, and `use` finds
nothing outside it. So the rules that apply are written on each element as presentation attributes, and symbols are
copied where they are used. A decorative drawing becomes a background, which assistive technology passes over.
"""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as ET

import cssselect2
import tinycss2

SVG: Final = "{http://www.w3.org/2000/svg}"
PAINTED: Final = frozenset(
    {
        "display",
        "fill",
        "fill-opacity",
        "fill-rule",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "opacity",
        "stroke",
        "stroke-dasharray",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-opacity",
        "stroke-width",
        "text-anchor",
        "visibility",
    }
)
_VARIABLE: Final = re.compile(r"var\(\s*(--[\w-]+)\s*\)")
_DEPTH_MAX: Final = 8


@dataclass(frozen=True)
class Paint:
    """What an element hands down: custom properties, and the colour that `currentColor` stands for."""

    variables: Mapping[str, str]
    colour: str = "#000000"

    def resolved(self, value: str) -> str:
        for _ in range(_DEPTH_MAX):
            value, found = _VARIABLE.subn(lambda name: self.variables.get(name[1], "none"), value)
            if not found:
                break
        return re.sub("currentcolor", self.colour, value, flags=re.IGNORECASE)


def dress(root: Any, style: str) -> None:
    """Give every drawing of a page its own paint, in place. `style` is the style sheet of the page."""
    _expand(root)
    matcher = _matcher(style)
    paints: dict[Any, Paint] = {}
    drawings = [
        wrapper
        for wrapper in cssselect2.ElementWrapper.from_html_root(root).iter_subtree()
        if wrapper.etree_element.tag == f"{SVG}svg"
    ]
    for drawing in drawings:
        for wrapper in drawing.iter_subtree():
            _paint(wrapper, matcher, paints)
    for wrapper in drawings:
        _finish(wrapper)


def _expand(root: Any) -> None:
    """Copy the symbols where they are used, and take their sheet away."""
    symbols = {element.get("id"): element for element in root.iter(f"{SVG}symbol")}
    sheets = {id(symbol) for symbol in symbols.values()}
    for parent in list(root.iter()):
        for place, child in enumerate(list(parent)):
            if child.tag == f"{SVG}use":
                symbol = symbols.get((child.get("href") or "").removeprefix("#"))
                parent[place] = _copied(symbol) if symbol is not None else ET.Element(f"{SVG}g")
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{SVG}svg" and any(id(inner) in sheets for inner in child.iter()):
                _remove(parent, child)


def _copied(symbol: Any) -> Any:
    made = copy.deepcopy(symbol)
    for element in made.iter():
        element.attrib.pop("id", None)
    return made


def _remove(parent: Any, child: Any) -> None:
    """Take a child away and leave the text that follows it."""
    place = list(parent).index(child)
    if child.tail and place:
        parent[place - 1].tail = (parent[place - 1].tail or "") + child.tail
    elif child.tail:
        parent.text = (parent.text or "") + child.tail
    parent.remove(child)


def _matcher(style: str) -> Any:
    matcher = cssselect2.Matcher()
    for rule in _printed(tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)):
        declared = [
            (one.lower_name, tinycss2.serialize(one.value).strip())
            for one in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
            if one.type == "declaration"
        ]
        kept = [(name, value) for name, value in declared if name in PAINTED or name == "color" or name[:2] == "--"]
        if not kept:
            continue
        try:
            selectors = cssselect2.compile_selector_list(rule.prelude)
        except cssselect2.SelectorError:
            continue
        for selector in selectors:
            if selector.pseudo_element is None and not selector.never_matches:
                matcher.add_selector(selector, kept)
    return matcher


def _printed(rules: Iterable[Any]) -> Iterator[Any]:
    """The rules that apply to paper."""
    for rule in rules:
        if rule.type == "qualified-rule":
            yield rule
            continue
        media = rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content is not None
        if media and tinycss2.serialize(rule.prelude).strip() in ("print", "all"):
            yield from _printed(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))


def _paint(wrapper: Any, matcher: Any, paints: dict[Any, Paint]) -> Paint:
    """What an element hands down, computed once; the elements of drawings also get their attributes."""
    element = wrapper.etree_element
    known = paints.get(element)
    if known is not None:
        return known
    above = _paint(wrapper.parent, matcher, paints) if wrapper.parent is not None else Paint({})
    declared: dict[str, str] = {}
    for *_, pairs in matcher.match(wrapper):
        declared.update(pairs)
    own = {name: value for name, value in declared.items() if name.startswith("--")}
    paint = Paint({**above.variables, **own}, above.colour) if own else above
    colour = declared.get("color", "inherit")
    if colour != "inherit":
        paint = Paint(paint.variables, paint.resolved(colour))
    paints[element] = paint
    if str(element.tag).startswith(SVG):
        for name in PAINTED & declared.keys():
            if declared[name] != "inherit":
                element.set(name, paint.resolved(declared[name]))
        for name in ("fill", "stroke"):
            if element.get(name):
                element.set(name, paint.resolved(element.get(name)))
    return paint


def _finish(wrapper: Any) -> None:
    """A drawing that says something keeps its description; another one becomes a background."""
    drawing = wrapper.etree_element
    for element in drawing.iter(f"{SVG}symbol"):
        element.tag = f"{SVG}g"
        element.attrib.pop("viewBox", None)
    if drawing.get("aria-hidden") != "true":
        described = [
            " ".join((inner.text or "").split()) for name in ("title", "desc") for inner in drawing.iter(SVG + name)
        ]
        title = drawing.find(f"{SVG}title")
        if title is not None:
            title.text = " ".join(text for text in described if text)
        return
    name = drawing.get("class", "")
    alone = copy.deepcopy(drawing)
    alone.tail = None
    for element in alone.iter():
        for attribute in ("class", "aria-hidden", "focusable"):
            element.attrib.pop(attribute, None)
    encoded = base64.b64encode(ET.tostring(alone)).decode()
    size = ";".join(
        f"{side}:{value}px" for side in ("width", "height") if (value := drawing.get(side, "")).isdigit() and not name
    )
    tail = drawing.tail
    drawing.clear()
    drawing.tag, drawing.tail = "span", tail
    drawing.set("class", f"drawn {name}")
    drawing.set("style", f"background-image:url(data:image/svg+xml;base64,{encoded});{size}")
