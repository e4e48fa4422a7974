import asyncio
from dataclasses import replace

import pytest
import tls_servers
from fake_tls import CLOSE, RESET, SILENCE, alert, server_hello, serving
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.tls.clienthello import template
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.full_handshake import Revealed, reveal
from pgssi_probe.tls.key_agreement import SUPPORTED, make_share
from pgssi_probe.tls.names import Version
from pgssi_probe.tls.wire.cursor import WireError
from pgssi_probe.tls.wire.protection import SUITES, Direction, Schedule, expand_label, extract
from pgssi_probe.tls.wire.records import HANDSHAKE, record

HELLO = template(Version.TLS_1_3, "localhost")


async def shake(port, hello=HELLO, timeout=3.0):
    return await reveal(await asyncio.open_connection("127.0.0.1", port), hello, timeout)


@pytest.mark.tools
@pytest.mark.parametrize("suite", [0x1301, 0x1302, 0x1303, 0x1304, 0x1305])
async def test_every_suite(pki, suite):
    suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256"
    options = ("-tls1_3", "-ciphersuites", f"{suites}:TLS_AES_128_CCM_8_SHA256")
    with tls_servers.openssl(pki.folder, *pki.ec, *options) as port:
        found = await shake(port, replace(HELLO, suites=(suite,)))
    assert isinstance(found, Revealed)
    assert found.suite == suite
    assert len(found.certificates) == 1
    assert len(found.tickets) == 2


@pytest.mark.tools
@pytest.mark.parametrize("group", [23, 24, 25, 29, 30])
async def test_every_classic_group_the_second_hello_included(pki, group):
    with tls_servers.openssl(pki.folder, *pki.rsa, "-tls1_3") as port:
        found = await shake(port, replace(HELLO, groups=(group,)))
    assert isinstance(found, Revealed)
    assert found.group == group


@pytest.mark.tools
async def test_a_staple_under_encryption(pki, tmp_path):
    (tmp_path / "staple").write_bytes(b"0\x03\x0a\x01\x06")  # an OCSP "unauthorized"
    with tls_servers.modern(pki.folder, *pki.ec, staple=str(tmp_path / "staple")) as port:
        found = await shake(port)
    assert found.certificates[0].staple == b"0\x03\x0a\x01\x06"


@pytest.mark.parametrize("said", [SILENCE, CLOSE, RESET, b"HTTP/1.1 400\r\n\r\n", bytes(80), alert(40)])
async def test_a_server_that_does_not_play_is_unknown(said):
    async with serving(lambda _: said) as port:
        assert isinstance(await shake(port, timeout=0.2), Unknown)


@pytest.mark.parametrize(
    "share",
    [b"\x00\x1d\x00\x20" + bytes(32), b"\x00\x1d\x00\x05abcde", b"\x00\x17\x00\x41" + bytes(65), b"\x00\x18", b""],
)
async def test_a_hostile_key_share_is_unknown(share):
    hello = server_hello(0x0304, 0x1301, extensions={43: b"\x03\x04", 51: share})
    async with serving(lambda _: record(HANDSHAKE, 0x0303, hello) + record(23, 0x0303, bytes(60))) as port:
        assert isinstance(await shake(port, timeout=0.3), Unknown)


@pytest.mark.parametrize("group", SUPPORTED)
def test_shares_agree_with_themselves_or_refuse_nonsense(group):
    share = make_share(group)
    if share is None:
        pytest.skip("this installation has no ML-KEM")
    for nonsense in (b"", b"\x04", bytes(len(share.public))):
        try:
            secret = share.agree(nonsense)
        except WireError:
            continue
        assert isinstance(secret, bytes)


def test_a_group_that_is_not_computed_here():
    assert make_share(256) is None


def test_the_key_schedule_of_rfc_8448():
    # RFC 8448 §3, "Simple 1-RTT Handshake".
    shared = bytes.fromhex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")
    schedule = Schedule(0x1301, shared)
    assert schedule._secret.hex() == "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"
    secret = bytes.fromhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
    assert expand_label("sha256", secret, "key", b"", 16).hex() == "3fce516009c21727d0f2e4e86ee403bc"
    assert expand_label("sha256", secret, "iv", b"", 12).hex() == "5d313eb2671276ee13000b30"
    assert extract("sha256", b"", bytes(32)).hex() == "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"


@pytest.mark.parametrize("suite", SUITES)
def test_what_is_sealed_opens_and_what_is_changed_does_not(suite):
    sealed = Direction(suite, bytes(32)).seal(22, b"hello")
    assert Direction(suite, bytes(32)).open(sealed[:5], sealed[5:]) == (22, b"hello")
    changed = sealed[:-1] + bytes((sealed[-1] ^ 1,))
    with pytest.raises(WireError):
        Direction(suite, bytes(32)).open(changed[:5], changed[5:])


@given(st.binary(max_size=60))
def test_any_record_is_opened_or_refused(body):
    with pytest.raises(WireError):
        Direction(0x1301, bytes(32)).open(b"\x17\x03\x03\x00\x00", body)
