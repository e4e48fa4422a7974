"""The command line called in this process, and targets on loopback in threads of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from pgssi_probe.cli.app import run
from pgssi_probe.lab import Lab, running_lab


class Done(NamedTuple):
    code: int
    out: str
    err: str


Probe = Callable[..., Done]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the local sealing key of these tests lives."""
    return tmp_path_factory.mktemp("config")


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(settings))
    monkeypatch.setenv("PGSSI_LANG", "fr")
    monkeypatch.setenv("PGSSI_PROBE_CHROMIUM", "none")  # the browser has tests of its own, and takes seconds to start
    for name in ("PGSSI_KEY_PASSWORD", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str]) -> Probe:
    """`probe("scan", url)`: exit code, standard output, standard error. No traceback, ever."""

    def call(*arguments: object) -> Done:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Done(code, said.out, said.err)

    return call


@dataclass
class Target:
    """A small web server. `seen` counts what it was asked."""

    url: str
    seen: list[str] = field(default_factory=list)


@contextmanager
def web_server(body: bytes = b"<!doctype html><html lang=fr><title>Portail</title><p>Bonjour") -> Iterator[Target]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            target.seen.append(self.path)
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_OPTIONS = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    target = Target(f"http://127.0.0.1:{server.server_port}/")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield target
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def web() -> Iterator[Target]:
    with web_server() as target:
        yield target


@contextmanager
def lab_in_a_thread(*weak: str) -> Iterator[Lab]:
    ready: list[Lab] = []
    started = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running_lab(weak) as lab:
            ready.append(lab)
            stopping = asyncio.Event()
            stop.append(lambda: loop.call_soon_threadsafe(stopping.set))
            started.set()
            await stopping.wait()

    stop: list[Callable[[], object]] = []
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield ready[0]
    finally:
        stop[0]()
        thread.join(10)
        loop.close()


@pytest.fixture(scope="session")
def hardened() -> Iterator[Lab]:
    """The demonstration portal without weakness, over real HTTPS."""
    with lab_in_a_thread() as lab:
        yield lab


@pytest.fixture(scope="session")
def weak() -> Iterator[Lab]:
    with lab_in_a_thread("headers.csp/missing") as lab:
        yield lab


def address_of(lab: Lab) -> tuple[str, ...]:
    """The options that name a lab to `scan`."""
    return (lab.https_url, "--ca", lab.ca_file, "--http-url", lab.http_url, "--rate", "500")
