"""Titles of evidence stand in the declarations, in both languages; the code gives a key and its values."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pgssi_probe.check import CheckContext, Level, Observation
from pgssi_probe.check.harness import page, scripted
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.check.official import ContractBroken, titled
from pgssi_probe.model.evidence import Evidence
from pgssi_probe.registry import check, checks

BASE = {
    "id": "a.b",
    "version": 1,
    "since": "1",
    "level": "passive",
    "title": {"fr": "é", "en": "e"},
    "summary": {"fr": "é", "en": "e"},
    "sends": {"requests": 1},
    "evidence": {"record": {"fr": "La fiche du compte {account}", "en": "The record of account {account}"}},
    "outcomes": {"good": {"status": "pass", "sentence": {"fr": "é", "en": "e"}}},
}
DECLARED = CheckMetadata.model_validate(BASE)
KEEPERS = {"keep", "keep_facts"}


class Module:
    """A module of the checks: what it imports of them, names that it mentions, keys of titles by enclosing name."""

    def __init__(self, name: str) -> None:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        self.imports = {
            node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pgssi_checks.")
        }
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        self.keys: dict[str, set[str]] = {}
        for top in tree.body:
            found = set(_keys(top, name))
            if found and isinstance(top, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.keys[top.name] = found
            assert not found or top.__class__ in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef), name


def _keys(tree: ast.AST, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in KEEPERS):
            continue
        given = next((one.value for one in node.keywords if one.arg == "title"), None)
        if given is None and node.func.attr == "keep_facts":
            given = node.args[0]
        if given is not None:
            assert isinstance(given, ast.Constant), f"{module}:{node.lineno}: the key of a title is written, not built"
            yield given.value


@cache
def module(name: str) -> Module:
    return Module(name)


def used_by(identifier: str) -> set[str]:
    """Keys in the check's own module, and in those that it imports where it mentions what holds them."""
    own = check(identifier).module
    closure, todo = {own}, [own]
    while todo:
        for name in module(todo.pop()).imports - closure:
            closure.add(name)
            todo.append(name)
    shared = {name for name in closure if name == own or name not in {one.module for one in checks().values()}}
    mentioned = set().union(*(module(name).names for name in shared))
    keys: set[str] = set()
    for name in shared:
        for holder, found in module(name).keys.items():
            if name == own or holder in mentioned:
                keys |= found
    return keys


def test_every_title_used_is_declared_and_every_declared_one_is_used() -> None:
    for identifier in (name for name in checks() if not name.startswith("assist.")):
        assert set(check(identifier).metadata.evidence) == used_by(identifier), identifier


def test_titles_are_said_in_both_languages() -> None:
    for identifier, one in checks().items():
        for key, title in one.metadata.evidence.items():
            assert title.fr != title.en, (identifier, key)
            assert not title.fr.endswith("."), (identifier, key)


def test_a_title_is_filled_in_both_languages() -> None:
    said = titled(DECLARED, "record", {"account": "a"})
    assert (said.fr, said.en) == ("La fiche du compte a", "The record of account a")


@pytest.mark.parametrize(
    ("key", "values"), [("other", {}), ("record", {}), ("record", {"account": "a", "more": 1}), ("record", {"more": 1})]
)
def test_an_undeclared_key_and_a_missing_value_break_the_contract(key: str, values: dict[str, str | int]) -> None:
    with pytest.raises(ContractBroken):
        titled(DECLARED, key, dict(values))


async def test_the_harness_complains_as_the_engine_does() -> None:
    async def observe(ctx: CheckContext) -> list[Observation]:
        exchange = await ctx.get(ctx.target.origin + "/")
        ctx.keep(exchange, title="record", account="a")
        ctx.keep(exchange)
        ctx.keep_facts("nothing", {})
        return []

    run = scripted(DECLARED, lambda _: page("x"), level=Level.PASSIVE)
    with pytest.raises(ContractBroken):
        await observe(run.context)
    first, second = run.evidence.kept.values()
    assert first["title"].fr == "La fiche du compte a"
    assert second["title"] is None


def test_evidence_of_earlier_runs_is_still_read() -> None:
    old = '{"id": "E0001", "kind": "facts", "taken": "2026-11-20T10:00:00Z", "check": "a.b", "title": "Old"}'
    assert Evidence.model_validate_json(old).title.fr == "Old"
