"""Values that only the signed-in account may see: declared, or learned by comparing its pages with everybody's. They
live in memory; what is reported of them is a count."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

from pgssi_probe.check import CheckContext, Exchange, Response
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.redact.text import PATTERNS

KINDS = frozenset({"nir", "e-mail", "phone"})
"""Kinds of values that tell a person and are recognised by their form."""
FILES = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|mjs|json|html?|map|woff2?)$", re.IGNORECASE)
_INPUT = re.compile(rb"<input\b[^>]{0,2000}>", re.IGNORECASE)
_VALUE = re.compile(r"\svalue\s{0,3}=\s{0,3}(?:\"([^\"]{3,300})\"|'([^']{3,300})')", re.IGNORECASE)
_TYPED = re.compile(r"\stype\s{0,3}=\s{0,3}[\"']?(?:text|email|tel)\b", re.IGNORECASE)
MAX_LEARNED = 40
MAX_TEXT = 400_000
SHORTEST = 4


@dataclass(frozen=True)
class Canaries:
    """`values` are proof where they stand; `name` is the user name, a mark of the account that proves less."""

    values: frozenset[str]
    name: str = ""
    declared: bool = False

    def __repr__(self) -> str:
        return f"Canaries({len(self.values)}, declared={self.declared})"

    def inside(self, text: str) -> frozenset[str]:
        return frozenset(value for value in self.values if value in text)

    def names_the_account(self, text: str) -> bool:
        return bool(self.name) and self.name.casefold() in text.casefold()


def filled_in(response: Response | None) -> str:
    """What the fields of a page hold already, one a line: an account's own details are often shown that way."""
    found = []
    for tag in _INPUT.findall(response.body[:MAX_TEXT] if response is not None else b""):
        text = tag.decode("utf-8", "replace")
        value = _VALUE.search(text)
        if value is not None and _TYPED.search(text):
            found.append(unescape(value[1] or value[2]))
    return "\n".join(found)


def _tells_a_person(kind: str, value: str) -> bool:
    """Forms alone deceive: thirteen digits are a NIR or a time, ten digits a telephone or an alphabet, `icon@2x.png`
    is a file."""
    if kind == "nir":
        return sum(character.isalnum() for character in value) == 15
    if kind == "phone":
        return value.startswith(("+33", "0033")) or not value.isdigit()
    return not FILES.search(value)


def personal(texts: Iterable[str]) -> frozenset[str]:
    """Values in texts that have the form of personal data."""
    found: dict[str, None] = {}
    for text in texts:
        for kind, pattern in PATTERNS:
            if kind in KINDS:
                values = (match.group().strip() for match in pattern.finditer(text[:MAX_TEXT]))
                found.update(dict.fromkeys(value for value in values if _tells_a_person(kind, value)))
    return frozenset(list(found)[:MAX_LEARNED])


def learned(declared: Iterable[str], own: Iterable[str], everybody: str, name: str) -> Canaries:
    """Pure. `own` are texts shown to the account, `everybody` all that anybody is shown."""
    given = frozenset(value for value in declared if len(value) >= SHORTEST)
    seen = frozenset(value for value in personal(own) if value not in everybody)
    known = name if len(name) >= SHORTEST and name.casefold() not in everybody.casefold() else ""
    return Canaries(given | seen, known, bool(given))


def data_texts(exchanges: Iterable[Exchange]) -> list[str]:
    """Texts of the JSON answers among exchanges, their escapes undone."""
    texts = []
    for exchange in exchanges:
        response = exchange.response
        if response is None or "json" not in response.media_type or len(response.body) > MAX_TEXT:
            continue
        try:
            texts.append(json.dumps(json.loads(response.body), ensure_ascii=False))
        except (ValueError, RecursionError):
            texts.append(response.text)
    return texts


async def canaries_of(ctx: CheckContext, label: str, own: Iterable[str]) -> Canaries:
    """What `label` alone may see: declared in the engagement, and learned from its own texts."""
    site = await ctx.collect(SITE)
    everybody = "\n".join(page.document.text for page in site.pages)
    account = ctx.accounts[label]
    return learned((secret.reveal() for secret in account.canaries), own, everybody, account.username)
