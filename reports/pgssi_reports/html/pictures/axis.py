"""Axes: where a value falls, and the values that are written beside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STEPS: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 360, 480, 720, 1440)
TICKS_MAX: Final = 9


@dataclass(frozen=True)
class Tick:
    at: float
    word: str


@dataclass(frozen=True)
class Linear:
    """From 0 to `end`, drawn from `start` over `length`."""

    end: float
    start: float
    length: float

    def at(self, value: float) -> float:
        return round(self.start + self.length * min(max(value, 0.0), self.end) / self.end, 1)

    def steps(self) -> list[float]:
        """Round values, at most nine."""
        step = next((step for step in STEPS if self.end / step <= TICKS_MAX - 1), self.end)
        return [step * index for index in range(int(self.end / step) + 1)]


@dataclass(frozen=True)
class Logarithmic:
    """From `low` at the bottom to `high` at the top; `top` and `height` are of the drawing, where y goes down."""

    low: float
    high: float
    top: float
    height: float

    def at(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        share = math.log(inside / self.low) / math.log(self.high / self.low)
        return round(self.top + self.height * (1 - share), 1)

    def among(self, values: Sequence[float]) -> list[float]:
        return [value for value in values if self.low <= value <= self.high]
