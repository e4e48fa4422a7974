import pytest
from fake_tls import parse
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.tls.names import EXTENSION_IDS, Version
from pgssi_probe.tls.suites import offers
from pgssi_probe.tls.wire.client_hello import RENEGOTIATION_SCSV, ClientHello, encode, extension, only

OLD = (Version.TLS_1_0, Version.TLS_1_1, Version.TLS_1_2)


@pytest.mark.parametrize("version", OLD)
def test_an_old_hello_offers_no_newer_version(version):
    offer = parse(encode(ClientHello(version, (0xC02F,), "localhost")), 1)
    assert offer.highest == version
    assert offer.suites == (0xC02F,)
    assert offer.extensions[0] == b"\x00\x0c\x00\x00\x09localhost"
    assert {22, 23, 35, 0xFF01} <= set(offer.extensions)


def test_tls13_offers_nothing_else_and_no_key():
    offer = parse(encode(ClientHello(Version.TLS_1_3, (0x1301,), "localhost")), 1)
    assert offer.extensions[43] == b"\x02\x03\x04"
    assert offer.extensions[51] == b"\x00\x00"
    assert not {22, 23, 0xFF01, 11} & set(offer.extensions)


def test_ssl3_has_no_extension_and_signals_renegotiation_by_suite():
    offer = parse(encode(ClientHello(Version.SSL_3, (5,), "localhost")), 1)
    assert offer.extensions == {}
    assert offer.suites == (5, RENEGOTIATION_SCSV)


def test_an_address_is_never_sent_as_a_name():
    assert 0 not in parse(encode(ClientHello(Version.TLS_1_2, (5,), None)), 1).extensions


def test_signature_algorithms_begin_with_tls12():
    assert 13 not in parse(encode(ClientHello(Version.TLS_1_1, (5,))), 1).extensions
    assert 13 in parse(encode(ClientHello(Version.TLS_1_2, (5,))), 1).extensions


def test_a_new_question_has_a_new_random():
    hello = ClientHello(Version.TLS_1_2, (5,))
    assert only(hello, (5,)).random != hello.random


@given(
    st.sampled_from(OLD),
    st.lists(st.integers(1, 0xFFFF), min_size=1, max_size=300, unique=True),
    st.one_of(st.none(), st.from_regex(r"[a-z]{1,60}\.[a-z]{2,8}", fullmatch=True)),
)
def test_every_hello_is_well_formed_and_never_of_the_length_that_hangs_old_devices(version, suites, name):
    data = encode(ClientHello(version, tuple(suites), name))
    assert parse(data, 1).suites == tuple(suites)
    assert len(data) == 5 + int.from_bytes(data[3:5], "big")
    assert not 256 <= len(data) - 5 < 512


@pytest.mark.parametrize("version", [Version.TLS_1_2, Version.TLS_1_3])
def test_the_usual_offers_fit_in_one_record(version):
    for offer in offers(version):
        hello = ClientHello(version, tuple(suite.id for suite in offer), "a" * 60 + ".example")
        assert len(encode(hello)) < 2**11


def test_extensions_are_named():
    assert extension("heartbeat", b"\x01") == (EXTENSION_IDS["heartbeat"], b"\x01")
