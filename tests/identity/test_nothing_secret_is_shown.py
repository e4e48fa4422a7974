"""No password, token, code or value of a cookie reaches the terminal, the journal or a repr, whatever the driver."""

from __future__ import annotations

import base64
import functools
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from pgssi_probe.cli.app import run
from pgssi_probe.engine import trial
from pgssi_probe.net.gate import open_gate

PASSWORD = "Hush-Hush-Password-1"
TOKEN = "tokn-" + "Zq9" * 9
COOKIE = "cook-" + "Xw7" * 9
CODE = "authcode-" + "Kp3" * 9
RECORDED = "Recorded-Password-2"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SECRETS = (PASSWORD, TOKEN, COOKIE, CODE, RECORDED, SEED)
FORM = (
    "<form method=post action=/form><input name=user><input type=password name=pass><button>Connexion</button></form>"
)
SPA = """<!doctype html><title>x</title><div id=app></div><script>
document.getElementById('app').innerHTML =
  '<form id=f><input id=who placeholder=Identifiant><input type=password id=pw><button>Connexion</button></form>';
document.getElementById('f').onsubmit = (event) => {
  event.preventDefault();
  fetch('/hidden/gate', {method: 'POST', headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({q: {who: who.value, pw: pw.value}})}).then((r) => r.json()).then((d) => {
      if (!d.ticket) { return; }
      fetch('/api/me', {headers: {Authorization: 'Bearer ' + d.ticket}}).then((r) => r.json()).then((me) => {
        document.getElementById('app').innerHTML = '<h1>' + me.name + '</h1>'; }); });
};
</script>"""


class Portal(BaseHTTPRequestHandler):
    """Every way to sign in, each below a path of its own."""

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: str, *headers: tuple[str, str], kind: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body.encode()))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def json(self, data: Any, status: int = 200, *headers: tuple[str, str]) -> None:
        self.answer(status, json.dumps(data), *headers, kind="application/json")

    @property
    def inside(self) -> bool:
        basic = base64.b64encode(f"camille:{PASSWORD}".encode()).decode()
        line = self.headers.get("Authorization", "")
        good = {f"Bearer {TOKEN}", f"Bearer {PASSWORD}", f"Basic {basic}"}
        return (
            f"sid={COOKIE}" in self.headers.get("Cookie", "")
            or line in good
            or line.startswith('Digest username="camille"')
        )

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        match parts.path:
            case "/form":
                self.answer(200, FORM)
            case "/spa":
                self.answer(200, SPA)
            case "/basic" | "/digest" if not self.inside:
                asks = 'Basic realm="r"' if parts.path == "/basic" else 'Digest realm="r", nonce="n", qop="auth"'
                self.answer(401, "non", ("WWW-Authenticate", asks))
            case "/api/me" | "/me" | "/basic" | "/digest" if self.inside:
                self.json({"name": "camille"})
            case "/api/me":
                self.json({}, 401)
            case "/.well-known/openid-configuration":
                here = f"http://{self.headers['Host']}"
                self.json({"issuer": here, "authorization_endpoint": f"{here}/authorize"})
            case "/authorize":
                asked = dict(parse_qsl(parts.query))
                if f"sid={COOKIE}" in self.headers.get("Cookie", ""):
                    self.back(asked, {"code": CODE})
                elif asked.get("prompt") == "none":
                    self.back(asked, {"error": "login_required"})
                else:
                    self.answer(200, FORM.replace("/form", f"/authorize?{urlencode(asked)}".replace("&", "&amp;")))
            case "/":
                self.answer(200, "<p>Bonjour</p>")
            case _:
                self.answer(302 if parts.path == "/me" else 404, "", ("Location", "/form"))

    def back(self, asked: dict[str, str], values: dict[str, str]) -> None:
        query = urlencode({**values, "state": asked["state"]})
        cookie = ("Set-Cookie", f"sid={COOKIE}; Path=/; HttpOnly")
        self.answer(303, "", ("Location", f"{asked['redirect_uri']}?{query}"), *((cookie,) if "code" in values else ()))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        right = PASSWORD in body and "camille" in body
        match urlsplit(self.path).path:
            case "/form" if right:
                self.answer(302, "", ("Location", "/me"), ("Set-Cookie", f"sid={COOKIE}; Path=/; HttpOnly"))
            case "/authorize" if right:
                self.back(dict(parse_qsl(urlsplit(self.path).query)), {"code": CODE})
            case "/api/login":
                self.json({"token": TOKEN} if right else {"error": "no"}, 200 if right else 401)
            case "/hidden/gate":
                self.json({"ticket": TOKEN} if right else {"error": "no"}, 200 if right else 401)
            case _:
                self.answer(200, "<p>Mot de passe incorrect</p>" + FORM)


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@dataclass
class Case:
    """Lines of [login]; `prepare` writes the files that they name."""

    login: str
    prepare: Callable[[Path, str], None] = lambda _folder, _url: None
    options: tuple[str, ...] = field(default=())


