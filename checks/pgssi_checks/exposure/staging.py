"""Signs that an environment is not that of production: tools of development, and what pages say. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from pgssi_probe import yaml_text
from pgssi_probe.discovery.folding import without_accents
from pgssi_probe.discovery.site import Page
from pgssi_probe.net.exchange import Exchange

SIGNS: Final = Path(__file__).with_name("nonproduction_signs.yaml")
MAX_READ: Final = 300_000
MAX_LINE: Final = 140
"""A banner is short; longer lines are articles, which may speak of environments of test."""

_FRENCH = (
    r"(?:environnement|plate-?forme|serveur|site|portail|instance|version) "
    r"(?:de |d')(?:tests?|recette|pre-?production|qualification|integration|homologation)\b"
    r"|(?:environnement|serveur) (?:de |d')(?:developpement|formation|demonstration)\b"
    r"|environnement (?:hors[- ]production|non[- ]productif)\b"
    r"|ne saisi(?:r|ssez) (?:aucune|pas de|jamais de) donnees? (?:patients? )?reelles?\b"
)
_ENGLISH = (
    r"(?:test|testing|staging|pre-?production|uat|sandbox|non-?production) (?:environment|server|instance|platform)\b"
    r"|(?:development|qa|training) environment\b"
    r"|do not (?:enter|use) real (?:patient )?data\b"
)
_WORDS = re.compile(rf"\b(?:{_FRENCH}|{_ENGLISH})")
_TAG = re.compile(r"[\[(](?:recette|test|dev|preprod|staging|uat|qualif|qa)[\])]")


@cache
def _tools() -> tuple[tuple[str, str, str], ...]:
    return tuple((one["tool"], one.get("text", ""), one.get("header", "")) for one in yaml_text.read(SIGNS)["tools"])


def tools_in(exchanges: Iterable[Exchange]) -> dict[str, tuple[Exchange, str]]:
    """Tools of development by name, with the first answer that shows each and what shows it."""
    found: dict[str, tuple[Exchange, str]] = {}
    for exchange in exchanges:
        response = exchange.response
        if response is None:
            continue
        text = response.text[:MAX_READ] if response.is_html else ""
        for tool, mark, header in _tools():
            if header and response.header(header):
                found.setdefault(tool, (exchange, header))
            elif mark and mark in text:
                found.setdefault(tool, (exchange, mark))
    return found


def wording_of(page: Page) -> str:
    """What a page says of its environment, in a short line or in its title; "" when it says nothing."""
    title = page.document.title
    for line in (title, *page.document.text.split("\n")):
        folded = without_accents(line[: MAX_LINE + 1]).lower().replace("\u2019", "'")
        if 0 < len(folded) <= MAX_LINE and (_WORDS.search(folded) or (line == title and _TAG.search(folded))):
            return line.strip()
    return ""


def asks_not_to_be_indexed(page: Page) -> bool:
    """Whether search engines are asked to leave a page alone: alone, a portal may well wish so."""
    response = page.exchange.response
    told = [one.content for one in page.document.metas if one.name == "robots"]
    if response is not None:
        told += response.all("x-robots-tag")
    return any("noindex" in one.lower() or one.strip().lower() == "none" for one in told)
