"""The sentences of the renderings, in French and in English, kept in `text/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from pgssi_probe.model.text import Lang

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def words(lang: Lang) -> Mapping[str, Any]:
    """All the sentences of one language, by dotted key: `words("fr")["seal.state.intact"]`."""
    text = files("pgssi_reports").joinpath("text", f"{lang}.yaml").read_text("utf-8")
    if lang == "fr":
        text = french(text)
    return dict(_flat("", yaml.load(text, Loader=_LOADER)))  # noqa: S506 - a safe loader, the C one


def french(sentence: str) -> str:
    """The sentence with the no-break spaces of French typography, so that catalogues can be typed plainly."""
    sentence = re.sub(r"(?<=[^\s:]) (?=[;!?](?:\s|$|[\"<.…]))", "\u202f", sentence)
    sentence = re.sub(r"(?<=[^\s:]) (?=[:»%](?:\s|$|[\"<.,;)…]))", "\u00a0", sentence)
    return re.sub(r"(?<=«) ", "\u00a0", sentence)


def _flat(prefix: str, tree: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in tree.items():
        key = f"{prefix}{name}"
        found += _flat(f"{key}.", value) if isinstance(value, dict) else [(key, value)]
    return found


def date_time(moment: datetime, lang: Lang) -> str:
    """`22 novembre 2026 à 14 h 05 (UTC)` or `22 November 2026, 14:05 (UTC)`."""
    at = moment.astimezone(UTC)
    day = "1er" if lang == "fr" and at.day == 1 else str(at.day)
    date = f"{day}\u00a0{words(lang)['date.months'][at.month - 1]}\u00a0{at.year}"
    if lang == "fr":
        return f"{date} à {at.hour}\u00a0h\u00a0{at.minute:02d} (UTC)"
    return f"{date}, {at:%H:%M} (UTC)"
