"""`pgssi-probe login-test` and the secrets of a scan, from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from pgssi_probe.cli import scanning
from pgssi_probe.cli.app import run
from pgssi_probe.clock import VirtualClock
from pgssi_probe.engine.asked import Scan, labels_needed
from pgssi_probe.engine.plan import accounts_needed
from pgssi_probe.model.account import Account, Secret

PASSWORD = "Hush-Hush-1"
FORM = "<form method=post><input name=user><input type=password name=pass><button>Connexion</button></form>"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path)


def write(
    folder: Path, *, levels: str = '["passive", "active"]', target: str = "https://localhost:9", more: str = ""
) -> Path:
    today = date.today()  # noqa: DTZ011 (the file speaks of local days)
    path = folder / "engagement.toml"
    path.write_text(
        f"""
[mandate]
reference = "T-1"
organisation = "Test"
signatory = "Test"
signed = {today}
valid_from = {today - timedelta(days=1)}
valid_until = {today + timedelta(days=1)}
hours = "00:00-24:00"
source_addresses = ["127.0.0.1"]
hosting_agreement = "H"
emergency_contact = "+33 1 99 00 00 00"
levels = {levels}
[scope]
target = "{target}"
[accounts.a]
username = "camille"
password = {{ env = "PGSSI_TEST_PASSWORD" }}
{more}""",
        encoding="utf-8",
    )
    return path


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_TEST_PASSWORD", PASSWORD)
    monkeypatch.setenv("PGSSI_LANG", "fr")


def test_it_needs_the_mandate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login-test", "-e", str(write(tmp_path, levels='["passive"]'))]) == 3
    assert "mandate.levels" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--account", "b"], "[accounts.b]"),
        (["--account", "nobody"], "sacrifice"),
        (["-e", "/nowhere.toml"], "nowhere"),
    ],
)
def test_mistakes_are_said(file: Path, options: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login-test", "-e", str(file), *options]) == 3
    assert word in capsys.readouterr().err


def test_a_missing_secret_is_said_by_its_reference(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSI_TEST_PASSWORD")
    assert run(["login-test", "-e", str(file)]) == 3
    said = capsys.readouterr().err
    assert "accounts.a.password" in said
    assert "PGSSI_TEST_PASSWORD" in said


def test_nobody_there_is_unreachable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login-test", "-e", str(write(tmp_path, target="http://127.0.0.1:9"))]) == 4
    assert PASSWORD not in "".join(capsys.readouterr())


@pytest.fixture
def portal() -> Iterator[str]:
    """A real server on loopback with a form, in a thread. It refuses a second session of an account."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    opened: list[bool] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, body: str, *headers: tuple[str, str]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body.encode())))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def do_GET(self) -> None:
            if self.path == "/logout":
                opened.clear()
                self.answer(302, "", ("Location", "/login"))
            elif self.path == "/login":
                self.answer(200, FORM)
            elif opened and self.path == "/me" and "sid=1" in self.headers.get("Cookie", ""):
                self.answer(200, '<h1>camille</h1><a href="/logout">Déconnexion</a>')
            elif self.path == "/":
                self.answer(200, '<a href="/login">Connexion</a>')
            else:
                self.answer(302 if self.path == "/me" else 404, "", ("Location", "/login"))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if f"pass={PASSWORD}" in body and opened:
                self.answer(200, "<p>Une session est déjà ouverte pour ce compte.</p>" + FORM)
            elif f"pass={PASSWORD}" in body:
                opened.append(True)
                self.answer(302, "", ("Location", "/me"), ("Set-Cookie", "sid=1; Path=/; HttpOnly"))
            else:
                self.answer(
                    200,
                    "<p>Mot de passe incorrect</p>" + FORM,
                )

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_sign_in_step_by_step(tmp_path: Path, portal: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, target=portal)
    assert run(["login-test", "-e", str(path)]) == 0
    said = "".join(capsys.readouterr())
    assert "Connexion réussie" in said
    assert "/login" in said
    assert PASSWORD not in said
    assert "sid=1" not in said


def test_no_session_is_left_open(tmp_path: Path, portal: str) -> None:
    """Where an application refuses a second session, the trial would refuse itself, and the run after it."""
    path = write(tmp_path, target=portal)
    assert [run(["login-test", "-e", str(path)]) for _ in range(2)] == [0, 0]


def test_the_account_kept_for_wrong_passwords_has_a_witness_of_its_own(
    tmp_path: Path, portal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    more = '[accounts.sacrifice]\nusername = "camille"\npassword = { env = "PGSSI_TEST_PASSWORD" }\n'
    path = write(tmp_path, target=portal, more=more)
    assert run(["login-test", "-e", str(path), "--account", "sacrifice"]) == 0
    said = "".join(capsys.readouterr())
    assert "Le témoin voit la session ouverte" in said
    assert "/me" in said


def test_for_machines(tmp_path: Path, portal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login-test", "-e", str(write(tmp_path, target=portal)), "--json"]) == 0
    said = capsys.readouterr().out
    data = json.loads(said)
    assert data["state"] == "signed_in"
    assert data["plan"]["username_field"] == "user"
    assert data["oracle"]["state"] == "in"
    assert data["advice"] is None
    assert PASSWORD not in said


def test_a_failure_says_what_to_write(
    tmp_path: Path, portal: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSI_TEST_PASSWORD", "Another-Hush")
    assert run(["login-test", "-e", str(write(tmp_path, target=portal)), "--lang", "en"]) == 2
    said = "".join(capsys.readouterr())
    assert "Sign-in refused" in said
    assert "[accounts.a]" in said
    assert "Another-Hush" not in said


def test_a_scan_asks_for_the_secrets_that_its_checks_need(file: Path) -> None:
    def scan(only: str) -> Scan:
        made = scanning.make_scan("fr", "https://localhost:9", engagement_file=file, only=(only,))
        assert isinstance(made, Scan)
        return made

    assert labels_needed(scan("tls")) == frozenset()


def test_the_labels_come_from_the_plan() -> None:
    from pgssi_probe.check.metadata import CheckMetadata

    def declared(name: str, *needs: str) -> CheckMetadata:
        words = {"fr": "x", "en": "x"}
        return CheckMetadata.model_validate(
            {
                "id": name, "version": 1, "since": "0", "level": "active", "title": words, "summary": words,
                "needs": needs, "sends": {"requests": 1}, "outcomes": {"x": {"status": "pass", "sentence": words}},
            }
        )  # fmt: skip

    known = {m.id: m for m in (declared("x.one", "account"), declared("x.two", "second_role"), declared("x.three"))}
    assert accounts_needed([known["x.one"], known["x.three"]]) == {"a"}
    assert accounts_needed([known["x.two"]]) == {"low", "high"}
    assert accounts_needed([known["x.three"]]) == frozenset()


def test_a_scan_holds_its_accounts_without_showing_them() -> None:
    from pgssi_probe.check.context import Target

    scan = Scan(Target("https://localhost/"), accounts={"a": Account("a", "camille", Secret(PASSWORD))})
    assert PASSWORD not in repr(scan)
    assert VirtualClock().now().tzinfo is not None
