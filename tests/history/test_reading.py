"""Reports read back: from a folder, a file or a dossier, and what is said of what is not one."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from pgssi_probe.history import reading
from pgssi_probe.history.reading import ReportError, read_report
from pgssi_probe.model.result import RunResult
from tests.reports.html.conftest import make_result  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def result() -> RunResult:
    made: RunResult = make_result()
    return made


@pytest.fixture
def content(result: RunResult) -> bytes:
    return result.model_dump_json().encode()


def dossier(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as container:
        for name, data in members:
            container.writestr(name, data)
    return path


def test_a_folder_a_file_and_a_dossier_hold_the_same(result: RunResult, content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(content)
    sealed = dossier(tmp_path / "x.asice", ("mimetype", b"application/vnd.etsi.asic-e+zip"), ("report.json", content))
    for path in (tmp_path, file, sealed):
        assert read_report(path) == result


def code(path: Path) -> str:
    with pytest.raises(ReportError) as found:
        read_report(path)
    assert found.value.path.name in {path.name, "report.json"}
    return found.value.code


def test_what_is_not_a_report_is_said(content: bytes, tmp_path: Path) -> None:
    assert code(tmp_path / "absent") == "not_found"
    assert code(tmp_path) == "not_a_run"
    (tmp_path / "run.json").write_text("{}")
    assert code(tmp_path) == "no_report"
    for number, text in enumerate(("", "not json", "[]", "{}", '{"schema_version": 1}', "[" * 100_000)):
        path = tmp_path / f"{number}.json"
        path.write_text(text)
        assert code(path) == "not_a_run"
    torn = tmp_path / "torn.json"
    torn.write_bytes(content[:-100])
    assert code(torn) == "not_a_run"


def test_another_version_is_named(content: bytes, tmp_path: Path) -> None:
    data = json.loads(content)
    path = tmp_path / "old.json"
    path.write_text(json.dumps({**data, "schema_version": "0.9"}))
    with pytest.raises(ReportError) as found:
        read_report(path)
    assert (found.value.code, found.value.detail) == ("other_version", "0.9")
    path.write_text(json.dumps({**data, "unknown": 1}))
    assert code(path) == "damaged"


def test_a_dossier_that_could_mean_two_things_is_refused(content: bytes, tmp_path: Path) -> None:
    assert code(dossier(tmp_path / "none.asice", ("report.html", b""))) == "not_a_run"
    assert code(dossier(tmp_path / "two.asice", ("report.json", content), ("a/report.json", content))) == "ambiguous"
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = dossier(tmp_path / "twice.asice", ("a", b"1"), ("a", b"2"), ("report.json", content))
    assert code(twice) == "ambiguous"
    whole = (tmp_path / "two.asice").read_bytes()
    broken = tmp_path / "broken.asice"
    broken.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    assert code(broken) in {"damaged", "ambiguous"}


def test_sizes_are_capped(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "REPORT_MAX", 1000)
    path = tmp_path / "report.json"
    path.write_bytes(content)
    assert code(path) == "too_large"
    with zipfile.ZipFile(tmp_path / "bomb.asice", "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("report.json", b" " * 100_000)
    assert code(tmp_path / "bomb.asice") == "too_large"
