"""What a log of answers says, answer by answer."""

import os

from pgssi_probe.tls import mining
from pgssi_probe.tls.asking import Exchanged
from pgssi_probe.tls.conversation import Answer, Refusal
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.names import Version
from pgssi_probe.tls.wire.client_hello import ClientHello
from pgssi_probe.tls.wire.server_flight import SENTINEL_TLS12, KeyExchange, ServerHello

CBC, GCM = 0x002F, 0xC02F
EMS, ETM, RENEGOTIATION = 23, 22, 0xFF01


def answered(suite=GCM, *extensions, version=Version.TLS_1_2, random=None, **changes):
    hello = ServerHello(version, random or os.urandom(32), suite, 0, dict.fromkeys(extensions, b""), retry=False)
    return ClientHello(version, (suite,)), Answer(hello, **changes)


def test_only_answers_are_mined():
    hello, answer = answered()
    log = [Exchanged(hello, answer), Exchanged(hello, Refusal("handshake_failure"))]
    assert mining.answers(log) == ((hello, answer),)


def test_one_unprotected_cbc_answer_is_enough():
    assert mining.encrypt_then_mac([answered(CBC, ETM), answered(CBC)]) is False
    assert mining.encrypt_then_mac([answered(CBC, ETM), answered(CBC, ETM)]) is True
    assert mining.encrypt_then_mac([answered(GCM)]) is None


def test_answers_that_differ_are_inconsistent():
    assert mining.echoed([answered(GCM, EMS), answered(GCM, EMS)], "extended_master_secret") is True
    assert isinstance(mining.echoed([answered(GCM, EMS), answered(GCM)], "extended_master_secret"), Unknown)
    assert mining.echoed([], "extended_master_secret") is None


def test_tls12_decides_for_older_versions():
    old = answered(CBC, version=Version.TLS_1_0)
    assert mining.echoed([answered(GCM, EMS), old], "extended_master_secret") is True
    assert mining.echoed([old], "extended_master_secret") is False


def test_renegotiation_counts_in_every_old_version():
    assert mining.secure_renegotiation([answered(CBC, RENEGOTIATION, version=Version.SSL_3)]) is True
    mixed = [answered(GCM, RENEGOTIATION), answered(CBC, version=Version.SSL_3)]
    assert isinstance(mining.secure_renegotiation(mixed), Unknown)


def test_the_sentinel_is_owed_by_tls13_servers_only():
    marked = answered(random=os.urandom(24) + SENTINEL_TLS12)
    assert mining.downgrade_sentinel([marked], tls13=True) is True
    assert mining.downgrade_sentinel([answered()], tls13=True) is False
    assert mining.downgrade_sentinel([answered()], tls13=False) is None


def test_the_clock_in_the_random():
    now = 1_795_000_000
    stamped = [answered(random=(now + i).to_bytes(4, "big") + os.urandom(28)) for i in range(3)]
    assert mining.random_follows_clock(stamped, now) is True
    assert mining.random_follows_clock(stamped, now + 10 * mining.DAY) is False
    assert isinstance(mining.random_follows_clock(stamped[:2], now), Unknown)


def test_primes_schemes_and_chains_are_listed_once():
    prime = KeyExchange(prime=(1 << 1023) + 3, scheme=0x0401)
    log = [answered(GCM, key_exchange=prime, chain=(b"a",)), answered(GCM, key_exchange=prime, chain=(b"a",))]
    assert [(item.bits, item.name) for item in mining.dh_primes(log)] == [(1024, None)]
    assert [item.scheme for item in mining.signatures(log)] == ["rsa_pkcs1_sha256"]
    assert [chain.der for chain in mining.chains(log)] == [(b"a",)]


def test_a_staple_is_unknown_unless_it_was_asked_for():
    assert mining.staple([answered()]) == Unknown("not_measured")
    hello = ClientHello(Version.TLS_1_2, (GCM,), extra=((5, b""),))
    assert mining.staple([(hello, answered()[1])]) is None
    assert mining.staple([(hello, answered(staple=b"r")[1])]) == b"r"
    assert mining.sct_in_handshake([answered()]) == Unknown("not_measured")
    assert mining.alpn([answered()]) == Unknown("not_measured")
