"""What became of the requests that were made as somebody else, one by one and together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from pgssi_checks.authz.comparing import Shows
from pgssi_probe.check import Observation, Reason

FEW: Final = 4
"""Requests below which a refusal says nothing of an application that was seen in part [ours]."""


@dataclass(frozen=True)
class Judged:
    """What became of one request. `shows` is None when there was nothing to ask for, or when it is `public`."""

    shows: Shows | None = None
    found: Observation | None = None
    why: Reason | None = None
    public: bool = False
    failing: str = ""
    """The template at which the server failed."""


@dataclass
class Tally:
    """What became of all of them. `why` is the first reason for which one told nothing."""

    seen: Counter[Shows] = field(default_factory=Counter)
    public: int = 0
    failing: list[str] = field(default_factory=list)
    found: list[Observation] = field(default_factory=list)
    why: Reason | None = None

    def add(self, judged: Judged) -> None:
        self.why = self.why or judged.why
        self.public += judged.public
        self.failing += [judged.failing] if judged.failing else []
        if judged.shows is not None:
            self.seen[judged.shows] += 1
        if judged.found is not None:
            self.found.append(judged.found)

    def merged(self) -> list[Observation]:
        """One for each template and slug: neither the direction nor the account makes another weakness."""
        return list({(one.slug, one.subject): one for one in reversed(self.found)}.values())
