"""The file of declarations as it is written. Nothing here reads a file or a clock."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import Field, field_validator, model_validator

from pgssi_probe.declarations.diagnosis import meant
from pgssi_probe.model.outcome import Frozen

SHA256 = re.compile(r"[0-9a-f]{64}")


class Signed(Frozen):
    """Who answers, and until when. An empty date is one that is not written."""

    signatory: str = Field("", max_length=300)
    signed: date | None = None
    valid_until: date | None = None

    @field_validator("signed", "valid_until", mode="before")
    @classmethod
    def _not_written(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value

    @model_validator(mode="after")
    def _in_order(self) -> Signed:
        if self.signed and self.valid_until and self.valid_until < self.signed:
            raise ValueError("declared_order")
        return self


class Declarant(Signed):
    """What holds for every answer that does not say otherwise."""

    organisation: str = Field("", max_length=300)


class Entry(Signed):
    """One answer. `answer` is empty when the question is left open."""

    answer: str = ""
    reason: str = Field("", max_length=2000)
    document: str = Field("", max_length=1000)
    file: str = Field("", max_length=1000)
    sha256: str = ""

    @field_validator("answer")
    @classmethod
    def _known(cls, text: str) -> str:
        code = meant("answers", text) if text.strip() else ""
        if code is None:
            raise ValueError("answer")
        return code

    @field_validator("sha256")
    @classmethod
    def _hash(cls, text: str) -> str:
        digest = "".join(text.split()).lower()
        if digest and not SHA256.fullmatch(digest):
            raise ValueError("sha256")
        return digest


class Reply(Frozen):
    """A reply to one of the ten questions; empty when it is left open."""

    answer: str = ""
    comment: str = Field("", max_length=2000)

    @field_validator("answer")
    @classmethod
    def _known(cls, text: str) -> str:
        code = meant("replies", text) if text.strip() else ""
        if code is None:
            raise ValueError("reply")
        return code


class DeclarationsFile(Frozen):
    """`answers` by part (`GP4.1`) or by rule (`GP4`: every part of it that only a document can support)."""

    declarant: Declarant = Declarant()
    answers: dict[str, Entry] = Field(default_factory=dict)
    diagnosis: dict[str, Reply] = Field(default_factory=dict)
