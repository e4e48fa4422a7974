"""The passive pass against real servers: what is there is found, what is not there is not, in few connections."""

import pytest
import tls_servers

from pgssi_probe.tls.dh_groups import _published
from pgssi_probe.tls.facts import Ticket, Unknown
from pgssi_probe.tls.names import Version

pytestmark = pytest.mark.tools
FFDHE2048 = [2, next(prime for prime, name in _published(2048).items() if name == "ffdhe2048")]
ALL = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


def names(facts, version):
    return {suite.name for suite in facts.of(version).suites}


def accepted(facts):
    return [version.label for version in facts.accepted_versions()]


async def test_nginx_that_accepts_everything(pki, examine):
    with tls_servers.nginx(pki.folder, [pki.rsa], protocols="TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", ciphers=ALL) as port:
        facts = await examine(port, ca_file=pki.ca_file)
    assert facts.connections <= 120
    assert accepted(facts) == ["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1.0"]
    tls12 = names(facts, Version.TLS_1_2)
    assert {"TLS_RSA_WITH_NULL_SHA256", "TLS_ECDH_anon_WITH_NULL_SHA", "TLS_RSA_WITH_AES_128_CCM_8"} <= tls12
    old = names(facts, Version.TLS_1_0)
    assert any("_anon_" in name for name in old)
    assert any("NULL" in name for name in old)
    assert any(name.startswith("TLS_RSA_") for name in old)
    assert facts.of(Version.TLS_1_0).coverage == "every_weakness"
    assert "rsa_pkcs1_sha1" in facts.weak_signatures
    assert [(trust.store, trust.code) for trust in facts.trust] == [("system", 20), ("declared", 0)]


async def test_hardened_nginx(pki, examine):
    options = "ssl_prefer_server_ciphers on; ssl_ecdh_curve X25519:secp256r1;"
    with tls_servers.nginx(pki.folder, [pki.ec], ciphers="ECDHE+AESGCM:ECDHE+CHACHA20", extra=options) as port:
        facts = await examine(port, ca_file=pki.ca_file)
    assert facts.connections <= 50
    assert accepted(facts) == ["TLSv1.3", "TLSv1.2"]
    assert all("ECDHE_ECDSA" in name for name in names(facts, Version.TLS_1_2))
    assert facts.of(Version.TLS_1_2).server_order is True
    assert [group.name for group in facts.groups_of(Version.TLS_1_3).groups] == ["x25519", "secp256r1"]
    assert facts.groups_of(Version.TLS_1_3).server_order is True
    behaviour = facts.behaviour
    assert behaviour.downgrade_sentinel is True
    assert behaviour.fallback_scsv is True
    assert behaviour.encrypt_then_mac is None
    assert behaviour.compression is False
    assert behaviour.early_data == 0
    assert behaviour.tickets == (Ticket(Version.TLS_1_2, 300), Ticket(Version.TLS_1_3, 300))
    assert len(facts.chains) == 1
    assert set(facts.chains[0].versions) == {Version.TLS_1_2, Version.TLS_1_3}


async def test_both_certificates_of_a_server_are_seen(pki, examine):
    with tls_servers.nginx(pki.folder, [pki.ec, pki.rsa], ciphers="ECDHE+AESGCM") as port:
        facts = await examine(port)
    assert len({chain.der[0] for chain in facts.chains}) == 2


@pytest.mark.parametrize(("bits", "name"), [(1024, "modp1024"), (2048, "ffdhe2048")])
async def test_the_prime_of_an_old_server_is_measured(pki, examine, bits, name):
    settings = {"dh_prime": 1024} if bits == 1024 else {"dhParams": FFDHE2048}
    with tls_servers.tlslite(pki.folder, *pki.weak, keyExchangeNames=["dhe_rsa"], **settings) as port:
        facts = await examine(port)
    assert [(prime.bits, prime.name) for prime in facts.dh_primes] == [(bits, name)]


async def test_a_museum_piece_on_tlslite(pki, examine):
    old = {
        "minVersion": [3, 0],
        "maxVersion": [3, 3],
        "cipherNames": ["rc4", "3des", "null", "aes128", "aes256"],
        "macNames": ["md5", "sha", "sha256"],
        "useExtendedMasterSecret": False,
        "useEncryptThenMAC": False,
        "dh_prime": 1024,
    }
    with tls_servers.tlslite(pki.folder, *pki.weak, **old) as port:
        facts = await examine(port)
    assert facts.connections <= 120
    assert accepted(facts) == ["TLSv1.2", "TLSv1.1", "TLSv1.0", "SSLv3"]
    for version in (Version.TLS_1_2, Version.TLS_1_0, Version.SSL_3):
        found = " ".join(names(facts, version))
        assert "RC4" in found
        assert "3DES" in found
        assert "NULL" in found
        assert "MD5" in found
    assert facts.behaviour.extended_master_secret is False
    assert facts.behaviour.encrypt_then_mac is False


