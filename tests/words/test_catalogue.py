"""The words of the engine and of the command line: the same in both languages, all used, well written."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from pgssi_probe.engagement.file import KINDS
from pgssi_probe.model.outcome import Level, Reason, Status
from pgssi_probe.model.result import CheckRun, Event
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import LANGS
from pgssi_probe.model.verdict import Verdict
from pgssi_probe.words import both, catalogue, language, say

PACKAGE = Path(__file__).resolve().parents[2] / "pgssi_probe"
SAYING = {"say", "both", "stop"}
CLOSED_LISTS = {
    "reason": set(Reason),
    "verdict": set(Verdict),
    "severity": set(Severity),
    "status": set(Status),
    "level": set(Level),
    "event": set(Event.model_fields["kind"].annotation.__args__),
    "state": set(CheckRun.model_fields["state"].annotation.__args__),
}


@cache
def trees() -> tuple[tuple[str, ast.AST], ...]:
    """The modules of the engine, by file name."""
    return tuple((path.name, ast.parse(path.read_text(encoding="utf-8"))) for path in PACKAGE.rglob("*.py"))


def keys_in_code() -> tuple[set[str], set[str]]:
    """Keys written whole, and the beginnings of those that end with a value known at run time only."""
    whole: set[str] = set()
    begun: set[str] = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                begun |= {_beginning(node)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
    return whole, {text for text in begun if "." in text}


def _beginning(node: ast.JoinedStr) -> str:
    first = node.values[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def test_both_languages_have_the_same_keys_and_fields() -> None:
    french, english = catalogue("fr"), catalogue("en")
    assert list(french) == list(english)
    for key, text in french.items():
        assert fields(text) == fields(english[key]), key


def fields(text: str) -> set[str]:
    """Names of the fields; `{ env = "X" }` is no field but what a person is told to write."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None and "=" not in name}


def test_every_key_in_the_code_exists() -> None:
    known = set(catalogue("fr"))
    sections = {key.split(".")[0] for key in known}
    missing = set()
    for module, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or called(node) not in SAYING:
                continue
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    key = argument.value
                    if key.split(".")[0] in sections and re.fullmatch(r"[\w.]+\.\w+", key) and key not in known:
                        missing.add(f"{module}: {key}")
                elif isinstance(argument, ast.JoinedStr):
                    begun = _beginning(argument)
                    if "." in begun and not any(key.startswith(begun) for key in known):
                        missing.add(f"{module}: {begun}…")
    assert not missing


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def test_every_key_is_used() -> None:
    whole, begun = keys_in_code()
    closed = {f"{section}.{value}" for section, values in CLOSED_LISTS.items() for value in values}
    unused = []
    for key in catalogue("fr"):
        last = key.rpartition(".")[2]
        plainly = key in whole or key in closed
        by_ending = last in whole and any(key == f"{start}{last}" for start in begun)
        by_system = key.startswith("system.E")  # symbols of the system's errors
        by_value = key.startswith(("engagement.value.", "engagement.toml.")) and (
            last in KINDS.values() or last in whole
        )
        if not (plainly or by_ending or by_system or by_value):
            unused.append(key)
    assert not unused


@pytest.mark.parametrize(("section", "values"), CLOSED_LISTS.items())
@pytest.mark.parametrize("lang", LANGS)
def test_each_member_of_a_closed_list_has_its_words_and_no_word_is_left_over(
    section: str, values: set[str], lang: str
) -> None:
    written = {key.partition(".")[2] for key in catalogue(lang) if key.partition(".")[0] == section}
    assert written == {str(value) for value in values}


WITHOUT_ACCENT = re.compile(
    r"\b(controle|regle|perimetre|requete|reponse|depasse|gravite|declare|execute|ecart|delai|echec|echange|cle"
    r"|deja|apres|tres|etre|meme|verifie|securite|faiblesses? activees?|integrite|memoire|systeme|deux fois a)\w*",
    re.IGNORECASE,
)


def test_french_is_written_as_french_is() -> None:
    for key, text in catalogue("fr").items():
        said = re.sub(r"https?://\S*|\{\w+\}|--[a-z-]+|\d\d:\d\d", "x", text)
        assert not re.search(r"\S[;?!»]|«\S", said), f"{key}: a space before ; ? ! » and after «"
        assert not re.search(r"\S:(?:\s|$)", said), f"{key}: a space before :"
        assert said.count("«") == said.count("»"), key
        assert "  " not in said.strip(), key
        assert not re.search(r"\b(a|A)\b (?=\w+er\b)", said), f"{key}: à"
        assert not WITHOUT_ACCENT.search(re.sub(r"[a-z]+\.[a-z_.]+|-[a-z]+|\[[a-z]+\]", "", said)), key


@pytest.mark.parametrize("lang", LANGS)
def test_a_reason_is_a_whole_sentence(lang: str) -> None:
    for reason in Reason:
        text = say(lang, f"reason.{reason}")
        assert text[0].isupper(), reason
        assert text.endswith("."), reason


def test_a_text_in_both_languages_is_never_taken_for_a_template() -> None:
    assert both("error.no_scheme", url="{x}").fr.startswith("« {x} »")
    with pytest.raises(KeyError):
        say("fr", "error.no_scheme")
    with pytest.raises(KeyError):
        say("fr", "error.nothing_such")


@pytest.mark.parametrize(
    ("asked", "environment", "expected"),
    [
        (None, {}, "fr"),
        (None, {"LANG": "C.UTF-8"}, "fr"),
        (None, {"LANG": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "en_US.UTF-8", "LC_ALL": "fr_FR.UTF-8"}, "fr"),
        (None, {"LANG": "fr_FR.UTF-8", "PGSSI_LANG": "en"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "fr"),
        ("fr", {"PGSSI_LANG": "en"}, "fr"),
        ("en", {"PGSSI_LANG": "fr"}, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_that_of_the_machine(
    asked: str | None, environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGSSI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language(asked) == expected


def test_days_moments_and_numbers_are_said_as_people_write_them() -> None:
    day = date(2026, 11, 1)
    assert say("fr", "declarations.soon", part="GP4.1", date=day) == (
        "GP4.1 : la déclaration expire bientôt, le 1er\u00a0novembre 2026."
    )
    assert say("en", "declarations.soon", part="GP4.1", date=day).endswith("on 1\u00a0November 2026.")
    asked = {
        "host": "h",
        "start": datetime(2026, 11, 22, 9, 5, tzinfo=UTC),
        "end": datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    }
    assert "du 22\u00a0novembre 2026 à 9\u00a0h\u00a005 (UTC)" in say("fr", "traces.nothing", **asked)
    assert "12\u202f345 requêtes" in say("fr", "progress.plan", count=2, requests=12345)
    assert "h:12345" in say("fr", "unreachable.refused", host="h", port=12345)
    assert "0,5" in say("fr", "login_test.quality", rounds=1, candidates=1, likeness=0.5)
