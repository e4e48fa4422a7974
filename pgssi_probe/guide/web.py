"""What a site shows to the browser: RECOWEB v2.0 as data."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from pgssi_probe.guide.source import Reference, Visibility
from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.text import Bilingual

SeenIn = Literal[
    "tls", "header", "cookie", "dom", "form", "static_js", "xhr", "cors", "canary", "error",
    "browser_storage", "probe", "version", "dns", "document", "source",
]  # fmt: skip


class WebRecommendation(Frozen):
    """R1 to R63; `-` marks a less safe alternative, `+` a strengthened one. `checks`: what looks at it."""

    id: str = Field(pattern=r"^R\d{1,2}[+-]?$")
    visibility: Visibility
    text: Bilingual
    conforms: Bilingual | None = None
    departs: Bilingual | None = None
    note: Bilingual | None = None
    seen_in: tuple[SeenIn, ...]
    checks: tuple[str, ...] = ()


class WebValues(Frozen):
    """Figures and lists that the recommendations name."""

    hsts_max_age_s: int
    hsts_include_subdomains: bool
    frame_options: tuple[str, ...]
    referrer_policies: tuple[str, ...]
    same_site: tuple[str, ...]
    csrf_token_bits: int
    opener_policies: tuple[str, ...]


class Absent(Frozen):
    """Something that the guide does not number, and where it comes from instead."""

    what: str
    source: str


class WebProfile(Reference):
    values: WebValues
    absent: tuple[Absent, ...]
    recommendations: tuple[WebRecommendation, ...]

    @cached_property
    def _by_id(self) -> dict[str, WebRecommendation]:
        return {item.id: item for item in self.recommendations}

    def recommendation(self, number: str) -> WebRecommendation:
        """KeyError when there is none of that number."""
        return self._by_id[number]