def write_har(folder: Path, url: str) -> None:
    request = {
        "method": "POST", "url": f"{url}/form", "headers": [{"name": "Referer", "value": f"{url}/form"}], "cookies": [],
        "postData": {"mimeType": "application/x-www-form-urlencoded", "text": f"user=marie&pass={RECORDED}"},
    }  # fmt: skip
    entries = [{"request": request, "response": {"status": 302, "content": {}}}]
    (folder / "c.har").write_text(json.dumps({"log": {"entries": entries}}))


def write_program(folder: Path, _url: str) -> None:
    code = f'import sys; print(\'{PASSWORD}\', file=sys.stderr); print(\'{{"cookies": {{"sid": "{COOKIE}"}}}}\')'
    (folder / "p.py").write_text(code)


CASES = {
    "form": Case('url = "{url}/form"'),
    "json": Case('driver = "json"\nurl = "{url}/api/login"'),
    "basic": Case('driver = "basic"\nurl = "{url}/basic"'),
    "digest": Case('driver = "digest"\nurl = "{url}/digest"'),
    "bearer": Case('driver = "bearer"\nsigned_in_url = "{url}/api/me"'),
    "oidc": Case('client_id = "c"\nredirect_uri = "http://127.0.0.1:9/back"'),
    "har": Case('driver = "har"\nhar = "c.har"', write_har),
    "command": Case(
        'driver = "command"\nurl = "{url}/me"\ncommand = ["{python}", "-S", "{folder}/p.py"]', write_program
    ),
    "browser": Case('driver = "browser"\nurl = "{url}/spa"'),
}


def engagement(folder: Path, url: str, case: Case) -> str:
    today = date.today()  # noqa: DTZ011 (the file speaks of local days)
    case.prepare(folder, url)
    login = case.login.format(url=url, python=sys.executable, folder=folder)
    path = folder / "engagement.toml"
    path.write_text(f"""
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
levels = ["passive", "active"]
[scope]
target = "{url}/"
[limits]
requests_per_second = 200
[accounts.a]
username = "camille"
password = {{ env = "PGSSI_TEST_PASSWORD" }}
totp = {{ env = "PGSSI_TEST_TOTP" }}
[login]
{login}
""")
    return str(path)


@pytest.mark.parametrize("given", ["right", "wrong"])
@pytest.mark.parametrize("driver", CASES)
def test_a_trial_shows_no_secret(
    driver: str,
    given: str,
    portal: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    password = PASSWORD if given == "right" else "Another-Hush-3"
    monkeypatch.setenv("PGSSI_TEST_PASSWORD", password)
    monkeypatch.setenv("PGSSI_TEST_TOTP", SEED)
    journal = tmp_path / "journal.jsonl"
    monkeypatch.setattr(trial, "open_gate", functools.partial(open_gate, journal=journal))
    path = engagement(tmp_path, portal, CASES[driver])
    options = [] if given == "right" else ["--json"]
    code = run(["login-test", "-e", path, "--lang", "fr", *options])
    said = "".join(capfd.readouterr())
    works = given == "right" or driver in {"command", "digest"}
    assert code == (0 if works else 2), said
    kept = journal.read_text()
    assert kept.count('"request"') >= 2
    for secret in (*SECRETS, password):
        for form in (
            secret,
            secret.lower(),
            base64.b64encode(secret.encode()).decode()[:20],
            urlencode({"": secret})[1:],
        ):
            assert form not in said, form
            assert form not in kept, form
    assert not re.search(r"(?<!\d)\d{6}(?!\d)", re.sub(r"127\.0\.0\.1:\d+", "", said)), "no one-time code either"
