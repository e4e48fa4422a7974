"""What an account reads of its own: the texts of its pages, its data, its filled-in fields; and the values there that
it alone may see. What is reported of these is a count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from pgssi_probe.check import CheckContext, Exchange, Response
from pgssi_probe.compare.marks import MAX_TEXT, NOTHING, OF_A_PERSON, Marks, marks, text_of
from pgssi_probe.discovery.collect import SITE

_INPUT = re.compile(rb"<input\b[^>]{0,2000}>", re.IGNORECASE)
_VALUE = re.compile(r"\svalue\s{0,3}=\s{0,3}(?:\"([^\"]{3,300})\"|'([^']{3,300})')", re.IGNORECASE)
_TYPED = re.compile(r"\stype\s{0,3}=\s{0,3}[\"']?(?:text|email|tel)\b", re.IGNORECASE)


def filled_in(response: Response | None) -> str:
    """What the fields of a page hold already, one a line: an account's own details are often shown that way."""
    found = []
    for tag in _INPUT.findall(response.body[:MAX_TEXT] if response is not None else b""):
        text = tag.decode("utf-8", "replace")
        value = _VALUE.search(text)
        if value is not None and _TYPED.search(text):
            found.append(unescape(value[1] or value[2]))
    return "\n".join(found)


def data_texts(exchanges: Iterable[Exchange]) -> list[str]:
    """Texts of the JSON answers among exchanges, their escapes undone."""
    data = (one for one in exchanges if one.response is not None and "json" in one.response.media_type)
    return [text_of(one) for one in data if one.response is not None and len(one.response.body) <= MAX_TEXT]


async def marks_of(ctx: CheckContext, label: str, own: Iterable[str]) -> Marks:
    """What `label` alone may see: declared in the engagement, and learned from its own texts."""
    site = await ctx.collect(SITE)
    account = ctx.accounts[label]
    return marks(
        (secret.reveal() for secret in account.canaries),
        list(own),
        public="\n".join(page.document.text for page in site.pages),
        username=account.username,
        proving=OF_A_PERSON,
        telling=NOTHING,
    )
