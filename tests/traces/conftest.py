"""One real run through real servers: the probe, Debian's nginx, Debian's Apache behind it, a small application last.

nginx and Apache write their logs as an operator would have them: with the request id, without it, in JSON, by syslog.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from pgssi_probe.check.context import Target
from pgssi_probe.engagement import Engagement
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, run_scan
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Level

PASSWORD = "Valombre-2026-soleil"
TOKEN = "k7Jd0QzV3mXw9sLpTb5RhYcN2gFa8uEi{}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def program(command: list[str], port: int, home: Path) -> Iterator[None]:
    with (home / "out").open("ab") as out:
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
    try:
        limit = time.monotonic() + 15
        while True:
            with socket.socket() as probe:
                probe.settimeout(0.2)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert started.poll() is None, (home / "out").read_text()
            assert time.monotonic() < limit, (home / "out").read_text()
            time.sleep(0.01)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGTERM)
        started.wait(10)


class Portal(BaseHTTPRequestHandler):
    """A page, a sign-in form, an account, a way out."""

    protocol_version = "HTTP/1.1"
    sessions: set[str]

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/":
                self._page("<h1>Portail</h1><a href=/login>Connexion</a>")
            case "/login":
                self._page(
                    "<h1>Connexion</h1><form method=post action=/login>"
                    "<label>Identifiant <input name=username></label>"
                    "<label>Mot de passe <input type=password name=password></label>"
                    "<button>Se connecter</button></form>"
                )
            case "/account" if self._session() in self.sessions:
                self._page(
                    "<h1>Mon compte</h1><p>Bonjour Alice</p>"
                    "<form method=post action=/logout><button>Se déconnecter</button></form>"
                )
            case "/account":
                self._page("<h1>Accès refusé</h1>", 403)
            case _:
                self._page("<h1>Introuvable</h1>", 404)

    def do_HEAD(self) -> None:
        self._answer(404, b"")

    do_OPTIONS = do_HEAD  # noqa: N815

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        if self.path == "/login" and body.get("password") == [PASSWORD]:
            token = TOKEN.format(len(self.sessions))
            self.sessions.add(token)
            self._answer(303, b"", ("Location", "/account"), ("Set-Cookie", f"SESSION={token}; Path=/; HttpOnly"))
        elif self.path == "/logout":
            self.sessions.discard(self._session())
            self._answer(303, b"", ("Location", "/"), ("Set-Cookie", "SESSION=; Path=/; Max-Age=0"))
        else:
            self._page("<h1>Identifiant ou mot de passe incorrect</h1>", 401)

    def _session(self) -> str:
        return (self.headers.get("Cookie") or "").partition("SESSION=")[2].partition(";")[0]

    def _page(self, text: str, status: int = 200) -> None:
        page = f"<!doctype html><html lang=fr><meta charset=utf-8><title>Portail</title><main>{text}</main>"
        self._answer(status, page.encode(), ("Content-Type", "text/html; charset=utf-8"))

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def application() -> Iterator[int]:
    handler = type("Handler", (Portal,), {"sessions": set()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def apache(home: Path, behind: int) -> Iterator[int]:
    """Believes X-Forwarded-For from anybody, as too many do."""
    port = free_port()
    modules = "mpm_event authz_core proxy proxy_http remoteip"
    loaded = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in modules.split())
    owner = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    (home / "apache.conf").write_text(
        f"ServerRoot {home}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile {home}/apache.pid\n"
        f"ErrorLog {home}/apache-error.log\nDefaultRuntimeDir {home}\n{loaded}{owner}"
        "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.0/8\n"
        'LogFormat "%a %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\" %{X-Request-Id}i" fooled\n'
        'LogFormat "%v %{c}a %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost\n'
        f"CustomLog {home}/apache-fooled.log fooled\nCustomLog {home}/apache-vhost.log vhost\n"
        f"ProxyPass / http://127.0.0.1:{behind}/\nProxyPassReverse / http://127.0.0.1:{behind}/\n"
    )
    with program(["apache2", "-f", str(home / "apache.conf"), "-DFOREGROUND"], port, home):
        yield port


@contextlib.contextmanager
def nginx(home: Path, behind: int, syslog: int) -> Iterator[int]:
    port = free_port()
    kept = "".join(f"{kind}_temp_path {home}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (home / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {home}/nginx.pid; error_log {home}/nginx-error.log;\n"
        f"events {{ worker_connections 256; }}\nhttp {{ {kept}\n"
        "log_format with_id '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent '\n"
        '  \'"$http_referer" "$http_user_agent" $http_x_request_id\';\n'
        'log_format structured escape=json \'{"time":"$time_iso8601","client":{"ip":"$remote_addr"},\'\n'
        '  \'"method":"$request_method","uri":"$request_uri","status":$status,\'\n'
        '  \'"request_id":"$http_x_request_id","xff":"$http_x_forwarded_for"}\';\n'
        'log_format leaking \'$remote_addr - - [$time_local] "$request" $status 0 "-" "$http_cookie" \'\n'
        "  '$http_x_request_id';\n"
        f"access_log {home}/nginx-combined.log combined; access_log {home}/nginx-id.log with_id;\n"
        f"access_log {home}/nginx.json structured; access_log {home}/nginx-leaking.log leaking;\n"
        f"access_log syslog:server=127.0.0.1:{syslog},facility=local7,tag=portail with_id;\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; "
        "proxy_set_header Host $http_host; } } }\n"
    )
    command = ["nginx", "-c", str(home / "nginx.conf"), "-p", str(home), "-e", str(home / "nginx-error.log")]
    with program(command, port, home):
        yield port


@contextlib.contextmanager
def syslog_server(file: Path) -> Iterator[int]:
    """What arrives by UDP, one datagram a line."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.05)
        stopping = threading.Event()

        def listen() -> None:
            with file.open("ab") as out:
                while not stopping.is_set():
                    with contextlib.suppress(TimeoutError):
                        out.write(listening.recv(65536) + b"\n")
                        out.flush()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            time.sleep(0.1)
            stopping.set()
            thread.join()


@dataclass(frozen=True)
class RealRun:
    folder: Path
    logs: Path


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> RealRun:
    home = tmp_path_factory.mktemp("operator")
    folder = tmp_path_factory.mktemp("runs") / "run"
    with (
        application() as app,
        apache(home, app) as behind,
        syslog_server(home / "syslog.log") as syslog,
        nginx(home, behind, syslog) as port,
    ):
        asyncio.run(scan(f"http://127.0.0.1:{port}/", folder))
    return RealRun(folder, home)


async def scan(url: str, folder: Path) -> None:
    day = date.today()  # noqa: DTZ011
    mandate = {
        "reference": "C-1", "organisation": "CH", "signatory": "D", "signed": day,
        "valid_from": day - timedelta(days=2), "valid_until": day + timedelta(days=2), "hours": "00:00-24:00",
        "source_addresses": ["127.0.0.1"],
        "hosting_agreement": "H", "emergency_contact": "E", "levels": ["passive", "active"],
    }  # fmt: skip
    engagement = Engagement.model_validate(
        {
            "mandate": mandate,
            "scope": {"target": url},
            "accounts": {"a": {"username": "alice", "password": {"env": "NOT_READ"}}},
            "limits": {"requests_per_second": 500},
        }
    )
    await run_scan(
        Scan(
            Target(url),
            engagement,
            Selection(Level.ACTIVE, ("compat.proxy", "assist"), ()),
            accounts={"a": Account("a", "alice", Secret(PASSWORD))},
        ),
        lambda _: folder,
    )
