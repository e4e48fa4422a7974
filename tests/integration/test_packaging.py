"""The wheel holds everything: installed away from the sources, the program finds its checks, guide and words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel made from the sdist, as an index would serve it."""
    out = tmp_path_factory.mktemp("dist")
    build = "import sys; from hatchling import build; build.build_{}(sys.argv[1])"
    run = {"check": True, "capture_output": True, "timeout": 100}
    subprocess.run([sys.executable, "-c", build.format("sdist"), str(out)], cwd=ROOT, **run)  # type: ignore[call-overload]
    subprocess.run(["tar", "-xzf", str(next(out.glob("*.tar.gz"))), "-C", str(out)], **run)  # type: ignore[call-overload]
    unpacked = next(path for path in out.iterdir() if path.is_dir())
    subprocess.run([sys.executable, "-c", build.format("wheel"), str(out)], cwd=unpacked, **run)  # type: ignore[call-overload]
    return next(out.glob("*.whl"))


def test_nothing_generic_lands_in_site_packages(wheel: Path) -> None:
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {
        "pgssi_probe",
        "pgssi_checks",
        "pgssi_reports",
    }


def test_every_data_file_is_in_it(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    roots = {"pgssi_probe": ROOT, "pgssi_checks": ROOT / "checks", "pgssi_reports": ROOT / "reports"}
    tracked = subprocess.run(
        ["git", "ls-files", "pgssi_probe", "checks", "reports"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    wanted = {
        str((ROOT / path).relative_to(root))
        for path in tracked
        for name, root in roots.items()
        if name in path.split("/")[:2]
    }
    assert len(wanted) > 300
    assert not wanted - inside


def test_it_works_away_from_the_sources(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys; sys.path[:] = [p for p in sys.path if 'pgssi' not in p and p not in ('', sys.argv[1])];"
        "sys.meta_path[:] = [f for f in sys.meta_path if 'ditable' not in type(f).__name__ + str(f)];"
        "sys.path.insert(0, sys.argv[2]); from pgssi_probe.cli.app import run; import pgssi_probe;"
        "assert pgssi_probe.__file__.startswith(sys.argv[2]), pgssi_probe.__file__;"
        "raise SystemExit(run(['checks', 'list', '--json']))"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), str(tmp_path / "site")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert sum(row["state"] == "shipped" for row in rows) >= 28
    assert len(rows) >= 69


def test_every_format_is_rendered_away_from_the_sources(wheel: Path, tmp_path: Path) -> None:
    from tests.reports.html.conftest import FAILURES, PASSES, make_result  # type: ignore[import-not-found]

    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    (tmp_path / "run").mkdir()
    short = make_result(failures=FAILURES[:1], passes=PASSES[:1])
    brief = {"parts": (), "text": short.verdicts[0].title}  # a whole one takes long to print
    short = short.model_copy(update={"verdicts": tuple(one.model_copy(update=brief) for one in short.verdicts)})
    (tmp_path / "run" / "report.json").write_text(short.model_dump_json(), encoding="utf-8")
    code = (
        "import sys; sys.path[:] = [p for p in sys.path if 'pgssi' not in p and p not in ('', sys.argv[1])];"
        "sys.meta_path[:] = [f for f in sys.meta_path if 'ditable' not in type(f).__name__ + str(f)];"
        "sys.path.insert(0, sys.argv[2]); from pgssi_probe.cli.app import run;"
        "raise SystemExit(run(['report', 'run', '--format', 'all', '--no-seal']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), str(tmp_path / "site")],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"report.html", "report.pdf", "report.sarif", "report.har", "actions.xlsx", "report.oscal.json"} <= written
