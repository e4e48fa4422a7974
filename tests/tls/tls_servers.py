"""Real TLS servers on loopback, as context managers that give the port. Used by the tests and by the benchmarks."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def process(command: list[str], port: int, log: Path) -> Iterator[int]:
    """Start ``command``, wait until ``port`` listens, kill its group at the end."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PATH": PROGRAM_PATH, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    try:
        limit = time.monotonic() + 15
        while not _listens(port):
            if started.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text(errors='replace')[-500:]}")
            time.sleep(0.01)
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


@contextlib.contextmanager
def nginx(
    folder: Path,
    certificates: list[tuple[Path, Path]],
    *,
    protocols: str = "TLSv1.2 TLSv1.3",
    ciphers: str = "",
    extra: str = "",
) -> Iterator[int]:
    """Debian's nginx with one HTTPS listener."""
    port = free_port()
    home = Path(tempfile.mkdtemp(prefix="nginx-", dir=folder))
    pairs = "".join(f"ssl_certificate {pem}; ssl_certificate_key {key}; " for pem, key in certificates)
    suites = f"ssl_ciphers '{ciphers}';" if ciphers else ""
    temporary = "".join(
        f"{kind}_temp_path {home}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (home / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port} ssl backlog=256; {pairs} "
        f"ssl_protocols {protocols}; {suites} {extra} location / {{ return 200 'ok'; }} }} }}\n"
    )
    command = ["nginx", "-c", str(home / "nginx.conf"), "-p", str(home), "-e", str(home / "error.log")]
    with process(command, port, home / "log") as listening:
        yield listening


@contextlib.contextmanager
def openssl(folder: Path, pem: Path, key: Path, *options: str) -> Iterator[int]:
    """``openssl s_server``, one connection after the other."""
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(pem), "-key", str(key)]
    with process([*command, "-quiet", *options], port, folder / f"openssl-{port}.log") as listening:
        yield listening


@contextlib.contextmanager
def tlslite(folder: Path, pem: Path, key: Path, **settings: object) -> Iterator[int]:
    """tlslite-ng: the old protocols and suites that OpenSSL no longer speaks. ``settings``: see tlslite_server.py."""
    yield from _script(folder, "tlslite_server.py", pem, key, settings)


@contextlib.contextmanager
def modern(folder: Path, pem: Path, key: Path, **settings: object) -> Iterator[int]:
    """The OpenSSL that cryptography bundles: hybrid groups, early data, staples. See modern_server.py."""
    yield from _script(folder, "modern_server.py", pem, key, settings)


def _script(folder: Path, script: str, pem: Path, key: Path, settings: dict[str, object]) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, str(HERE / script), str(port), str(pem), str(key), json.dumps(settings)]
    with process(command, port, folder / f"{script}-{port}.log") as listening:
        yield listening
