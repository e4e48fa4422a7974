"""Commands that show something: in both languages, for people and for machines, on any terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from docs import generate
from pgssi_probe.cli.exits import Exit
from pgssi_probe.cli.help_pages import files
from pgssi_probe.cli.safe import harmless_json, plain
from pgssi_probe.lab.hostile import HOSTILE_STRINGS
from pgssi_probe.model.text import LANGS

SHOWN = [
    ("rules", "list"),
    ("rules", "show", "AA7"),
    ("checks", "list"),
    ("checks", "show", "headers.csp"),
    ("lab", "--list"),
    ("doctor",),
]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_for_people_and_for_machines(probe: Any, words: tuple[str, ...], lang: str) -> None:
    people = probe(*words, "--lang", lang)
    machines = probe(*words, "--lang", lang, "--json")
    assert people.code == machines.code == Exit.OK
    assert people.err == machines.err == ""
    assert people.out.strip()
    assert "\x1b" not in people.out
    assert json.loads(machines.out)


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_the_two_languages_differ(probe: Any, words: tuple[str, ...]) -> None:
    assert probe(*words).out != probe(*words, "--lang", "en").out


def test_rules_are_sixty_five_and_checks_are_all_there(probe: Any) -> None:
    from pgssi_probe.registry import checks

    assert len(json.loads(probe("rules", "list", "--json").out)) == 65
    rows = json.loads(probe("checks", "list", "--json").out)
    assert {row["id"] for row in rows if row["state"] == "shipped"} == set(checks())


def test_every_rule_and_every_check_can_be_shown(probe: Any) -> None:
    for row in json.loads(probe("rules", "list", "--json").out):
        assert row["id"] in probe("rules", "show", row["id"]).out
    for row in json.loads(probe("checks", "list", "--json").out):
        if row["state"] == "shipped":
            assert row["id"] in probe("checks", "show", row["id"]).out


@pytest.mark.parametrize("lang", LANGS)
def test_help_pages_say_what_the_commands_say(lang: str) -> None:
    stale = [path.name for path, text in files().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"run {generate.__name__}"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("group", ["rules", "checks", "engagement"])
def test_a_group_alone_shows_its_help(probe: Any, group: str, lang: str) -> None:
    done = probe(group) if lang == "fr" else probe(group, "--help", "--lang", "en")
    assert done.code == Exit.OK
    assert f"pgssi-probe {group}" in done.out
    assert not done.err


def test_the_language_may_come_first(probe: Any) -> None:
    assert probe("--lang", "en", "rules", "list").out == probe("rules", "list", "--lang", "en").out
    assert "Options:" in probe("--lang", "en").out
    assert json.loads(probe("schema", "--lang", "en").out) == json.loads(probe("schema").out)


def test_the_schema_is_the_published_one(probe: Any) -> None:
    published = Path(generate.__file__).parent / "reference" / "report.schema.json"
    assert json.loads(probe("schema").out) == json.loads(published.read_text(encoding="utf-8"))


def test_the_version(probe: Any) -> None:
    from pgssi_probe import __version__

    assert probe("--version").out == f"pgssi-probe {__version__}\n"


def test_doctor_says_what_to_do(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pgssi_probe.cli import doctor

    lines = probe("doctor").out.splitlines()
    assert len(lines) >= 15
    assert {line.split()[0] for line in lines} <= {"ok", "à"}
    assert {finding["ok"] for finding in json.loads(probe("doctor", "--json").out)} <= {True, False}
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "sslyze" else "47.0.0")
    monkeypatch.setattr(doctor, "_writable", lambda _: False)
    broken = probe("doctor")
    assert broken.code == Exit.DEVIATIONS
    assert "sslyze est absent" in broken.out
    assert "cryptography ≥ 48" in broken.out
    assert "--out" in broken.out


@pytest.mark.parametrize("text", HOSTILE_STRINGS)
def test_nothing_that_a_target_says_acts_on_a_terminal(text: str) -> None:
    for shown in (plain(text), harmless_json({"said": text})):
        assert not [char for char in shown if ord(char) < 32 or 127 <= ord(char) < 160]
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(shown)
    assert json.loads(harmless_json({"said": text})) == {"said": text}


def test_a_long_text_is_cut() -> None:
    assert len(plain("é" * 1000)) == 400
    assert plain("a\nb\tc\rd") == "a b c d"


def test_what_a_check_sends_is_said_with_its_note(probe: Any) -> None:
    shown = probe("checks", "show", "tls.config", "--lang", "en").out
    assert "Sends nothing on top of the shared collection." in shown
    assert "about 600 an address" in shown
    assert "Sends at most" in probe("checks", "show", "headers.csp", "--lang", "en").out
