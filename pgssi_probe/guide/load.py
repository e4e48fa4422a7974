"""Reading the data files of the guide, each validated once per process."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, RootModel, ValidationError

from pgssi_probe import yaml_text
from pgssi_probe.guide.applicability import ApplicabilityBook
from pgssi_probe.guide.model import Guide, PlannedChecks, RuleBook
from pgssi_probe.guide.tls import TlsProfile
from pgssi_probe.guide.web import WebProfile
from pgssi_probe.model.text import Bilingual

Model = TypeVar("Model", bound=BaseModel)
DATA: Final = Path(__file__).with_name("data")


class Labels(RootModel[dict[str, dict[str, Bilingual]]]):
    """Codes of the rules in words: kind, then code."""


class GuideError(Exception):
    """A data file of the guide is missing or wrong. `file` is its name, `place` a path inside it or a line."""

    def __init__(self, file: str, place: str, problem: str) -> None:
        super().__init__(f"{file}: {place}: {problem}" if place else f"{file}: {problem}")
        self.file = file
        self.place = place
        self.problem = problem


def parse(text: str, model: type[Model], file: str) -> Model:
    """The YAML text as a model. GuideError names the file and the place of the first mistake."""
    return _validated(lambda: yaml_text.load(text), model, file)


def _validated(read: Callable[[], object], model: type[Model], file: str) -> Model:
    try:
        raw = read()
    except OSError as error:
        raise GuideError(file, "", "cannot be read") from error
    except yaml_text.NotYamlError as error:
        raise GuideError(file, error.place, error.problem) from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise GuideError(file, _place(raw, first["loc"]), first["msg"]) from error


def _place(raw: object, location: tuple[int | str, ...]) -> str:
    """A dotted path where list items that carry an id are shown by it: rules[AA7].parts[AA7.1].point."""
    words = ""
    here = raw
    for step in location:
        if isinstance(step, int):
            item = here[step] if isinstance(here, list) and step < len(here) else None
            label = item.get("id", step) if isinstance(item, dict) else step
            words += f"[{label}]"
            here = item
        else:
            words += f".{step}" if words else step
            here = here.get(step) if isinstance(here, dict) else None
    return words


def read(name: str, model: type[Model]) -> Model:
    """A file of the data as a model. GuideError names the file and the place of the first mistake."""
    return _validated(lambda: yaml_text.read(DATA / name), model, name)


@cache
def guide() -> Guide:
    """The 65 rules of v1.1, what they apply to and the announced checks. GuideError when the data are wrong."""
    return Guide(
        book=read("rules.yaml", RuleBook),
        planned=read("planned_checks.yaml", PlannedChecks).checks,
        applicability=read("applicability.yaml", ApplicabilityBook),
    )


@cache
def tls_profile() -> TlsProfile:
    """RECOTLS v1.2 with its later statements. GuideError when the data are wrong."""
    return read("recotls.yaml", TlsProfile)


@cache
def web_profile() -> WebProfile:
    """RECOWEB v2.0. GuideError when the data are wrong."""
    return read("recoweb.yaml", WebProfile)


@cache
def labels() -> dict[str, dict[str, Bilingual]]:
    """How the codes of the rules are read by people. GuideError when the data are wrong."""
    return read("labels.yaml", Labels).root
