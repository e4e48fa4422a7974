"""The facts of a piece of evidence as rows that people read: names and codes in words, the check's own before ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import JsonValue

from pgssi_probe.model.dates import said_iso
from pgssi_probe.model.result import CheckRun
from pgssi_probe.model.text import MAX_ITEMS, UNGROUPED, Bilingual, shown
from pgssi_reports.visible import visible
from pgssi_reports.words import Words

CELL_MAX: Final = 400
NAME_MAX: Final = 120
DEPTH_MAX: Final = 2
UNKNOWN: Final = "unknown: "
THEIRS: Final = frozenset({"attributes", "states", "versions", "groups"})
"""Tables whose names are not ours: attributes of a cookie, numbers of ports, versions of TLS."""


class Facts:
    """Names and values of the facts of one check in one language. A name that nobody declared is shown as it is."""

    def __init__(self, words: Words, check: CheckRun | None) -> None:
        self._words = words
        self._labels: Mapping[str, Bilingual] = check.labels if check else {}
        self._values: Mapping[str, Mapping[str, Bilingual]] = check.words if check else {}

    def name(self, key: str) -> str:
        if key in self._labels:
            return self._words.text(self._labels[key])
        return self._words.word("fact", key)

    def value(self, key: str, value: JsonValue) -> str:
        """A value in words: codes of a closed list, yes and no, and what could not be established with its reason."""
        if isinstance(value, list):
            said = [self.value(key, one) for one in value[:MAX_ITEMS]]
            return ", ".join(said) + (f" (+{len(value) - MAX_ITEMS})" if len(value) > MAX_ITEMS else "")
        if isinstance(value, dict):
            pairs = (self._pair(name, one) for name, one in value.items() if not _is_absent(one))
            return self._words.say("fact_said.joined").join(pairs)
        if isinstance(value, str):
            own = self._values.get(key, {}).get(value)
            if own is not None:
                return self._words.text(own)
            if value.startswith(UNKNOWN):
                reason, _, _ = value.removeprefix(UNKNOWN).partition(" (")
                return self._words.say("fact_said.unknown", why=self._words.word("fact_unknown", reason))
            return said_iso(value, self._words.lang) or self._words.word(f"fact_value.{key}", value)
        return shown(value, self._words.lang, grouped=key not in UNGROUPED)

    def rows(self, data: JsonValue, key: str = "", name: str = "", depth: int = 0) -> Iterable[tuple[str, str]]:
        """Nested tables become joined names, lists of tables numbered rows; everything is cut.

        Nothing shows for what is absent; an empty text is said to be there, as the attribute of a cookie may be.
        """
        if _is_absent(data):
            return
        if data == "":
            data = self._words.say("html.evidence.empty")
        if isinstance(data, dict) and depth < DEPTH_MAX:
            for inner, value in data.items():
                said = inner if key in THEIRS else self.name(inner)
                label = f"{name} · {said}" if name else said
                yield from self.rows(value, inner, label, depth + 1)
        elif isinstance(data, list) and data and all(isinstance(one, (dict, list)) for one in data):
            for index, value in enumerate(data, start=1):
                yield f"{visible(name, NAME_MAX)} {index}", visible(self.value(key, value), CELL_MAX)
        else:
            yield visible(name, NAME_MAX), visible(self.value(key, data), CELL_MAX)

    def _pair(self, key: str, value: JsonValue) -> str:
        return self._words.say("fact_said.pair", name=self.name(key), value=self.value(key, value))


def _is_absent(value: JsonValue) -> bool:
    return value is None or value == [] or value == {}
