"""What a place in a script is: code, a string, a comment. A small reader of the lexical grammar of ECMAScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["code", "string", "template", "line-comment", "block-comment", "regex"]

_STRING_END = {quote: re.compile(rf"\\[\s\S]|{quote}|[\n\r]") for quote in "\"'"}
_TEMPLATE_STEP = re.compile(r"\\[\s\S]|`|\$\{")
_REGEX = re.compile(r"/(?![*/])(?:\\[^\n\r]|\[(?:\\[^\n\r]|[^\]\\\n\r])*\]|[^/\\\[\n\r])+/")
_STEP = re.compile(r"[\"'`{}]|//|/\*|<!--|/")
_BEFORE_REGEX = re.compile(r"(?:^|[(,=:\[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|delete))\s*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """`quote` is the sign that ends a string or a template."""

    kind: Kind
    start: int
    end: int
    quote: str = ""


def pieces(script: str) -> Iterator[Piece]:
    """The pieces of a script, in order, without gaps."""
    at = begin = 0
    braces: list[int] = []
    depth = 0
    size = len(script)
    while at < size:
        step = _STEP.search(script, at)
        if step is None:
            break
        sign, place = step[0], step.start()
        if sign == "{":
            depth, at = depth + 1, step.end()
            continue
        if sign == "}":
            at = step.end()
            if braces and braces[-1] == depth:
                braces.pop()
                yield Piece("code", begin, at)
                begin = at
                end, opened = _template(script, at)
                yield Piece("template", begin, end, "`")
                begin = at = end
                if opened:
                    braces.append(depth)
            else:
                depth = max(0, depth - 1)
            continue
        found = _literal(script, sign, place)
        if found is None:
            at = step.end()
            continue
        kind, end, opened = found
        if place > begin:
            yield Piece("code", begin, place)
        yield Piece(kind, place, end, sign if kind in {"string", "template"} else "")
        begin = at = end
        if opened:
            braces.append(depth)
    if begin < size:
        yield Piece("code", begin, size)


def _literal(script: str, sign: str, place: int) -> tuple[Kind, int, bool] | None:
    """What begins at a sign: its kind, its end, and whether code follows inside a template."""
    if sign in _STRING_END:
        at = place + 1
        while (match := _STRING_END[sign].search(script, at)) is not None:
            if not match[0].startswith("\\"):
                return "string", match.end(), False
            at = match.end()
        return "string", len(script), False
    if sign == "`":
        end, opened = _template(script, place + 1)
        return "template", end, opened
    if sign in {"//", "<!--"}:
        line = re.compile(r"[\n\r\u2028\u2029]").search(script, place)
        return "line-comment", line.start() if line else len(script), False
    if sign == "/*":
        close = script.find("*/", place + 2)
        return "block-comment", len(script) if close < 0 else close + 2, False
    if _BEFORE_REGEX.search(script[max(0, place - 40) : place]) and (regex := _REGEX.match(script, place)):
        return "regex", regex.end(), False
    return None


def _template(script: str, at: int) -> tuple[int, bool]:
    """The end of a piece of template, and whether it ends by opening code."""
    while (match := _TEMPLATE_STEP.search(script, at)) is not None:
        if not match[0].startswith("\\"):
            return match.end(), match[0] == "${"
        at = match.end()
    return len(script), False


def piece_at(script: str, place: int) -> Piece:
    """The piece that holds a place."""
    return next((one for one in pieces(script) if one.start <= place < one.end), Piece("code", 0, len(script)))