async def test_ssl3_alone(pki, examine):
    with tls_servers.tlslite(
        pki.folder, *pki.weak, minVersion=[3, 0], maxVersion=[3, 0], cipherNames=["rc4", "3des"]
    ) as port:
        facts = await examine(port)
    assert accepted(facts) == ["SSLv3"]
    assert facts.of(Version.SSL_3).coverage == "every_suite"
    assert facts.of(Version.TLS_1_2).accepted is False


async def test_anonymous_suites_are_found(pki, examine):
    with tls_servers.tlslite(
        pki.folder, *pki.weak, anon=True, keyExchangeNames=["dh_anon", "ecdh_anon"], maxVersion=[3, 3]
    ) as port:
        facts = await examine(port)
    assert all("_anon_" in name for name in names(facts, Version.TLS_1_2))
    assert facts.chains == ()


async def test_an_ed25519_certificate_hides_no_suite(pki, examine):
    with tls_servers.openssl(pki.folder, *pki.ed25519) as port:
        facts = await examine(port)
    assert "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" in names(facts, Version.TLS_1_2)
    assert {use.scheme for use in facts.signatures} == {"ed25519"}


async def test_hybrid_groups_in_the_order_of_the_server(pki, examine):
    groups = "SecP256r1MLKEM768:SecP384r1MLKEM1024:X25519MLKEM768:P-256"
    with tls_servers.modern(pki.folder, *pki.ec, groups=groups) as port:
        facts = await examine(port)
    found = facts.groups_of(Version.TLS_1_3)
    assert {group.name for group in found.groups} == {
        "SecP256r1MLKEM768",
        "SecP384r1MLKEM1024",
        "X25519MLKEM768",
        "secp256r1",
    }
    assert found.complete
    assert facts.connections <= 60


@pytest.mark.parametrize("group", ["X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"])
async def test_a_server_with_one_hybrid_group_alone_is_read_to_the_end(pki, examine, group):
    with tls_servers.modern(pki.folder, *pki.ec, groups=group, min=0x0304) as port:
        facts = await examine(port)
    assert [item.name for item in facts.groups_of(Version.TLS_1_3).groups] == [group]
    assert facts.chains[0].versions == (Version.TLS_1_3,)
    assert facts.signatures[0].scheme == "ecdsa_secp256r1_sha256"
    assert facts.of(Version.TLS_1_2).accepted is False
    assert facts.behaviour.raw_public_key is False


async def test_early_data_is_seen_in_the_tickets(pki, examine):
    with tls_servers.modern(pki.folder, *pki.ec, early_data=16384) as port:
        assert (await examine(port)).behaviour.early_data == 16384
    with tls_servers.modern(pki.folder, *pki.ec) as port:
        assert (await examine(port)).behaviour.early_data == 0


async def test_openssl_server_order_and_its_absence(pki, examine):
    with tls_servers.openssl(pki.folder, *pki.rsa, "-serverpref", "-tls1_2") as port:
        assert (await examine(port)).of(Version.TLS_1_2).server_order is True
    with tls_servers.openssl(pki.folder, *pki.rsa, "-tls1_2") as port:
        assert (await examine(port)).of(Version.TLS_1_2).server_order is False


async def test_a_request_for_a_client_certificate_is_seen(pki, examine):
    with tls_servers.openssl(pki.folder, *pki.rsa, "-verify", "2") as port:
        facts = await examine(port)
    assert facts.behaviour.client_certificate_requested is True
    assert not isinstance(facts.behaviour.tickets, Unknown) or facts.behaviour.tickets.reason == "no_answer"
    with tls_servers.openssl(pki.folder, *pki.rsa) as port:
        assert (await examine(port)).behaviour.client_certificate_requested is False


async def test_tls12_alone(pki, examine):
    with tls_servers.openssl(pki.folder, *pki.ec, "-tls1_2") as port:
        facts = await examine(port)
    assert accepted(facts) == ["TLSv1.2"]
    assert facts.behaviour.downgrade_sentinel is None
    assert facts.behaviour.early_data is None


async def test_tls13_alone_on_groups_that_need_a_second_hello(pki, examine):
    with tls_servers.openssl(pki.folder, *pki.ec, "-tls1_3", "-groups", "P-521:P-384:X448") as port:
        facts = await examine(port)
    assert accepted(facts) == ["TLSv1.3"]
    assert len(facts.groups_of(Version.TLS_1_3).groups) == 3
    assert facts.chains
    assert not isinstance(facts.behaviour.tickets, Unknown)
