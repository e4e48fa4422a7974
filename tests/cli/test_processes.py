"""The command line as a process: signals, pipes, terminals, what else is around it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.cli.exits import Exit
from pgssi_probe.net.journal import verify_chain
from tests.cli.conftest import Target  # type: ignore[import-not-found]

COMMAND = [sys.executable, "-m", "pgssi_probe"]
WAIT = 60


def environment(settings: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    return {**kept, "XDG_CONFIG_HOME": str(settings), "PGSSI_LANG": "fr", "TERM": "xterm-256color", **more}


@contextmanager
def slow_server() -> Iterator[tuple[str, threading.Event]]:
    """Answers the home page at once, and the rest once the event is set: a run that can be met under way."""
    free = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            while head := connection.recv(65536):
                if not head.startswith((b"GET / ", b"HEAD / ")):
                    free.wait(WAIT)
                body = b"" if head.startswith(b"HEAD") else b"<p>ok"
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n" + body)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=quietly, args=(serve, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", free
    finally:
        free.set()
        listening.close()


def quietly(serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with suppress(OSError):  # the client was killed
        serve(connection)


def wait_for(condition: Callable[[], Any]) -> None:
    limit = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def started(url: str, folder: Path, settings: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "scan", url, "--only", "headers,cookie,content.security-txt", "--rate", "500", "--out", "run"],
        cwd=folder,
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def asked_of(folder: Path) -> int:
    journal = folder / "run" / "journal.jsonl"
    return journal.read_text(encoding="utf-8").count('"kind":"request"') if journal.exists() else 0


def finished(url: str, folder: Path, settings: Path) -> None:
    """`--resume` ends what was begun, and the journal is one chain."""
    done = subprocess.run(
        [*COMMAND, "scan", "--resume", "run", "--fail-on", "never"],
        cwd=folder,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert done.returncode == Exit.OK, done.stderr
    report = json.loads((folder / "run" / "report.json").read_text(encoding="utf-8"))
    assert report["run"]["state"] == "completed"
    assert {one["state"] for one in report["checks"]} == {"completed", "not_run"}
    assert verify_chain(folder / "run" / "journal.jsonl") is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_leaves_a_usable_folder_and_says_how_to_go_on(
    tmp_path: Path, settings: Path, number: signal.Signals
) -> None:
    with slow_server() as (url, free):
        process = started(url, tmp_path, settings)
        wait_for(lambda: asked_of(tmp_path) >= 2 or process.poll() is not None)
        process.send_signal(number)
        out, err = process.communicate(timeout=WAIT)
        assert process.returncode == Exit.UNREACHABLE, err
        assert "pgssi-probe scan --resume run" in out
        assert "Traceback" not in out + err
        report = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
        assert report["run"]["state"] == "interrupted"
        assert (tmp_path / "run" / "report.html").exists()
        assert verify_chain(tmp_path / "run" / "journal.jsonl") is None
        free.set()
        finished(url, tmp_path, settings)


def test_a_killed_scan_can_be_resumed(tmp_path: Path, settings: Path) -> None:
    with slow_server() as (url, free):
        process = started(url, tmp_path, settings)
        wait_for(lambda: asked_of(tmp_path) >= 2 or process.poll() is not None)
        process.kill()
        process.communicate(timeout=WAIT)
        assert not (tmp_path / "run" / "report.json").exists()
        free.set()
        finished(url, tmp_path, settings)


def test_interrupted_before_the_first_check_leaves_nothing(tmp_path: Path, settings: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never answers
        process = started(f"http://127.0.0.1:{silent.getsockname()[1]}/", tmp_path, settings)
        connection, _ = silent.accept()
        with connection:
            connection.recv(1000)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=WAIT)
    assert process.returncode == Exit.UNREACHABLE
    assert err.splitlines()[-1].startswith("pgssi-probe: Arrêté avant le premier contrôle")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("loading", ["pgssi_probe.cli.app", "pgssi_probe.engine.scan"])
def test_interrupted_before_anything_began_is_one_sentence(tmp_path: Path, settings: Path, loading: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {loading!r}:\n"
        "            sys.meta_path.remove(self)\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
    )
    done = subprocess.run(
        [*COMMAND, "scan", "https://portal.example/"],
        cwd=tmp_path,
        env=environment(settings, PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130
    assert done.stderr.startswith("pgssi-probe: Interrompu.")
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout


def test_two_scans_never_write_in_one_folder(tmp_path: Path, settings: Path) -> None:
    with slow_server() as (url, free):
        process = started(url, tmp_path, settings)
        wait_for(lambda: asked_of(tmp_path) >= 1 or process.poll() is not None)
        other = subprocess.run(
            [*COMMAND, "scan", "--resume", "run"],
            cwd=tmp_path,
            env=environment(settings),
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )
        free.set()
        process.communicate(timeout=WAIT)
    assert other.returncode == Exit.USAGE
    assert "Un autre pgssi-probe" in other.stderr


def on_a_terminal(arguments: list[str], folder: Path, env: dict[str, str]) -> tuple[int, str]:
    """Exit code and everything that a terminal of 100 columns received."""
    ours, theirs = pty.openpty()
    env = {**env, "COLUMNS": "100"}
    process = subprocess.Popen([*COMMAND, *arguments], cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    received = b""
    limit = time.monotonic() + WAIT
    while time.monotonic() < limit:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            received += piece
    process.wait(WAIT)
    os.close(ours)
    return process.returncode, received.decode("utf-8")


CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r\n|\r")
"""What a progress bar may send: cursor and colour sequences, and line ends."""


def test_on_a_terminal_progress_is_live_and_the_terminal_is_given_back(
    web: Target, tmp_path: Path, settings: Path
) -> None:
    scan = ["scan", web.url, "--only", "headers,cookie", "--rate", "500", "--no-seal", "--fail-on", "never"]
    code, said = on_a_terminal(scan, tmp_path, environment(settings))
    assert code == Exit.OK
    assert "en cours : " in said
    assert "headers.csp" in said
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h") > 0
    left = CONTROL.sub("", said)
    assert not [char for char in left if ord(char) < 32 and char != "\n"]
    assert "Règles du guide" in left


def test_a_disk_that_fills_gives_the_terminal_back(web: Target, tmp_path: Path, settings: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nreal = os.open\n"
        "def opened(path, flags, mode=0o777, **more):\n"
        "    if str(path).endswith('outcomes.jsonl'):\n"
        "        return real('/dev/full', os.O_WRONLY)\n"
        "    return real(path, flags, mode, **more)\n"
        "os.open = opened\n"
    )
    env = environment(settings, PYTHONPATH=str(tmp_path))
    code, said = on_a_terminal(["scan", web.url, "--only", "headers", "--rate", "500", "--out", "run"], tmp_path, env)
    assert code == Exit.INTERNAL
    assert "plus de place sur le disque" in said
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h")


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_when_none_is_wanted(more: dict[str, str], tmp_path: Path, settings: Path) -> None:
    env = environment(settings, **more)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", on_a_terminal(["doctor"], tmp_path, env)[1])
    assert re.search(r"\x1b\[[0-9;]*3[0-9]m", on_a_terminal(["doctor"], tmp_path, environment(settings))[1])


def shell(line: str, folder: Path, settings: Path, **more: str) -> subprocess.CompletedProcess[str]:
    program = " ".join(COMMAND)
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line.replace('pgssi-probe', program)}"],
        cwd=folder,
        env=environment(settings, **more),
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


@pytest.mark.parametrize("command", ["rules list", "checks list --json", "schema", "scan --help", "rules show AA7"])
def test_a_reader_that_leaves_early_is_no_trouble(command: str, tmp_path: Path, settings: Path) -> None:
    done = shell(f"pgssi-probe {command} | head -n 1 >/dev/null", tmp_path, settings)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_scan_goes_on_when_its_reader_leaves(web: Target, tmp_path: Path, settings: Path) -> None:
    scan = f"pgssi-probe scan {web.url} --only headers --rate 500 --out run --json --fail-on never | head -n 1"
    done = shell(scan, tmp_path, settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run" / "report.html.p7s").exists()


def test_a_full_disk_behind_the_output_is_said(tmp_path: Path, settings: Path) -> None:
    done = shell("pgssi-probe rules list > /dev/full", tmp_path, settings)
    assert done.returncode == Exit.INTERNAL
    assert done.stderr == "pgssi-probe: La sortie ne peut pas être écrite (plus de place sur le disque).\n"


def test_a_terminal_without_accents_is_served_all_the_same(tmp_path: Path, settings: Path) -> None:
    done = shell("pgssi-probe rules list; pgssi-probe scan x", tmp_path, settings, PYTHONIOENCODING="ascii")
    assert done.returncode == Exit.USAGE
    assert "obligations l?gales" in done.stdout
    assert "Traceback" not in done.stderr


def test_help_is_a_page_and_imports_nothing_else(tmp_path: Path, settings: Path) -> None:
    for words in ("", "--help", "scan --help", "scan https://a.exemple -h", "rules show AA7 --help --lang en"):
        done = shell(f"pgssi-probe {words}", tmp_path, settings)
        assert (done.returncode, done.stderr) == (0, "")
        assert "pgssi-probe" in done.stdout.splitlines()[0]
    loaded = shell("python -X importtime -m pgssi_probe --help".replace("python", sys.executable), tmp_path, settings)
    assert "pydantic" not in loaded.stderr
