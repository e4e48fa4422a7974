"""Fixtures of the TLS tests: one small PKI a session, and a way to examine a port of the loopback."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake_tls import connect
from tls_pki import Pki, make_pki

from pgssi_probe.tls import clienthello, passive
from pgssi_probe.tls.asking import Limits


@pytest.fixture(scope="session")
def pki(tmp_path_factory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("tls"))


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
