import asyncio
import ssl

import pytest
import tls_servers
from fake_tls import CLOSE, SILENCE, serving
from tls_pki import NOW, issue

from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.names import Version
from pgssi_probe.tls.ssl_handshake import Verified, context, system_anchors, verify

pytestmark = pytest.mark.tools


async def shake(port, prepared):
    return await verify(await asyncio.open_connection("127.0.0.1", port), prepared, "localhost", 2.0)


async def test_a_declared_authority_is_trusted_and_the_ticket_of_tls12_is_read(pki):
    with tls_servers.openssl(pki.folder, *pki.ec) as port:
        assert (await shake(port, context(pki.ca_file))).code == 0
        found = await shake(port, context(None, newest=Version.TLS_1_2))
    assert found.version is Version.TLS_1_2
    assert found.ticket.lifetime_s == 7200


async def test_openssl_says_why_it_does_not_trust(pki, tmp_path):
    import datetime as dt

    alone = issue().write(tmp_path, "alone")
    late = issue(by=pki.ca, start=NOW - dt.timedelta(days=9), days=2).write(tmp_path, "late")
    for pair, anchors, code in (
        (pki.ec, system_anchors(), 20),
        (alone, pki.ca_file, 18),
        (late, pki.ca_file, 10),
    ):
        with tls_servers.openssl(pki.folder, *pair) as port:
            assert (await shake(port, context(anchors))).code == code


async def test_a_weak_key_does_not_hide_who_signed(pki):
    with tls_servers.openssl(pki.folder, *pki.weak, "-cipher", "ALL:@SECLEVEL=0") as port:
        found = await shake(port, context(pki.folder / "weak-ca.pem"))
    assert isinstance(found, Verified)
    assert found.code == 0


@pytest.mark.parametrize("said", [CLOSE, SILENCE, b"HTTP/1.1 400\r\n\r\n"])
async def test_no_handshake_is_unknown(said):
    async with serving(lambda _: said) as port:
        streams = await asyncio.open_connection("127.0.0.1", port)
        assert isinstance(await verify(streams, context(None), None, 0.2), Unknown)


def test_a_file_without_certificates_is_an_error(tmp_path):
    (tmp_path / "empty").write_text("")
    with pytest.raises(ssl.SSLError):
        context(tmp_path / "empty")
