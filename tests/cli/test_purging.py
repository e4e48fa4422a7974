"""`purge`: nothing of the target is left, what is not ours is untouched, and the record holds before a stranger."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from weasyprint import HTML

from pgssi_probe.cli.exits import Exit
from pgssi_probe.clock import SystemClock
from pgssi_probe.engine import purge as engine
from tests.cli.conftest import Probe, web_server  # type: ignore[import-not-found]

PAGE = b"<!doctype html><html lang=fr><title>Portail de Valombre</title><p>Bonjour <a href=/marqueur-7f3a>lien</a>"
FEW = ("--only", "headers.referrer,headers.csp", "--rate", "500", "--fail-on", "never", "--quiet", "--format", "all")


@pytest.fixture(scope="module")
def ran(settings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from pgssi_probe.cli.app import run

    folder = tmp_path_factory.mktemp("ran") / "run"
    printed = HTML(string=PAGE.decode()).write_pdf(pdf_variant="pdf/ua-1")
    with pytest.MonkeyPatch.context() as patch, web_server(PAGE) as target:
        patch.setattr("pgssi_reports.pdf.PdfReporter.render", lambda *_: printed)  # ours takes seconds to print
        patch.setenv("XDG_CONFIG_HOME", str(settings))
        patch.setenv("PGSSI_PROBE_CHROMIUM", "none")
        assert run(["scan", target.url, *FEW, "--out", str(folder)]) == Exit.OK
    return folder


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ran, tmp_path / "passage"))


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_only_the_record_and_the_mandate_stay(folder: Path, probe: Probe) -> None:
    was = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names(folder) - {"evidence"}}
    findings = {one["id"] for one in json.loads((folder / "report.json").read_bytes())["outcomes"] if one["severity"]}
    done = probe("purge", folder, "--yes", "--reason", "fin de mission", "--by", "RSSI de Valombre")
    assert done.code == Exit.OK, done.err
    assert names(folder) == {"destruction.json", "destruction.json.p7s", "engagement.json"}
    record = json.loads((folder / "destruction.json").read_bytes())
    assert {file["path"]: file["sha256"] for file in record["files"]} == {
        name: digest for name, digest in was.items() if name != "engagement.json"
    }
    assert {file["fate"] for file in record["files"]} == {"destroyed"}
    assert (record["by"], record["reason"], record["state"]) == ("RSSI de Valombre", "fin de mission", "done")
    assert len(record["run"]["verdicts"]) == 65
    assert set(record["run"]["findings"]) == findings != set()
    assert "marqueur" not in str(record)
    assert "Portail" not in str(record)
    assert "SSD" in done.out
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "destruction.json.p7s", "-noverify"]
    stranger = subprocess.run([*command, "-content", "destruction.json"], cwd=folder, capture_output=True, check=False)
    assert stranger.returncode == 0


def test_every_command_knows_a_purged_run(folder: Path, ran: Path, probe: Probe) -> None:
    assert probe("purge", folder, "--yes").code == Exit.OK
    for arguments in (
        ("report", folder),
        ("report", folder / "report.json"),
        ("diff", folder, ran),
        ("diff", ran, folder),
        ("scan", "--resume", folder),
        ("seal", folder),
        ("purge", folder, "--yes"),
    ):
        done = probe(*arguments)
        assert done.code == Exit.USAGE, arguments
        assert "a été détruit le" in done.err
        assert done.err.count("\n") == 1
    done = probe("verify", folder)
    assert done.code == Exit.OK
    assert "détruit le" in done.out


@pytest.mark.parametrize("change", ["flip", "return", "unlisted", "mandate", "unsealed", "emptied"])
def test_verify_refuses_what_contradicts_the_record(folder: Path, probe: Probe, change: str) -> None:
    report = (folder / "report.json").read_bytes()
    assert probe("purge", folder, "--yes").code == Exit.OK
    record = folder / "destruction.json"
    match change:
        case "flip":
            record.write_bytes(record.read_bytes().replace(b'"done"', b'"begun"'))
        case "return":
            (folder / "report.json").write_bytes(report)
        case "unlisted":
            (folder / "report.txt").write_text("x")
        case "mandate":
            (folder / "engagement.json").write_text("{}")
        case "unsealed":
            (folder / "destruction.json.p7s").unlink()
        case _:
            record.write_text("{}")
    assert probe("verify", folder).code == Exit.DEVIATIONS


def test_what_is_not_ours_is_neither_followed_nor_touched(folder: Path, tmp_path: Path, probe: Probe) -> None:
    outside = tmp_path / "dehors"
    outside.mkdir()
    for name in ("precieux", "double"):
        (outside / name).write_text("à garder")
    (folder / "report.html").unlink()
    (folder / "report.html").symlink_to(outside / "precieux")
    (folder / "notes.md").write_text("notes de l'auditeur")
    (folder / "evidence" / "capture.png").write_text("image")
    (folder / "evidence" / "E0007.new").write_text("une pièce que l'on remplaçait")
    (folder / "plan.json").unlink()
    os.link(outside / "double", folder / "plan.json")
    (folder / "traces.d").mkdir()
    done = probe("purge", folder, "--yes")
    assert done.code == Exit.DEVIATIONS
    for shown in ("report.html", "notes.md", "evidence/capture.png", "traces.d"):
        assert shown in done.out
    assert (outside / "precieux").read_text() == (outside / "double").read_text() == "à garder"
    assert (folder / "notes.md").read_text() == "notes de l'auditeur"
    fates = {file["path"]: file["fate"] for file in json.loads((folder / "destruction.json").read_bytes())["files"]}
    assert fates["plan.json"] == "unlinked"
    assert fates["report.html"] == fates["notes.md"] == fates["evidence/capture.png"] == "left"
    assert fates["report.json"] == fates["evidence/E0007.new"] == "destroyed"
    assert probe("verify", folder).code == Exit.OK


def test_links_to_the_folder_or_to_its_evidence_are_refused(folder: Path, tmp_path: Path, probe: Probe) -> None:
    link = tmp_path / "lien"
    link.symlink_to(folder)
    before = names(folder)
    done = probe("purge", link, "--yes")
    assert (done.code, "lien symbolique" in done.err, names(folder)) == (Exit.USAGE, True, before)
    elsewhere = tmp_path / "ailleurs"
    (folder / "evidence").rename(elsewhere)
    (folder / "evidence").symlink_to(elsewhere)
    kept = names(elsewhere)
    assert kept
    assert probe("purge", folder, "--yes").code == Exit.DEVIATIONS
    assert names(elsewhere) == kept


def test_nothing_goes_without_a_yes(folder: Path, probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    before = names(folder)
    assert probe("purge", folder).code == Exit.USAGE  # nobody is there
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer in ("non", "", "yes"):
        monkeypatch.setattr("builtins.input", lambda _, answer=answer: answer)
        assert probe("purge", folder).code == Exit.USAGE
        assert names(folder) == before
    monkeypatch.setattr("builtins.input", lambda _: " Oui ")
    assert probe("purge", folder).code == Exit.OK
    assert "report.json" not in names(folder)


def test_a_run_under_way_and_a_folder_of_somebody_are_left_alone(folder: Path, tmp_path: Path, probe: Probe) -> None:
    before = names(folder)
    with (folder / "journal.jsonl").open("rb") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        assert probe("purge", folder, "--yes").code == Exit.USAGE
    assert names(folder) == before
    somebody = tmp_path / "documents"
    somebody.mkdir()
    (somebody / "report.json").write_text("{}")
    assert probe("purge", somebody, "--yes").code == Exit.USAGE
    assert probe("purge", tmp_path / "absent", "--yes").code == Exit.USAGE
    assert names(somebody) == {"report.json"}


def test_a_destruction_cut_short_is_seen_and_gone_on_with(
    folder: Path, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names(folder) - {"evidence"}}
    wiped: list[str] = []
    real = engine._wiped

    def cut(descriptor: int, name: str) -> object:
        if len(wiped) == 5:
            raise KeyboardInterrupt
        wiped.append(name)
        return real(descriptor, name)

    monkeypatch.setattr(engine, "_wiped", cut)
    with pytest.raises(KeyboardInterrupt):
        engine.purge(folder, SystemClock(), by="x", reason="", renderings=())
    monkeypatch.undo()
    done = probe("report", folder)
    assert done.code == Exit.USAGE
    assert "n'est pas finie" in done.err
    assert probe("verify", folder).code == Exit.DEVIATIONS
    assert probe("purge", folder, "--yes").code == Exit.OK
    record = json.loads((folder / "destruction.json").read_bytes())
    assert {file["path"]: file["sha256"] for file in record["files"]} == {
        name: digest for name, digest in was.items() if name != "engagement.json"
    }
    assert probe("verify", folder).code == Exit.OK


def test_content_is_overwritten_before_the_name_goes(folder: Path) -> None:
    with (folder / "outcomes.jsonl").open("rb") as held:
        size = len(held.read())
        engine.purge(folder, SystemClock(), by="x", reason="", renderings=())
        held.seek(0)
        assert size
        assert held.read() == b""  # the very same blocks, not a new file
