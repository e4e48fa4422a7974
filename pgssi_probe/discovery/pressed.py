"""Where an element leads that is no link: buttons and rows whose script goes to an address, lists that jump. Pure."""

from __future__ import annotations

import re
from typing import Final

from pgssi_probe.discovery.form_owner import Attributes

MAX_HANDLER: Final = 2_000
_LITERAL = r"([\"'`])([^\"'`\s<>]{1,500}?)[ ]{0,3}"
_GOES = re.compile(
    r"(?:\blocation(?:\s{0,3}\.\s{0,3}href)?\s{0,3}=(?!=)\s{0,3}|"
    r"\blocation\s{0,3}\.\s{0,3}(?:assign|replace)\(\s{0,3}|"
    r"(?<![\w.])(?:window\s{0,3}\.\s{0,3})?open\(\s{0,3})" + _LITERAL + r"\1\s{0,3}(?!\s|\+)",
    re.IGNORECASE,
)
"""An address that is written whole: what is put together needs a value that only the script knows."""
_JUMPS = re.compile(
    r"\blocation(?:\s{0,3}\.\s{0,3}href)?\s{0,3}=(?!=)\s{0,3}(?:this\b|[^;]{0,60}\.\s{0,3}value\b)|"
    r"\blocation\s{0,3}\.\s{0,3}(?:assign|replace)\(\s{0,3}(?:this\b|[^;]{0,60}\.\s{0,3}value\b)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:https?://|/(?!/)|\?|\.{1,2}/)\S{1,500}|[\w/-]{1,80}\.(?:php\d?|aspx?|jsp|do|html?)(?:\?\S{0,300})?"
)


def leads_to(attributes: Attributes) -> str | None:
    """The address to which pressing an element leads, as it is written; None when there is none, or when the script
    puts it together."""
    for name in ("onclick", "ondblclick", "href"):
        handler = attributes.get(name, "")[:MAX_HANDLER]
        if name == "href" and not handler.strip().lower().startswith("javascript:"):
            continue
        found = _GOES.search(handler)
        if found is not None and "${" not in found[2] and not found[2].startswith("#"):
            return found[2]
    said = attributes.get("data-href", "").strip()
    return said if said and _ADDRESS.fullmatch(said) else None


def jumps(attributes: Attributes) -> bool:
    """Whether choosing an entry of a list goes to the address that is its value."""
    return bool(_JUMPS.search(attributes.get("onchange", "")[:MAX_HANDLER]))


def entry(attributes: Attributes) -> str | None:
    """The address that an entry of such a list is."""
    value = attributes.get("value", "").strip()
    return value if _ADDRESS.fullmatch(value) else None
