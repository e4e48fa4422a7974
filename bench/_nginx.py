"""A static site served by Debian's nginx the way it should be: modern TLS, every header, no version, its own errors."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from pgssi_probe.lab.blueprint import CertificatePlan
from pgssi_probe.lab.certificates import leaf, write_authority

SITE = Path(__file__).with_name("static_site")


@dataclass(frozen=True, slots=True)
class Served:
    https_url: str
    http_url: str
    ca_file: str


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def _security_txt(origin: str) -> str:
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(days=180)
    return (
        "Contact: mailto:securite@valombre.invalid\n"
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}\n"
        "Preferred-Languages: fr, en\n"
        f"Canonical: {origin}/.well-known/security.txt\n"
    )


@contextmanager
def static_site() -> Iterator[Served]:
    """Serves it on loopback until the block ends. RuntimeError, with what nginx said, when it does not start."""
    secure, plain = _free_ports(2)
    with tempfile.TemporaryDirectory(prefix="pgssi-nginx-") as folder:
        room = Path(folder)
        room.chmod(0o755)  # nginx serves it as another user when it is started by root
        shutil.copytree(SITE / "pages", room / "pages")
        pair = leaf(CertificatePlan())
        certificate = room / "server.pem"
        certificate.touch(mode=0o600)
        certificate.write_bytes(pair.key_pem() + pair.certificate_pem())
        (room / "security.txt").write_text(_security_txt(f"https://localhost:{secure}"), encoding="utf-8")
        values = {"room": room, "site": room / "pages", "certificate": certificate}
        template = Template((SITE / "conf" / "nginx.conf").read_text(encoding="utf-8"))
        for name in ("tls.conf", "headers.conf"):
            shutil.copy(SITE / "conf" / name, room / name)
        (room / "nginx.conf").write_text(template.substitute(values, secure=secure, plain=plain), encoding="utf-8")
        command = ["nginx", "-p", str(room), "-c", str(room / "nginx.conf"), "-e", str(room / "error.log")]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _wait_for(process, secure)
            yield Served(f"https://localhost:{secure}", f"http://localhost:{plain}", str(write_authority(room)))
        finally:
            process.terminate()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(100):
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise RuntimeError(f"nginx did not start: {said}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("nginx does not listen")
