"""Text in the two languages of the project. French comes first."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

Lang = Literal["fr", "en"]
LANGS: tuple[Lang, ...] = ("fr", "en")

MAX_VALUE = 300
MAX_ITEMS = 12


def fields_of(template: str) -> frozenset[str]:
    """Names between braces in a template; ValueError on anything but plain names."""
    names = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"a field must be a plain name: {{{name}}}")
        names.add(name)
    return frozenset(names)


class Bilingual(BaseModel):
    """One text in French and in English, as people read it: braces in it mean nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fr: str
    en: str

    def in_(self, lang: Lang) -> str:
        return self.fr if lang == "fr" else self.en


Words = Mapping[str, Mapping[str, Bilingual]]


class Template(Bilingual):
    """A sentence with named fields between braces, the same in both languages."""

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

        `words` says values of a closed list: field, then value ("" for null), then text.
        """
        said = words or {}

        def worded(name: str, value: JsonValue, lang: Lang) -> str:
            known = said.get(name, {})
            if isinstance(value, list):
                value = [known[one].in_(lang) if isinstance(one, str) and one in known else one for one in value]
            word = known.get("" if value is None else value) if value is None or isinstance(value, str) else None
            return word.in_(lang) if word is not None else shown(value, lang)

        return Bilingual(
            fr=self.fr.format_map({name: worded(name, value, "fr") for name, value in values.items()}),
            en=self.en.format_map({name: worded(name, value, "en") for name, value in values.items()}),
        )


def shown(value: JsonValue, lang: Lang) -> str:
    """A fact as people read it: lists joined and capped, booleans in words, long strings cut."""
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
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if lang == "fr" else text
    text = str(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
