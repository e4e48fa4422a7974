"""Where a marker came back in a page, what would get out of there, and whether it did.

Nothing is guessed from characters: what got out is an element, an attribute, an address or a name in code that did not
exist before, and that bears a random name. What came back encoded makes none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final, Literal

from pgssi_checks.input.markup import Attribute, Token, tokens
from pgssi_checks.input.script_text import piece_at

Out = Literal["element", "attribute", "address", "code"]
"""What a value became: an element, an attribute, an address of a script, code in a script."""

MAX_SPOTS: Final = 60
ADDRESSES: Final = frozenset({"href", "src", "action", "formaction", "data", "xlink:href", "to", "from", "values"})
RUNS_ADDRESS: Final = frozenset({"a", "area", "iframe", "frame", "embed", "object", "form", "button", "input", "base"})
_SCRIPT_TYPE = re.compile(r"^(?:module|(?:text|application)/(?:x-)?(?:java|ecma|j|live)script[\d.]*)?$", re.IGNORECASE)
_SCHEME_NOISE = re.compile(r"^[\x00-\x20]+|[\t\n\r]")


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of a marker. `context` names it for the report; `ways` are values that would get out, in order, with
    `%` for a name that nothing else bears."""

    context: str
    ways: tuple[str, ...]


def spots(page: str, marker: str) -> list[Spot]:
    """Where a marker came back, each kind of place once."""
    found: dict[Spot, None] = {}
    for number, spot in enumerate(_spots(page, marker)):
        if number == MAX_SPOTS:
            break
        found.setdefault(spot)
    return list(found)


def _spots(page: str, marker: str) -> Iterator[Spot]:
    for token in tokens(page):
        text = page[token.start : token.end]
        if marker not in text.lower():
            continue
        match token.kind:
            case "data" if token.inert:
                yield Spot("template", ("</template><%>",))
            case "data":
                yield Spot("text", ("<%>",))
            case "rcdata" | "rawtext":
                yield Spot(token.name, (f"</{token.name}><%>",))
            case "comment":
                yield Spot("comment", ("--><%>", "><%>"))
            case "script":
                yield from _in_script(text, marker, "script")
            case "tag":
                yield from _in_tag(token, marker)
            case _:
                continue


def _in_tag(token: Token, marker: str) -> Iterator[Spot]:
    held = [one for one in token.attributes if marker in one.value.lower()]
    for one in held:
        yield from _in_attribute(token, one, marker)
    if not held:
        yield Spot("tag", (" %=1", "><%>"))


def _in_attribute(token: Token, one: Attribute, marker: str) -> Iterator[Spot]:
    value = unescape(one.value)
    kind = {'"': "double-quoted", "'": "single-quoted", "": "unquoted"}[one.quote]
    if one.name.startswith("on"):
        yield from _in_script(value, marker, "event", ends=False)
    elif one.name == "srcdoc":
        yield Spot("srcdoc", ("<%>",))
    elif one.name in ADDRESSES and token.name in RUNS_ADDRESS and value.lower().lstrip().startswith(marker):
        yield Spot("address", ("javascript:%",))
    if one.quote:
        yield Spot(kind, (f"{one.quote}><%>", f"{one.quote} %={one.quote}"))
    else:
        yield Spot(kind, ("><%>", " %=1 "))


def _in_script(script: str, marker: str, name: str, *, ends: bool = True) -> Iterator[Spot]:
    at = script.lower().find(marker)
    if at < 0:
        return
    piece = piece_at(script, at)
    out = ("</script><%>",) if ends else ()
    match piece.kind:
        case "string":
            quote = piece.quote
            yield Spot(f"{name}-string", (f"{quote}-%()-{quote}", *out, f"\\{quote}-%()//"))
        case "template":
            yield Spot(f"{name}-template", ("${%()}", *out, "`-%()-`"))
        case "block-comment":
            yield Spot(f"{name}-comment", ("*/%()/*", *out))
        case "code":
            yield Spot(f"{name}-code", ("%()", *out))
        case _:
            yield Spot(f"{name}-{piece.kind}", out)


def got_out(page: str, mark: str) -> Out | None:
    """What the name `mark` became, when it became anything that runs or could be made to; the strongest first."""
    found = set(_became(page, mark.lower(), 0))
    return next((out for out in ("element", "code", "attribute", "address") if out in found), None)


def _became(page: str, mark: str, depth: int) -> Iterator[Out]:
    types = ""
    for token in tokens(page):
        if token.inert:
            continue
        if token.kind == "tag":
            types = next((one.value for one in token.attributes if one.name == "type"), "").strip()
            if token.name == mark:
                yield "element"
            for one in token.attributes:
                if one.name == mark:
                    yield "attribute"
                elif mark in one.value.lower():
                    yield from _of_value(token, one, mark, depth)
        elif token.kind == "script" and _SCRIPT_TYPE.match(types) and _is_code(page[token.start : token.end], mark):
            yield "code"


def _of_value(token: Token, one: Attribute, mark: str, depth: int) -> Iterator[Out]:
    value = unescape(one.value)
    if one.name.startswith("on") and _is_code(value, mark):
        yield "code"
    elif one.name == "srcdoc" and depth == 0:
        yield from _became(value, mark, 1)
    elif one.name in ADDRESSES and token.name in RUNS_ADDRESS:
        bare = _SCHEME_NOISE.sub("", value).lower()
        if bare.startswith("javascript:" + mark):
            yield "address"


def _is_code(script: str, mark: str) -> bool:
    """Whether the name is called in code."""
    lowered, at = script.lower(), -1
    for _ in range(MAX_SPOTS):
        at = lowered.find(mark + "()", at + 1)
        if at < 0:
            return False
        if piece_at(script, at).kind == "code":
            return True
    return False
