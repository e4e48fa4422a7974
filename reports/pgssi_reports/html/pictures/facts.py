"""Reading measured facts out of a result: they came through JSON, and nothing is taken for granted."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pydantic import JsonValue

from pgssi_probe.model.outcome import Outcome
from pgssi_reports.html.source import Source


def number(value: JsonValue | None) -> float | None:
    """A finite number that is not negative; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def items(value: JsonValue | None, most: int) -> list[JsonValue]:
    """The first elements of a list; none for anything else."""
    return value[:most] if isinstance(value, list) else []


def table(value: JsonValue | None) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def outcomes(source: Source, check: str) -> Iterator[Outcome]:
    return (outcome for outcome in source.result.outcomes if outcome.check == check)


def evidence_data(source: Source, check: str, key: str) -> Iterator[dict[str, JsonValue]]:
    """The facts of the pieces of evidence of a check that hold `key`."""
    return (piece.data for piece in source.result.evidence if piece.check == check and key in piece.data)
