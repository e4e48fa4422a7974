"""Names that logs give to the same thing: `fields.yaml`, beside. What is written in a log is never trusted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe import yaml_text
from pgssi_probe.traces.record import TEXT_MAX, Record, identifiers, moment

DATA: Final = Path(__file__).parent / "data" / "fields.yaml"
NOBODY: Final = frozenset({"", "-", "null", "none", "anonymous", "anonyme", "n/a", "(null)"})


@cache
def names() -> Mapping[str, str]:
    """The meaning of each name, in small letters without separators."""
    table: dict[str, list[str]] = yaml_text.read(DATA)
    return {_bare(name): meaning for meaning, known in table.items() for name in known}


def _bare(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def meaning(name: str) -> str | None:
    """Of a column or a key; of a nested key, the whole path counts first, then its last step."""
    known = names()
    return known.get(_bare(name)) or known.get(_bare(name.rpartition(".")[2]))


def from_pairs(pairs: Mapping[str, str], text: str, line: int, near: datetime) -> Record:
    """A record from named values. The first value of each meaning counts; `date` and `hour` make a time together."""
    found: dict[str, str] = {}
    for name, value in pairs.items():
        what = meaning(name)
        if what is not None and value not in NOBODY:
            found.setdefault(what, value)
    when = found.get("time", "")
    if "date" in found and "hour" in found:
        when = f"{found['date']} {found['hour']}"
    timed = moment(when or found.get("date", ""), near)
    method, path, status = request_of(found.get("request", ""))
    target = found.get("path", "") or path
    return Record(
        line=line,
        text=text[:TEXT_MAX],
        time=timed[0] if timed else None,
        aware=timed[1] if timed else True,
        ids=identifiers(text),
        method=(found.get("method", "") or method).upper()[:20],
        path=path_of(target),
        status=number(found.get("status", "")) or status,
        address=address(found.get("address", "")),
        author="" if found.get("author", "").lower() in NOBODY else found.get("author", "")[:200],
        kind=found.get("kind", "")[:200],
        host=found.get("host", "")[:255],
    )


def request_of(text: str) -> tuple[str, str, int | None]:
    """Method and target of `GET /path HTTP/1.1`."""
    words = text.split()
    if len(words) >= 2 and words[0].isalpha() and words[0].isupper():
        return words[0], words[1], None
    return "", "", None


def path_of(target: str) -> str:
    """The path of a target in any form; what cannot be read as an address is taken before its question mark."""
    target = target[:4096]
    try:
        return urlsplit(target).path or ("/" if target else "")
    except ValueError:
        return target.partition("?")[0]


def number(text: str) -> int | None:
    """A status of HTTP."""
    text = text.strip()[:10].removesuffix(".0")
    return int(text) if text.isascii() and text.isdigit() and 100 <= int(text) <= 599 else None


def address(text: str) -> str:
    """An IP address as it is usually written, its port taken off; the first of a list; "" for anything else."""
    first = text.split(",")[0].strip().strip("[]\"'")
    for one in (first, first.rpartition(":")[0].strip("[]")):
        try:
            found = ip_address(one.partition("%")[0])
        except ValueError:
            continue
        mapped = getattr(found, "ipv4_mapped", None)
        return str(mapped or found)
    return ""
