"""Addresses that seem to act: asked for with GET, they answer with a redirect to another page and show nothing.

Applications that start a task, refresh a feed or store a preference by a plain link answer in this way. No word of the
link need say so: what was once answered like this, and never with a page, is asked for no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from pgssi_probe.discovery.address import shape

_RECORD = re.compile(r"[0-9]+|[0-9a-fA-F-]{8,}")
_WORD = re.compile(r"[a-zA-Z][a-zA-Z_.-]{1,40}")
_ADDRESS = re.compile(r"(?:https?:)?/")
MAX_FIELDS: Final = 30


def seems_to_act(url: str, target: str) -> bool:
    """Whether a redirect from one address to another looks like the end of an act, and not like a way to a page.

    It does not when the target is the same page under its full name, when a field of the address says where to go, when
    it leads to another host, or when the address has neither a field nor a record to act upon.
    """
    here, there = urlsplit(url), urlsplit(target)
    if here.netloc != there.netloc:
        return False
    fields = parse_qsl(here.query)[:MAX_FIELDS]
    if not fields and not any(_RECORD.fullmatch(segment) for segment in here.path.split("/")):
        return False
    if any(_ADDRESS.match(value) or _leads_to(url, value, target) for _, value in fields):
        return False
    given = {*parse_qsl(there.query)}
    return not (there.path.startswith(here.path) and given.issuperset(fields))


def _leads_to(url: str, value: str, target: str) -> bool:
    """Whether a field holds the target as it is seen from the address: `?next=report.php?id=1`."""
    try:
        return bool(value) and urljoin(url, value) == target
    except ValueError:
        return False


def family(url: str) -> str:
    """The shape of an address with the words of its fields: `?action=start&id=3` and `&id=4` are alike, `?action=view`
    is not."""
    said = sorted(
        f"{name}={value}" for name, value in parse_qsl(urlsplit(url).query)[:MAX_FIELDS] if _WORD.fullmatch(value)
    )
    return f"{unquote(shape(url))}|{'&'.join(said)}"


@dataclass
class Acts:
    """What the walks of all accounts were answered, by family of addresses."""

    redirected: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)

    def learn(self, url: str, target: str | None, status: int | None) -> None:
        """File an answer that was no refusal."""
        if target is not None and seems_to_act(url, target):
            self.redirected.add(family(url))
        elif status == 200:
            self.shown.add(family(url))

    def is_one(self, url: str) -> bool:
        """Whether the address belongs to a family that never showed a page."""
        if not self.redirected:
            return False
        kind = family(url)
        return kind in self.redirected and kind not in self.shown
