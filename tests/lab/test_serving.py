"""The lab on real sockets: TLS, the two ports, unreadable requests, starting and stopping."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab, LabAddresses, running_lab
from pgssi_probe.lab.serve import serve


def trusting(lab: Lab) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=lab.ca_file)


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


async def raw(url: str, request: bytes, context: ssl.SSLContext | None = None) -> bytes:
    name = "localhost" if context else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(url), ssl=context, server_hostname=name)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 3)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_starts_and_stops_in_a_blink() -> None:
    async with running_lab():
        pass  # the authority is made once per process
    start = time.perf_counter()
    for _ in range(5):
        async with running_lab() as lab:
            assert lab.https_url.startswith("https://localhost:")
    assert (time.perf_counter() - start) / 5 < 0.3


async def test_a_client_that_trusts_the_authority_is_served_by_name_and_by_address() -> None:
    async with running_lab() as lab, httpx.AsyncClient(verify=trusting(lab)) as client:
        for host in ("localhost", "127.0.0.1"):
            response = await client.get(f"https://{host}:{port_of(lab.https_url)}/")
            assert response.status_code == 200
            assert "strict-transport-security" in response.headers


async def test_two_labs_do_not_share_anything() -> None:
    async with (
        running_lab() as first,
        running_lab(["https.hsts/missing"]) as second,
        httpx.AsyncClient(verify=trusting(first)) as client,
    ):
        assert "strict-transport-security" in (await client.get(first.https_url)).headers
        assert "strict-transport-security" not in (await client.get(second.https_url)).headers


async def test_the_date_is_that_of_the_clock() -> None:
    async with running_lab(clock=VirtualClock()) as lab, httpx.AsyncClient(verify=trusting(lab)) as client:
        assert (await client.get(lab.https_url)).headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


async def test_the_plain_port_redirects_to_the_same_host() -> None:
    async with running_lab() as lab, httpx.AsyncClient() as client:
        for host in ("localhost", "127.0.0.1"):
            response = await client.get(f"http://{host}:{port_of(lab.http_url)}/connexion?suite=/profil")
            assert response.status_code == 308
            assert response.headers["location"] == f"https://{host}:{port_of(lab.https_url)}/connexion?suite=/profil"
            assert "server" not in response.headers


async def test_the_plain_port_can_stay_closed() -> None:
    async with running_lab(http_port=None) as lab:
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port_of(lab.http_url))


@pytest.mark.parametrize("request_", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"])
async def test_unreadable_requests_are_refused_with_every_header_and_no_cause(request_: bytes) -> None:
    async with running_lab() as lab:
        head, _, body = (await raw(lab.https_url, request_, trusting(lab))).lower().partition(b"\r\n\r\n")
    assert head.startswith(b"http/1.1 400 ")
    for name in (b"strict-transport-security", b"content-security-policy", b"x-content-type-options", b"date"):
        assert b"\r\n" + name + b": " in head
    assert b"server:" not in head
    assert body == "demande impossible à traiter.\n".encode()


async def test_unreadable_requests_are_refused_on_the_plain_port() -> None:
    async with running_lab() as lab:
        assert (await raw(lab.http_url, b"\x16\x03\x01\x00\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


async def test_tls_is_modern() -> None:
    async with running_lab() as lab:
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = trusting(lab)
            context.minimum_version = context.maximum_version = version
            _reader, writer = await asyncio.open_connection(
                "127.0.0.1", port_of(lab.https_url), ssl=context, server_hostname="localhost"
            )
            suite, negotiated, _ = writer.get_extra_info("cipher")
            assert negotiated == name
            assert "GCM" in suite or "CHACHA20" in suite
            assert suite.startswith(("ECDHE", "TLS_"))
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize(
    ("weak", "suite"),
    [
        ("tls.config/hashes-weak", "ECDHE-ECDSA-AES128-SHA"),
        ("tls.config/cbc-unprotected", "ECDHE-ECDSA-AES128-SHA256"),
        ("tls.config/ciphers-broken", "ECDHE-ECDSA-NULL-SHA"),
        ("tls.config/anonymous-accepted", "AECDH-AES128-SHA"),
        ("tls.config/forward-secrecy-missing", "AES128-GCM-SHA256"),
    ],
)
async def test_a_weak_suite_is_accepted_only_when_its_switch_is_on(weak: str, suite: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{suite}:@SECLEVEL=0")
    async with running_lab([weak]) as lab:
        _, writer = await asyncio.open_connection("127.0.0.1", port_of(lab.https_url), ssl=context)
        assert writer.get_extra_info("cipher")[0] == suite
        writer.close()
        await writer.wait_closed()
    async with running_lab() as lab:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port_of(lab.https_url), ssl=context)


@pytest.mark.parametrize(
    ("weak", "message"),
    [
        ("tls.certificate/expired", "expired"),
        ("tls.certificate/not-yet-valid", "not yet valid"),
        ("tls.certificate/self-signed", "self-signed"),
        ("tls.certificate/wrong-name", "Hostname mismatch"),
    ],
)
async def test_a_bad_certificate_is_refused_by_clients(weak: str, message: str) -> None:
    async with running_lab([weak]) as lab:
        with pytest.raises(ssl.SSLCertVerificationError, match=message):
            await asyncio.open_connection(
                "127.0.0.1", port_of(lab.https_url), ssl=trusting(lab), server_hostname="localhost"
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        async with httpx.AsyncClient(verify=context) as client:
            assert (await client.get(lab.https_url)).status_code == 200


async def test_stops_with_connections_open_and_requests_under_way() -> None:
    async with running_lab(["trap/slow"]) as lab:
        context = trusting(lab)
        idle = await asyncio.open_connection(
            "127.0.0.1", port_of(lab.https_url), ssl=context, server_hostname="localhost"
        )
        busy = await asyncio.open_connection("127.0.0.1", port_of(lab.http_url))
        busy[1].write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        asked = await asyncio.open_connection(
            "127.0.0.1", port_of(lab.https_url), ssl=context, server_hostname="localhost"
        )
        asked[1].write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.sleep(0.05)
        start = time.perf_counter()
    assert time.perf_counter() - start < 0.2
    for _, writer in (idle, busy, asked):
        writer.transport.abort()
    await asyncio.sleep(0)
    gc.collect()  # an unclosed socket would warn here, and warnings are errors


async def test_a_taken_port_is_an_error() -> None:
    async with running_lab() as lab:
        with pytest.raises(OSError):
            async with running_lab(port=port_of(lab.https_url)):
                pass


async def test_the_given_directory_keeps_the_authority_and_a_private_key_of_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    async with running_lab(directory=folder) as lab:
        assert lab.ca_file == str(folder / "ca.pem")
    assert b"PRIVATE" not in (folder / "ca.pem").read_bytes()
    assert stat.S_IMODE((folder / "server.pem").stat().st_mode) == 0o600


async def test_a_temporary_directory_is_removed() -> None:
    async with running_lab() as lab:
        folder = Path(lab.ca_file).parent
        assert folder.exists()
    assert not folder.exists()


async def test_http_1_0_and_keep_alive() -> None:
    async with running_lab() as lab:
        old = await raw(lab.https_url, b"GET /robots.txt HTTP/1.0\r\nHost: localhost\r\n\r\n", trusting(lab))
        assert old.startswith(b"HTTP/1.1 200 ")
        async with httpx.AsyncClient(verify=trusting(lab)) as client:
            streams = {
                id((await client.get(lab.https_url + path)).extensions["network_stream"])
                for path in ("/", "/robots.txt", "/absent")
            }
        assert len(streams) == 1


def test_serve_stops_on_interruption(tmp_path: Path) -> None:
    told: list[LabAddresses] = []

    def ready(addresses: LabAddresses) -> None:
        told.append(addresses)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    serve(["https.hsts/missing"], 0, 0, tmp_path, ready)
    assert told[0].ca_file == str(tmp_path / "ca.pem")
    assert signal.getsignal(signal.SIGTERM) == before
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port_of(told[0].https_url))) != 0


def test_hostile_servers_need_nothing_of_the_portal() -> None:
    code = "import pgssi_probe.clock, sys; assert 'starlette' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
