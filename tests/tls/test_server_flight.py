import contextlib

import pytest
from fake_tls import ecdhe, server_hello
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.tls.suites import by_name
from pgssi_probe.tls.wire import encrypted_flight, server_flight
from pgssi_probe.tls.wire.cursor import Cursor, WireError, block, numbers

ECDHE = by_name()["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
DHE = by_name()["TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"]
ANON = by_name()["TLS_ECDH_anon_WITH_AES_128_CBC_SHA"]


def test_a_server_hello_says_version_suite_and_extensions():
    hello = server_flight.decode_server_hello(server_hello(0x0303, 0xC02F, extensions={23: b"", 15: b"\x01"})[4:])
    assert (hello.version, hello.suite, hello.compression, dict(hello.extensions)) == (
        0x0303,
        0xC02F,
        0,
        {23: b"", 15: b"\x01"},
    )
    assert not hello.retry


def test_the_version_of_tls13_stands_in_an_extension():
    hello = server_flight.decode_server_hello(
        server_hello(0x0304, 0x1301, extensions={43: b"\x03\x04", 51: b"\x11\xec"}, random=server_flight.RETRY_RANDOM)[
            4:
        ]
    )
    assert hello.version == 0x0304
    assert hello.retry
    assert hello.group == 0x11EC


def test_bytes_after_a_server_hello_are_refused():
    with pytest.raises(WireError):
        server_flight.decode_server_hello(server_hello(0x0303, 1, extensions={23: b""})[4:] + b"x")


def test_a_chain_is_read_and_a_flood_is_refused():
    chain = block(3, block(3, b"leaf") + block(3, b"issuer"))
    assert server_flight.decode_certificates(chain) == (b"leaf", b"issuer")
    with pytest.raises(WireError):
        server_flight.decode_certificates(block(3, block(3, b"x") * 21))


def test_a_named_curve_and_its_signature():
    exchange = server_flight.decode_key_exchange(ecdhe(29, 0x0804), ECDHE, 0x0303)
    assert (exchange.group, exchange.scheme, exchange.prime) == (29, 0x0804, None)


def test_before_tls12_the_signature_has_no_scheme():
    assert server_flight.decode_key_exchange(ecdhe(23, None), ECDHE, 0x0301).scheme is None


def test_an_anonymous_exchange_has_no_signature():
    assert server_flight.decode_key_exchange(b"\x03\x00\x17" + block(1, bytes(65)), ANON, 0x0303).scheme is None


def test_an_explicit_curve_is_said():
    assert server_flight.decode_key_exchange(b"\x01" + bytes(20), ECDHE, 0x0303).explicit_curve


def test_a_prime_is_read_with_its_leading_zeros():
    body = block(2, b"\x00\x00\x83") + block(2, b"\x02") + block(2, b"\x05") + b"\x04\x01" + block(2, b"sig")
    assert server_flight.decode_key_exchange(body, DHE, 0x0303).prime == 0x83


def test_a_ticket_of_tls13_says_how_much_early_data_it_allows():
    extensions = numbers(2, (42,)) + block(2, (16384).to_bytes(4, "big"))
    body = (7200).to_bytes(4, "big") + bytes(4) + block(1, b"n") + block(2, b"ticket") + block(2, extensions)
    assert encrypted_flight.decode_ticket(body) == encrypted_flight.TicketMessage(7200, 16384)


DECODERS = [
    server_flight.decode_server_hello,
    server_flight.decode_certificates,
    server_flight.decode_certificate_status,
    encrypted_flight.decode_certificates,
    encrypted_flight.decode_ticket,
    lambda data: server_flight.decode_key_exchange(data, ECDHE, 0x0303),
    lambda data: server_flight.decode_key_exchange(data, DHE, 0x0303),
]


@pytest.mark.parametrize("decode", DECODERS)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(decode, data):
    with contextlib.suppress(WireError):
        decode(data)


@given(st.binary(max_size=60), st.integers(0, 80))
def test_a_cursor_never_reads_past_the_end(data, count):
    cursor = Cursor(data)
    if count > len(data):
        with pytest.raises(WireError):
            cursor.take(count)
        assert cursor.left == len(data)
    else:
        assert cursor.take(count) == data[:count]
        assert cursor.left == len(data) - count
