"""`--format` and `diff`: what they write, what they say, what they refuse before anything is sent."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import import_module
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.cli import formats
from pgssi_probe.cli.exits import Exit
from pgssi_probe.lab import Lab
from pgssi_probe.model.extra import ExtraMissing
from pgssi_probe.model.outcome import stable_id
from pgssi_probe.model.result import RunResult
from tests.cli.conftest import Probe, Target, address_of, lab_in_a_thread  # type: ignore[import-not-found]
from tests.reports.html.conftest import make_result  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[2]
QUICK = "sarif,sarif-full,junit,har,csv,xlsx,oscal,oscal-catalog,html"
FILES = {
    "html": "report.html", "pdf": "report.pdf", "sarif": "report.sarif", "sarif-full": "report.full.sarif",
    "junit": "report.junit.xml", "har": "report.har", "csv": "actions.csv", "xlsx": "actions.xlsx",
    "oscal": "report.oscal.json", "oscal-catalog": "report.oscal-catalog.json",
}  # fmt: skip


def declared() -> dict[str, str]:
    """The reporters of pyproject.toml, by name."""
    found: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"][
        formats.GROUP
    ]
    return found


@pytest.fixture(autouse=True)
def as_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """An editable installation knows the entry points of the day it was made: these are those of today."""
    points = EntryPoints(EntryPoint(name, value, formats.GROUP) for name, value in declared().items())
    monkeypatch.setattr(formats, "plugins", lambda group: points.select(group=group))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The report.json of a run, and nothing else."""
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "report.json").write_text(make_result().model_dump_json(), encoding="utf-8")
    return folder


def test_every_declared_reporter_is_there() -> None:
    assert set(declared()) == set(FILES)
    for name, value in declared().items():
        module, _, attribute = value.partition(":")
        reporter = getattr(import_module(module), attribute)()
        assert (reporter.name, reporter.file_name) == (name, FILES[name])


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_format_is_rendered_from_the_report_alone(probe: Probe, kept: Path, lang: str) -> None:
    done = probe("report", kept, "--format", QUICK, "--no-seal", "--lang", lang)
    assert (done.code, done.err) == (Exit.OK, "")
    wanted = {FILES[name] for name in QUICK.split(",")}
    assert {path.name for path in kept.iterdir()} >= wanted


def test_the_file_itself_will_do(probe: Probe, kept: Path) -> None:
    assert probe("report", kept / "report.json", "-f", "sarif", "--no-seal").code == Exit.OK
    assert (kept / "report.sarif").exists()
    assert not (kept / "report.html").exists()


def test_data_alone(probe: Probe, kept: Path) -> None:
    assert probe("report", kept, "--format", "json", "--no-seal").code == Exit.OK
    assert not list(kept.glob("report.[!j]*"))


@pytest.mark.parametrize("asked", ["docx", "html,docx", ""])
def test_an_unknown_format_is_refused_before_anything_is_sent(probe: Probe, web: Target, asked: str) -> None:
    done = probe("scan", web.url, "--format", asked)
    assert done.code == Exit.USAGE
    assert "--format" in done.err
    assert "sarif" in done.err
    assert web.seen == []


@pytest.mark.parametrize(("library", "said"), [("", "pgssi-probe[pdf]"), ("Pango", "libpango-1.0-0")])
def test_what_is_missing_is_said_before_anything_is_sent(
    probe: Probe, web: Target, monkeypatch: pytest.MonkeyPatch, library: str, said: str
) -> None:
    def lacks(_: object) -> None:
        raise ExtraMissing("pdf", library)

    monkeypatch.setattr("pgssi_reports.pdf.PdfReporter.ready", lacks)
    done = probe("scan", web.url, "--format", "html,pdf")
    assert done.code == Exit.USAGE
    assert said in done.err
    assert done.err.count("\n") == 1
    assert web.seen == []


def test_a_report_of_another_version_is_one_sentence(probe: Probe, kept: Path) -> None:
    data = json.loads((kept / "report.json").read_text("utf-8"))
    (kept / "report.json").write_text(json.dumps({**data, "schema_version": "0.9"}))
    for command in (("report", kept, "--no-seal"), ("diff", kept, kept)):
        done = probe(*command)
        assert done.code == Exit.USAGE
        assert "0.9" in done.err
        assert done.err.count("\n") == 1


