"""Text in the two languages of the project. French comes first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from pgssi_probe.model.dates import said_duration, said_iso

Lang = Literal["fr", "en"]
LANGS: tuple[Lang, ...] = ("fr", "en")

MAX_VALUE = 300
MAX_ITEMS = 12
GROUPED_FROM = 10_000
"""The digits of a number are grouped from here on. Those of a list are not: they name ports or statuses."""
UNGROUPED = frozenset({"port"})
"""Facts that are names, although written in digits."""


_CHOICE = re.compile(r"\{(?P<name>\w+):(?P<one>[^{}|]*)\|(?P<many>[^{}|]*)\}")
_FRENCH_NUMBER = str.maketrans({",": "\u202f", ".": ","})
_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600}
_DURATION = re.compile(rf"\{{(?P<name>\w+):(?P<unit>{'|'.join(_UNITS)})\}}")
_FIELD_OR_ENDING = re.compile(r"\{(?P<name>\w+)[^{}]*\}|(?<=\w)\((?P<ending>s|es|x|nt)\)")


def fields_of(template: str) -> frozenset[str]:
    """Names between braces in a template; ValueError on all but `{name}`, `{name:one|many}`, `{name:hours}`."""
    names = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or conversion or (spec and spec.count("|") != 1 and spec not in _UNITS):
            raise ValueError(f"a field must be a plain name: {{{name}}}")
        names.add(name)
    return frozenset(names)


def agreed(template: str, values: Mapping[str, object], lang: Lang) -> str:
    """The template with its plurals settled. `{count:is|are}` takes the first word for one; an ending in brackets, in
    `page(s)`, follows the number named last before it, and stays when there is none. French counts nought as one.

    `{delay:seconds}`, and so for minutes and hours, is said as a duration when it is a number: `2 min 5 s`."""

    def single(name: str) -> bool | None:
        value = values.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return abs(value) < 2 if lang == "fr" else value == 1

    def chosen(found: re.Match[str]) -> str:
        return found["one"] if single(found["name"]) else found["many"]

    governing: bool | None = None

    def ended(found: re.Match[str]) -> str:
        nonlocal governing
        if found["name"]:
            governing = one if (one := single(found["name"])) is not None else governing
            return found[0]
        return found[0] if governing is None else "" if governing else found["ending"]

    def lasting(found: re.Match[str]) -> str:
        value = values.get(found["name"])
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"{{{found['name']}}}"
        return said_duration(value * _UNITS[found["unit"]], lang)

    return _DURATION.sub(lasting, _CHOICE.sub(chosen, _FIELD_OR_ENDING.sub(ended, template)))


def both_numbers(template: str) -> str:
    """The template as people read it before it is filled: `{count:is|are}` is `is/are`, a duration is its name."""
    return _DURATION.sub(r"{\g<name>}", _CHOICE.sub(lambda found: f"{found['one']}/{found['many']}", template))


class Bilingual(BaseModel):
    """One text in French and in English, as people read it: braces in it mean nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fr: str
    en: str

    def in_(self, lang: Lang) -> str:
        return self.fr if lang == "fr" else self.en


Words = Mapping[str, Mapping[str, Bilingual]]


class Template(Bilingual):
    """A sentence with named fields between braces, the same in both languages; plurals as `agreed` settles them."""

    @model_validator(mode="after")
    def _same_fields(self) -> Template:
        if fields_of(self.fr) != fields_of(self.en):
            raise ValueError("the French and English texts do not name the same fields")
        return self

    @property
    def fields(self) -> frozenset[str]:
        return fields_of(self.fr)

    def filled(self, values: dict[str, JsonValue], words: Words | None = None) -> Bilingual:
        """The same text with its fields replaced. KeyError when one is missing.

        `words` says values of a closed list: field, then value ("" for null, "true", "false"), then text.
        """
        said = words or {}

        def worded(name: str, value: JsonValue, lang: Lang) -> str:
            known = said.get(name, {})
            if isinstance(value, list):
                value = [known[one].in_(lang) if isinstance(one, str) and one in known else one for one in value]
            word = known.get(_key(value)) if value is None or isinstance(value, (str, bool)) else None
            return word.in_(lang) if word is not None else shown(value, lang, grouped=name not in UNGROUPED)

        return Bilingual(
            fr=agreed(self.fr, values, "fr").format_map({n: worded(n, value, "fr") for n, value in values.items()}),
            en=agreed(self.en, values, "en").format_map({n: worded(n, value, "en") for n, value in values.items()}),
        )


def _key(value: str | bool | None) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def shown(value: JsonValue, lang: Lang, *, grouped: bool = False) -> str:
    """A fact as people read it: lists joined and capped, booleans and dates in words, long strings cut."""
    if isinstance(value, bool):
        return {("fr", True): "oui", ("fr", False): "non", ("en", True): "yes", ("en", False): "no"}[lang, value]
    if value is None:
        return "—"
    if isinstance(value, list):
        items = [shown(item, lang) for item in value[:MAX_ITEMS]]
        more = len(value) - len(items)
        return ", ".join(items) + (f" (+{more})" if more > 0 else "")
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shown(item, lang)}" for name, item in list(value.items())[:MAX_ITEMS])
    if isinstance(value, float):
        text = f"{value:,.2f}".rstrip("0").rstrip(".")
        return text.translate(_FRENCH_NUMBER) if lang == "fr" else text
    if isinstance(value, int) and grouped and abs(value) >= GROUPED_FROM:
        return f"{value:,}".translate(_FRENCH_NUMBER) if lang == "fr" else f"{value:,}"
    text = str(value)
    if (dated := said_iso(text, lang)) is not None:
        return dated
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
