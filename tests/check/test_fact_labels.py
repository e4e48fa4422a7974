"""Facts are read by people: each has a name in both languages, and codes are said in words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

import pgssi_checks
from pgssi_probe import yaml_text
from pgssi_probe.registry import checks
from pgssi_probe.tls import evidence
from pgssi_probe.tls.facts import Behaviour
from pgssi_probe.traces.leaks import Leak
from pgssi_probe.traces.match import EventMatch, LogRead

CATALOGUES = Path(__file__).parents[2] / "reports" / "pgssi_reports" / "text" / "facts"
ROOT = Path(str(pgssi_checks.__file__)).parent


def catalogue(lang: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml_text.read(CATALOGUES / f"{lang}.yaml")
    return found


def written(tree: ast.AST) -> Iterator[str]:
    """Keys of the tables written in a piece of code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value


def keeps(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "keep_facts" for node in ast.walk(tree))


@cache
def emitted() -> frozenset[str]:
    """Every name that a fact may have: of sentences, in the code that keeps facts, of TLS and of logs."""
    names = {name for one in checks().values() for outcome in one.metadata.outcomes.values() for name in outcome.fields}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                told = ast.unparse(node.returns) if node.returns else ""
                if keeps(node) or "dict[str, JsonValue]" in told or told == "list[JsonValue]":
                    names |= set(written(node))
    names |= set(written(ast.parse(Path(str(evidence.__file__)).read_text(encoding="utf-8"))))
    names |= {one.name for one in fields(Behaviour)}
    for model in (LogRead, EventMatch, Leak):
        names |= set(model.model_fields)
    return frozenset(names)


def test_every_fact_has_a_name_in_both_languages() -> None:
    own = {name for one in checks().values() for name in one.metadata.labels}
    for lang in ("fr", "en"):
        assert not sorted(emitted() - set(catalogue(lang)["fact"]) - own)


def test_the_catalogues_name_the_same_facts_and_values() -> None:
    french, english = catalogue("fr"), catalogue("en")
    for group in ("fact", "fact_value", "fact_unknown", "fact_said"):
        assert french[group].keys() == english[group].keys()
    for name, values in french["fact_value"].items():
        assert isinstance(values, dict)
        assert values.keys() == dict(english["fact_value"][name]).keys()  # type: ignore[call-overload]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_name_is_no_code(lang: str) -> None:
    for name, label in catalogue(lang)["fact"].items():
        assert "_" not in str(label) or f"({name})" in str(label), name
