"""The closed table of declared values: `declared.yaml`, beside. What is not in it is a mistake, not a new value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import JsonValue

from pgssi_probe import yaml_text
from pgssi_probe.model.text import Bilingual

DATA: Final = Path(__file__).parent / "data" / "declared.yaml"
Kind = Literal["yes_no", "minutes", "count", "text", "texts"]


class Declared(Bilingual):
    """One value: its kind, what it means, and the checks that read it. `private`: never shown back."""

    kind: Kind
    example: str
    needed_by: tuple[str, ...] = ()
    read_by: tuple[str, ...] = ()
    private: bool = False

    def accepts(self, value: JsonValue) -> bool:
        match self.kind:
            case "yes_no":
                return isinstance(value, bool)
            case "minutes":
                return _number(value) and 0 < value <= 100_000  # type: ignore[operator] # a number
            case "count":
                return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100_000
            case "text":
                return isinstance(value, str) and bool(value.strip())
            case "texts":
                return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)


def _number(value: JsonValue) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@cache
def declared_table() -> Mapping[str, Declared]:
    """Every value by name, in the order of the file."""
    return {name: Declared.model_validate(entry) for name, entry in yaml_text.read(DATA).items()}


def flattened(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """`session.single = true` without quotes is a table in TOML; it means what `"session.single" = true` means."""
    flat: dict[str, JsonValue] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": kept for inner, kept in flattened(value).items()})
        else:
            flat[name] = value
    return flat
