"""A check package of somebody else: installed, discovered, run and reported, without touching ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package installed by pip in a folder of its own, as its users would."""
    target = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("source") / "acme"
    import shutil

    shutil.copytree(HERE / "third_party", source)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--disable-pip-version-check", "--target", str(target), str(source)], check=True)
    return target


@pytest.fixture(scope="module")
def teapot() -> Iterator[str]:
    class Teapot(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(418 if self.path == "/cafe" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Teapot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def probe(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PGSSI_LANG": "fr",
    }
    return subprocess.run(
        [sys.executable, "-m", "pgssi_probe", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_it_is_discovered(installed: Path, tmp_path: Path) -> None:
    listed = json.loads(probe(installed, tmp_path, "checks", "list", "--json").stdout)
    assert "teapot.refusal" in {row["id"] for row in listed}
    shown = probe(installed, tmp_path, "checks", "show", "teapot.refusal")
    assert "Le serveur n'est pas une théière" in shown.stdout


def test_it_is_run_and_reported(installed: Path, tmp_path: Path, teapot: str) -> None:
    done = probe(installed, tmp_path, "scan", teapot, "--only", "teapot", "--out", "run", "--quiet")
    assert done.returncode == 1, done.stderr
    report = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    found = [outcome for outcome in report["outcomes"] if outcome["check"] == "teapot.refusal"]
    assert [outcome["slug"] for outcome in found] == ["teapot"]
    assert found[0]["severity"] == "major"
    assert "théière" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
