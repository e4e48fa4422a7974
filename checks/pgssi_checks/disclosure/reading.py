"""The text that a person would read in an answer, under tags, entities or JSON escapes. Linear in time."""

from __future__ import annotations

import html
import re
import string

from pgssi_probe.net.exchange import Response

MAX_READ = 400_000
"""Characters of a body that are looked at. A stack trace comes early and is short."""

_HIDDEN = ("script", "style", "svg")
_TAG = re.compile(r"<[/!?A-Za-z][^<>]*>")
_BREAK = re.compile(r"</?(?:br|p|div|li|tr|pre|h[1-6]|hr|ul|ol|table|title|code|td|dd|dt|body)\b[^<>]*>", re.IGNORECASE)
_ESCAPED = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": "\n"}
_ASCII_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}
"""Only ASCII letters, so that positions stay the same: some letters change length in lower case."""
_JSON_STRING = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))|\"")


def readable(response: Response) -> str:
    """The visible text of an answer, capped, with JSON escapes undone where the text is that of a JSON string."""
    text = response.text[:MAX_READ]
    if response.is_html:
        return visible_text(text)
    if "json" in response.media_type or text[:1] in "{[":
        return _JSON_STRING.sub(_unescaped, text)
    return text


def _unescaped(match: re.Match[str]) -> str:
    """An escape of a JSON string undone; a quote that delimits a string ends a line."""
    code, letter = match.groups()
    if code:
        return chr(int(code, 16))
    return _ESCAPED.get(letter, letter) if letter else "\n"


def visible_text(markup: str) -> str:
    """Text without tags, scripts and styles; blocks end lines. Never more than what came in, entities apart."""
    text = without_elements(markup, _HIDDEN)
    text = _BREAK.sub("\n", text)
    return html.unescape(_TAG.sub("", text)).replace("\xa0", " ")


def without_elements(markup: str, names: tuple[str, ...]) -> str:
    """The markup without some elements and their content, by a single walk from one tag to its end."""
    lowered = markup.translate(_ASCII_LOWER)
    for name in names:
        opening, closing = f"<{name}", f"</{name}"
        if opening not in lowered:
            continue
        kept = []
        position = 0
        while (start := lowered.find(opening, position)) >= 0:
            kept.append(markup[position:start])
            end = lowered.find(closing, start)
            position = len(markup) if end < 0 else end
            if end < 0:
                break
        kept.append(markup[position:])
        markup = "".join(kept)
        lowered = markup.translate(_ASCII_LOWER)
    return markup
