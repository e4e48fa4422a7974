"""The ten questions of a first diagnosis, from the directors' guide of 2013: an optional annex, without a verdict."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field

from pgssi_probe import yaml_text
from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.text import Bilingual

DATA: Final = Path(__file__).parent / "data"


class Question(Bilingual):
    id: str = Field(pattern=r"^[a-z-]+$")


class Diagnosis(Frozen):
    """`page` is where the guide asks them."""

    title: Bilingual
    page: int
    questions: tuple[Question, ...] = Field(min_length=10, max_length=10)

    @property
    def by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.questions}


@cache
def diagnosis() -> Diagnosis:
    return Diagnosis.model_validate(yaml_text.read(DATA / "diagnosis.yaml"))


@cache
def spellings(kind: str) -> dict[str, tuple[str, ...]]:
    """What may be written for each code of `answers` or `replies`, the shown one of French then of English first."""
    return {code: tuple(words) for code, words in yaml_text.read(DATA / "answers.yaml")[kind].items()}


def meant(kind: str, text: str) -> str | None:
    """The code that a person's word stands for."""
    word = " ".join(text.lower().replace("_", " ").split())
    return next((code for code, words in spellings(kind).items() if word in words), None)
