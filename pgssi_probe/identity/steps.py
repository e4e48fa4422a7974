"""What was looked at on the way to a sign-in, for people who want to see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` is a key of the catalogue under `identity.step`; `result` under `identity.result`. `status` is None when
    nothing was asked for."""

    kind: str
    url: str
    status: int | None = None
    result: str = ""
