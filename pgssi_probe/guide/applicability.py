"""Which rules have an object in the context that was declared: data of the guide, and a pure reading of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.text import LANGS, Bilingual, Template
from pgssi_probe.model.verdict import Applicability, Reserve

Answer = bool | tuple[str, ...]
"""Yes, no, or for a question of several choices those that were chosen."""
Answers = Mapping[str, Answer]
"""The answers of the context by question. A question that is absent was not answered."""

WORDS: Mapping[bool, Bilingual] = {True: Bilingual(fr="oui", en="yes"), False: Bilingual(fr="non", en="no")}


class Question(Bilingual):
    """A key of [context], and the question in words, without its question mark."""

    id: str


class Sentences(Frozen):
    inapplicable: Template
    applies: Bilingual
    unanswered: Template
    always: Bilingual


class Line(Frozen):
    """Answers that hold together. For several choices: all that was chosen is among those of the line."""

    answers: dict[str, Answer] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        return {"answers": value} if isinstance(value, dict) and "answers" not in value else value

    def holds(self, given: Answers) -> bool:
        return all(name in given and _agrees(wanted, given[name]) for name, wanted in self.answers.items())

    def open(self, given: Answers) -> tuple[str, ...]:
        """The questions that could still make it hold; none when an answer already stands against it."""
        if any(name in given and not _agrees(wanted, given[name]) for name, wanted in self.answers.items()):
            return ()
        return tuple(name for name in self.answers if name not in given)


def _agrees(wanted: Answer, given: Answer) -> bool:
    if isinstance(wanted, bool) or isinstance(given, bool):
        return wanted is given
    return bool(given) and set(given) <= set(wanted)


class Condition(Frozen):
    """What a rule (GA1) or a part (CR2.4) says of its field. `not_when`: any of these lines removes its object."""

    targets: tuple[str, ...] = Field(min_length=1)
    concerns: Bilingual
    not_when: tuple[Line, ...]


class ReserveRule(Frozen):
    """Something to say of the scope of the guide when a line holds. No rule is removed by it."""

    id: str
    when: Line
    section: str
    page: int = Field(ge=1, le=24)
    text: Bilingual


class ApplicabilityBook(Frozen):
    """`applicability.yaml`."""

    schema_version: Literal[1]
    questions: tuple[Question, ...]
    sentences: Sentences
    conditions: tuple[Condition, ...]
    reserves: tuple[ReserveRule, ...]

    @field_validator("conditions")
    @classmethod
    def _one_condition_a_target(cls, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        named = [target for condition in conditions for target in condition.targets]
        if len(set(named)) != len(named):
            raise ValueError("a rule or part has two conditions")
        return conditions

    @model_validator(mode="after")
    def _known_questions(self) -> Self:
        known = {question.id for question in self.questions}
        lines = [*(line for one in self.conditions for line in one.not_when), *(one.when for one in self.reserves)]
        if unknown := {name for line in lines for name in line.answers} - known:
            raise ValueError(f"no such question: {sorted(unknown)}")
        return self

    @cached_property
    def by_target(self) -> dict[str, Condition]:
        return {target: condition for condition in self.conditions for target in condition.targets}

    def question(self, name: str) -> Question:
        return next(question for question in self.questions if question.id == name)

    def of(self, target: str, section: str, page: int, given: Answers) -> Applicability | None:
        """Whether a rule or a part applies and why; None when the guide sets no condition on it: it applies."""
        condition = self.by_target.get(target)
        if condition is None:
            return None
        reading = self._read(condition, given)
        return Applicability(
            applies=reading.applies,
            reason=Bilingual(**{lang: f"{condition.concerns.in_(lang)} {reading.said.in_(lang)}" for lang in LANGS}),
            section=section,
            page=page,
        )

    def _read(self, condition: Condition, given: Answers) -> Reading:
        if not condition.not_when:
            return Reading(True, self.sentences.always)
        for line in condition.not_when:
            if line.holds(given):
                return Reading(False, self._with_answers(line.answers, given))
        names = list(dict.fromkeys(name for line in condition.not_when for name in line.open(given)))
        if not names:
            return Reading(True, self.sentences.applies)
        return Reading(True, self.sentences.unanswered.filled({"questions": ", ".join(names)}))

    def _with_answers(self, names: Iterable[str], given: Answers) -> Bilingual:
        def shown(name: str, lang: Literal["fr", "en"]) -> str:
            answer = given[name]
            value = WORDS[answer].in_(lang) if isinstance(answer, bool) else ", ".join(answer)
            return f"{name} = {value}"

        told = {lang: "; ".join(shown(name, lang) for name in names) for lang in LANGS}
        said = {lang: getattr(self.sentences.inapplicable, lang).format(answers=told[lang]) for lang in LANGS}
        return Bilingual(**said)

    def reserves_of(self, given: Answers) -> tuple[Reserve, ...]:
        """What the answers say of the scope of the guide, in the order of the data."""
        return tuple(
            Reserve(id=one.id, text=one.text, section=one.section, page=one.page)
            for one in self.reserves
            if one.when.holds(given)
        )

    def unanswered(self, given: Answers) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.id not in given)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a condition gives for some answers."""

    applies: bool
    said: Bilingual