def test_a_stopped_run_is_rendered_in_every_format(probe: Probe, kept: Path) -> None:
    (kept / "report.json").write_text(make_result(state="aborted", mandate=None).model_dump_json(), encoding="utf-8")
    assert probe("report", kept, "--format", QUICK, "--no-seal").code == Exit.OK
    assert (
        json.loads((kept / "report.sarif").read_text("utf-8"))["runs"][0]["invocations"][0]["executionSuccessful"]
        is False
    )


def write(folder: Path, result: RunResult) -> Path:
    folder.mkdir()
    (folder / "report.json").write_text(result.model_dump_json(), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("lang", "word"), [("fr", "Nouveaux écarts"), ("en", "New deviations")])
def test_new_deviations_are_said_and_counted(probe: Probe, tmp_path: Path, lang: str, word: str) -> None:
    old, new = write(tmp_path / "old", make_result(failures=())), write(tmp_path / "new", make_result())
    done = probe("diff", old, new, "--lang", lang)
    assert done.code == Exit.DEVIATIONS
    assert word in done.out
    back = probe("diff", new, old, "--json")
    assert back.code == Exit.OK
    assert json.loads(back.out)["counts"]["fixed"] == sum(outcome.failed for outcome in make_result().outcomes)
    assert probe("diff", new, new).code == Exit.OK


def test_strict_minds_what_cannot_be_compared(probe: Probe, tmp_path: Path) -> None:
    result = make_result()
    gone = result.model_copy(update={"checks": (), "outcomes": tuple(one for one in result.outcomes if not one.failed)})
    old, new = write(tmp_path / "old", result), write(tmp_path / "new", gone)
    assert probe("diff", old, new).code == Exit.OK
    done = probe("diff", old, new, "--strict")
    assert done.code == Exit.NOT_EVALUATED
    assert "non comparable" in done.out


@pytest.mark.lab
def test_two_runs_of_the_same_portal_find_the_same_under_the_same_ids(probe: Probe, tmp_path: Path) -> None:
    found: list[dict[str, Any]] = []
    with lab_in_a_thread("headers.csp/missing", "headers.referrer/missing", "disclosure.banners/server-version") as lab:
        options = (*address_of(lab), "--format", "json", "--no-seal", "--quiet")
        for name, lang in (("one", "fr"), ("two", "en")):
            probe("scan", *options, "--out", tmp_path / name, "--lang", lang)
            found.append(json.loads((tmp_path / name / "report.json").read_text("utf-8")))
    done = probe("diff", tmp_path / "one", tmp_path / "two", "--json", "--strict")
    difference = json.loads(done.out)
    assert done.code == Exit.OK
    assert difference["rules"] == []
    assert set(difference["counts"]) == {"new", "worse", "not_comparable", "unchanged", "better", "fixed"}
    assert difference["counts"]["unchanged"] >= 3
    assert sum(difference["counts"].values()) == difference["counts"]["unchanged"]
    # Every outcome, not only the failures: a trend needs them as much.
    one, two = ({outcome["id"] for outcome in report["outcomes"]} for report in found)
    assert one == two
    for report in found:
        for outcome in RunResult.model_validate(report).outcomes:
            assert re.fullmatch(r"PGP-[0-9A-F]{10}", outcome.id)
            assert outcome.id == stable_id(outcome.check, outcome.slug, outcome.subject)


@pytest.mark.lab
def test_a_mended_portal_is_told_from_a_weak_one(probe: Probe, tmp_path: Path, weak: Lab, hardened: Lab) -> None:
    for name, lab in (("weak", weak), ("hardened", hardened)):
        options = ("--only", "headers", "--format", "json", "--no-seal", "--quiet", "--out", tmp_path / name)
        probe("scan", *address_of(lab), *options)
    # Two ports of one machine are two targets; the same report with the address of the other stands for a mended one.
    text = (tmp_path / "hardened" / "report.json").read_text("utf-8").replace(hardened.https_url, weak.https_url)
    (tmp_path / "hardened" / "report.json").write_text(text, encoding="utf-8")
    mended = probe("diff", tmp_path / "weak", tmp_path / "hardened", "--json")
    assert mended.code == Exit.OK
    assert json.loads(mended.out)["counts"]["fixed"] >= 1
    assert probe("diff", tmp_path / "hardened", tmp_path / "weak").code == Exit.DEVIATIONS
