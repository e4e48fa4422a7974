"""Fixtures of the TLS tests: one small PKI a session, and a way to examine a port of the loopback."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tls_pki import Issued, issue, with_openssl

from pgssi_probe.tls import clienthello, passive
from pgssi_probe.tls.asking import Limits

Pair = tuple[Path, Path]


@dataclass
class Pki:
    folder: Path
    ca: Issued
    ca_file: Path
    ec: Pair
    rsa: Pair
    ed25519: Pair
    weak: Pair


@pytest.fixture(scope="session")
def pki(tmp_path_factory) -> Pki:
    folder = tmp_path_factory.mktemp("tls")
    ca = issue("Test CA", ca=True)
    return Pki(
        folder=folder,
        ca=ca,
        ca_file=ca.write(folder, "ca")[0],
        ec=issue(by=ca).write(folder, "ec"),
        rsa=issue(by=ca, kind="rsa2048").write(folder, "rsa"),
        ed25519=issue(by=ca, kind="ed25519").write(folder, "ed25519"),
        weak=with_openssl(folder, "weak", bits=1024, digest="sha1"),
    )


async def connect(_host: str, port: int):
    return await asyncio.open_connection("127.0.0.1", port)


@pytest.fixture
def hellos():
    """``await hellos(port)``: the facts of the ClientHello pass alone."""

    async def examine(port: int, **limits):
        name = limits.pop("server_name", "localhost")
        return await clienthello.collect(connect, "localhost", port, server_name=name, limits=Limits(**limits))

    return examine


@pytest.fixture
def examine():
    """``await examine(port)``: the whole passive pass."""

    async def run(port: int, **options):
        return await passive.collect(connect, "localhost", port, server_name="localhost", **options)

    return run
