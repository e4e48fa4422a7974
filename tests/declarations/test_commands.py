"""`declarations new, check, status`, and `report --declarations`, on the folder of a run."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.assess import assess, summarise
from pgssi_probe.cli.app import run
from pgssi_probe.cli.exits import Exit
from pgssi_probe.guide import guide
from pgssi_probe.history.reading import read_report
from pgssi_probe.model.outcome import Level, Reason
from pgssi_probe.model.result import EngagementSummary, Plan, Run, RunResult
from pgssi_probe.model.verdict import Verdict
from pgssi_probe.words import both


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGSSI_LANG", "fr")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([str(one) for one in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run in which nothing was looked at."""
    from datetime import UTC, datetime

    now = datetime(2026, 11, 22, tzinfo=UTC)
    verdicts = assess(guide(), (), ())
    result = RunResult(
        run=Run(
            id="R1", tool_version="0", target="https://portail.example/", addresses=(), level=Level.PASSIVE,
            started=now, finished=now, state="completed", command_line=(), user_agent="x", requests=0, connections=0,
            bytes_received=0, journal_head="0" * 64,
        ),
        engagement=EngagementSummary(), plan=Plan(entries=(), requests_max=0, seconds_max=0), checks=(), outcomes=(),
        evidence=(), verdicts=verdicts, chronology=(), summary=summarise((), (), verdicts),
        reasons={reason: both(f"reason.{reason}") for reason in Reason}, guide="g",
    )  # fmt: skip
    path = tmp_path / "run"
    path.mkdir()
    (path / "report.json").write_text(result.model_dump_json())
    (path / "run.json").write_text("{}")
    return path


def filled(path: Path, **answers: str) -> None:
    """The file that `new` wrote, signed, with some answers."""
    text = path.read_text()
    today = date.today()  # noqa: DTZ011
    text = text.replace('signatory = ""', 'signatory = "Mme D."', 1)
    text = re.sub(r'signed = ""', f"signed = {today}", text, count=1)
    text = re.sub(r'valid_until = ""', f"valid_until = {today + timedelta(days=400)}", text, count=1)
    for name, answer in answers.items():
        part = name.replace("_", ".")
        text = text.replace(
            f'[answers."{part}"]\nanswer = ""\ndocument = ""\nreason = ""',
            f'[answers."{part}"]\nanswer = "{answer}"\ndocument = "D1"\nreason = "R1"',
        )
    path.write_text(text)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_file_is_valid_as_written_and_holds_an_entry_for_each_part(probe: Any, folder: Path, lang: str) -> None:
    assert probe("declarations", "new", folder, "-o", "d.toml", "--lang", lang)[0] == Exit.OK
    data = tomllib.loads(Path("d.toml").read_text())
    to_justify = {
        part.part for rule in read_report(folder).verdicts for part in rule.parts if part.verdict is Verdict.TO_JUSTIFY
    }
    assert set(data["answers"]) == to_justify
    assert len(data["diagnosis"]) == 10
    assert probe("declarations", "check", "d.toml")[0] == Exit.OK
    assert probe("declarations", "new", folder, "-o", "d.toml")[0] == Exit.USAGE  # never over an existing one


def test_answers_enter_the_report_and_are_kept_with_the_run(probe: Any, folder: Path) -> None:
    probe("declarations", "new", "-o", "d.toml")
    filled(Path("d.toml"), GP2_1="oui", GP3_1="non")
    code, out, _ = probe("declarations", "status", "d.toml", folder, "--json")
    assert code == Exit.OK
    assert {one["rule"]: one["new"] for one in json.loads(out)["changes"]} == {
        "GP2": "declared",
        "GP3": "non_compliant",
    }
    assert read_report(folder).declarations is None  # status changes nothing
    assert probe("report", folder, "--declarations", "d.toml")[0] == Exit.OK
    result = read_report(folder)
    found = {rule.rule: rule.verdict for rule in result.verdicts}
    assert (found["GP2"], found["GP3"]) == (Verdict.DECLARED, Verdict.NON_COMPLIANT)
    assert result.summary.verdicts[Verdict.DECLARED] == 1
    assert (folder / "declarations.toml").read_bytes() == Path("d.toml").read_bytes()
    listed = {line["path"] for line in json.loads((folder / "manifest.json").read_bytes())["files"]}
    assert "declarations.toml" in listed
    assert "Mme D." in (folder / "report.html").read_text()
    assert probe("verify", folder)[0] == Exit.OK


def test_what_does_not_count_is_said_and_changes_the_code(probe: Any, folder: Path) -> None:
    probe("declarations", "new", "-o", "d.toml")
    filled(Path("d.toml"), GP2_1="oui")
    text = Path("d.toml").read_text()
    year = str(date.today().year)  # noqa: DTZ011
    text = re.sub(r"\nsigned = \S+", "\nsigned = 2019-01-01", text, count=1)
    Path("d.toml").write_text(re.sub(rf"valid_until = {year[:2]}\S+", "valid_until = 2020-01-01", text, count=1))
    code, out, _ = probe("declarations", "check", "d.toml")
    assert code == Exit.DEVIATIONS
    assert "périmée" in out
    probe("report", folder, "--declarations", "d.toml", "--no-seal")
    assert {rule.rule: rule.verdict for rule in read_report(folder).verdicts}["GP2"] is Verdict.TO_JUSTIFY


def test_mistakes_are_said_with_file_line_and_remedy_before_anything_is_done(probe: Any, folder: Path) -> None:
    Path("d.toml").write_text('[answers."GP2.1"]\nanswer = "oui"\n')
    for words in (("declarations", "check", "d.toml"), ("scan", "https://portail.invalid", "--declarations", "d.toml")):
        code, _, err = probe(*words)
        assert code == Exit.USAGE
        assert "d.toml, ligne 1" in err
        assert "ajoutez sa référence" in err
