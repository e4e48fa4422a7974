"""Evidence: what was seen, redacted before it is stored, with the hash of the whole."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue, field_validator

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.text import Bilingual

EvidenceKind = Literal["exchange", "handshake", "facts", "timing"]


class Evidence(Frozen):
    """One redacted piece, stored as `evidence/ID.json` in the run folder.

    `excerpt` is the part of a body that carries the proof; `body_sha256` is the hash of the body as received
    (None when there was none). `sha256` is the hash of the stored file, set when it is written.
    """

    id: str
    kind: EvidenceKind
    taken: datetime
    check: str
    title: Bilingual
    request: str | None = None
    response: str | None = None
    excerpt: str | None = None
    body_sha256: str | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)
    sha256: str | None = None

    @field_validator("title", mode="before")
    @classmethod
    def _one_language(cls, title: object) -> object:
        """Folders of runs from before titles had two languages are still read."""
        return {"fr": title, "en": title} if isinstance(title, str) else title
