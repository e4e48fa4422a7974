"""The words of the engine and of the command line, in French and English: no text for people in code."""

from __future__ import annotations

import os
from datetime import date, datetime
from functools import cache
from pathlib import Path
from string import Formatter

from pgssi_probe import yaml_text
from pgssi_probe.model.dates import said_day, said_moment
from pgssi_probe.model.text import LANGS, UNGROUPED, Bilingual, Lang, agreed, shown


@cache
def catalogue(lang: Lang) -> dict[str, str]:
    """Every sentence of a language by dotted key."""
    data = yaml_text.read(Path(__file__).with_name(f"{lang}.yaml"))
    flat: dict[str, str] = {}

    def flatten(prefix: str, value: object) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                flatten(f"{prefix}.{name}" if prefix else str(name), inner)
        else:
            flat[prefix] = str(value)

    flatten("", data)
    return flat


def say(lang: Lang, key: str, /, **values: object) -> str:
    """The sentence of a key with its fields replaced, its plurals settled. KeyError when key or field is missing.

    Days, moments and large numbers are said as people write them: give a date, not its ISO form.
    """
    said = {name: _said(name, value, lang) for name, value in values.items()}
    return Formatter().vformat(agreed(catalogue(lang)[key], values, lang), (), said)


def _said(name: str, value: object, lang: Lang) -> object:
    if isinstance(value, datetime):
        return said_moment(value, lang)
    if isinstance(value, date):
        return said_day(value, lang)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and name not in UNGROUPED:
        return shown(value, lang, grouped=True)
    return value


def both(key: str, /, **values: object) -> Bilingual:
    """The sentence in both languages."""
    return Bilingual(fr=say("fr", key, **values), en=say("en", key, **values))


def language(asked: str | None) -> Lang:
    """The language asked for, else the one of the environment when it is English, else French.

    PGSSI_LANG wins over LC_ALL, LC_MESSAGES and LANG. `C` and `POSIX` say nothing of a person's language.
    """
    if asked in LANGS:
        return asked
    for name in ("PGSSI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value and value.split(".")[0] not in {"C", "POSIX"}:
            return "en" if value.startswith("en") else "fr"
    return "fr"
