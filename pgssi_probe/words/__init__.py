"""The words of the engine and of the command line, in French and English: no text for people in code."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from string import Formatter

from pgssi_probe import yaml_text
from pgssi_probe.model.text import LANGS, Bilingual, Lang, agreed


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
    """The sentence of a key with its fields replaced, its plurals settled. KeyError when key or field is missing."""
    return Formatter().vformat(agreed(catalogue(lang)[key], values, lang), (), values)


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
