"""The sentences of the renderings, in French and in English, kept in `text/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from pgssi_probe import yaml_text
from pgssi_probe.model.dates import said_day, said_duration, said_moment
from pgssi_probe.model.text import Bilingual, Lang

TEXT_MAX: Final = 2000

# The words that French elides, so that quotes around code keep their shape.
_ELISION: Final = re.compile(
    r"(?<=\b[cdjlmnstCDJLMNST])'(?=\w)|(?<=\b[Qq]u)'(?=\w)|(?<=[rsu]qu)'(?=\w)|(?<=jourd)'(?=hui)"
)

_MARK: Final = re.compile(
    r"‹(?:(?P<kind>[a-z]+(?:-[a-z]+)?)(?::(?P<id>[0-9a-f]{8})|, (?P<length>\d{1,9}))?|(?P<older>\d{1,9}) characters)›"
)


@cache
def words(lang: Lang) -> Mapping[str, Any]:
    """All the sentences of one language, by dotted key: `words("fr")["seal.state.intact"]`.

    Those that only the formats for machines and for spreadsheets need are in a catalogue of their own, and so are the
    names of facts.
    """
    texts = Path(__file__).parent / "text"
    catalogues = (texts / f"{lang}.yaml", texts / "formats" / f"{lang}.yaml", texts / "facts" / f"{lang}.yaml")
    flat = dict(pair for path in catalogues for pair in _flat("", yaml_text.read(path)))
    return {key: _typeset(value) for key, value in flat.items()} if lang == "fr" else flat


def french(sentence: str) -> str:
    """The sentence with the no-break spaces and apostrophes of French typography: catalogues are typed plainly."""
    sentence = re.sub(r"(?<=[^\s:]) (?=[;!?](?:\s|$|[\"<.…]))", "\u202f", sentence)
    sentence = re.sub(r"(?<=[^\s:]) (?=[:»%](?:\s|$|[\"<.,;)…]))", "\u00a0", sentence)
    sentence = re.sub(r"(?<=«) ", "\u00a0", sentence)
    return _ELISION.sub("\u2019", sentence)


def _typeset(value: Any) -> Any:
    """A sentence, or each of a list of them."""
    return [_typeset(each) for each in value] if isinstance(value, list) else french(value)


def _flat(prefix: str, tree: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in tree.items():
        key = f"{prefix}{name}"
        found += _flat(f"{key}.", value) if isinstance(value, dict) else [(key, value)]
    return found


class Words:
    """The sentences of one language, ready to be filled. KeyError for a key or a field that does not exist."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self._all = words(lang)

    def say(self, key: str, **fields: object) -> str:
        """The sentence of a key; its fields are taken as text."""
        sentence = self._all[key]
        return str(sentence).format_map(fields) if fields else str(sentence)

    def lines(self, key: str) -> list[str]:
        """The sentences of a key that holds a list."""
        return list(self._all[key])

    def count(self, key: str, number: int, **fields: object) -> str:
        """The sentence of `key.one` or `key.many`, with `count` filled. French counts nought as one."""
        one = number < 2 if self.lang == "fr" else number == 1
        return self.say(f"{key}.{'one' if one else 'many'}", count=self.number(number), **fields)

    def has(self, key: str) -> bool:
        return key in self._all

    def codes(self, group: str) -> list[str]:
        """The names right under a key, in the order of the catalogue."""
        prefix = f"{group}."
        return list(dict.fromkeys(key[len(prefix) :].partition(".")[0] for key in self._all if key.startswith(prefix)))

    def word(self, group: str, code: str) -> str:
        """The word of a code; the code itself when the catalogue does not know it (yet)."""
        key = f"{group}.{code}"
        return self.say(key) if key in self._all else code

    def text(self, bilingual: Bilingual) -> str:
        """A text of the model in this language, with its typography."""
        said = self.marks(bilingual.in_(self.lang)[:TEXT_MAX])
        return french(said) if self.lang == "fr" else said

    def marks(self, text: str) -> str:
        """The text with the marks of redaction in words: evidence keeps codes, `‹name:1a2b3c4d›` or `‹value, 43›`, and
        people read « nom 1a2b3c4d », « valeur, 43 caractères ». Saying it twice changes nothing."""

        def said(found: re.Match[str]) -> str:
            kind = found["kind"] or "value"
            if not self.has(f"mark.kind.{kind}"):
                return found[0]
            name = self.say(f"mark.kind.{kind}")
            if (length := found["length"] or found["older"]) is not None:
                return f"‹{self.count('mark.length', int(length), kind=name)}›"
            return f"‹{name} {found['id']}›" if found["id"] else f"‹{name}›"

        return _MARK.sub(said, text) if "‹" in text else text

    def number(self, value: float) -> str:
        """`12 345` or `12,345`; decimals are kept to one place."""
        text = f"{value:,.1f}" if isinstance(value, float) and value % 1 else f"{value:,.0f}"
        return text.replace(",", "\u202f").replace(".", ",") if self.lang == "fr" else text

    def size(self, octets: int) -> str:
        """Bytes in the unit that people read."""
        value, units = float(octets), self.lines("unit.bytes")
        rank = 0
        while value >= 1000 and rank < len(units) - 1:
            value, rank = value / 1000, rank + 1
        return f"{self.number(round(value, 1))}\u00a0{units[rank]}"

    def duration(self, seconds: float) -> str:
        """`0,4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`."""
        if seconds < 10:
            return f"{self.number(round(seconds, 1))}\u00a0s"
        minutes, rest = divmod(round(seconds), 60)
        if minutes == 0:
            return f"{rest}\u00a0s"
        if minutes < 60:
            return f"{minutes}\u00a0min {rest:02d}\u00a0s"
        return f"{minutes // 60}\u00a0h {minutes % 60:02d}\u00a0min"

    def wait(self, seconds: float) -> str:
        """A delay in its largest units, without those that are nought: `0,2 s`, `5 min`, `4 min 16 s`, `24 h`."""
        return said_duration(seconds, self.lang)

    def day(self, iso: str) -> str:
        """`22 novembre 2026` of `2026-11-22`; anything else as it is."""
        try:
            day = date.fromisoformat(iso)
        except ValueError:
            return iso
        return said_day(day, self.lang)

    def moment(self, moment: datetime) -> str:
        return said_moment(moment, self.lang)
