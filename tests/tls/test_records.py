from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.tls.wire.records import ALERT, HANDSHAKE, Alert, Broken, Flight, Message, read_flight, record


def test_a_handshake_message_over_two_records_is_one_message():
    body = b"\x02\x00\x00\x04abcd"
    data = record(HANDSHAKE, 0x0303, body[:3]) + record(HANDSHAKE, 0x0303, body[3:])
    assert read_flight(data).messages == (Message(2, b"abcd"),)


def test_two_messages_in_one_record():
    data = record(HANDSHAKE, 0x0303, b"\x02\x00\x00\x01a\x0e\x00\x00\x00")
    assert read_flight(data).messages == (Message(2, b"a"), Message(14, b""))


def test_a_message_cut_short_is_not_there_yet():
    assert read_flight(record(HANDSHAKE, 0x0303, b"\x02\x00\x00\x09abc")) == Flight(record_version=0x0303)


def test_alerts_are_told_apart_from_warnings():
    warned = read_flight(record(ALERT, 0x0303, b"\x01\x70"))
    assert warned.fatal is None
    assert warned.alerts == (Alert(1, 112),)
    assert read_flight(record(ALERT, 0x0303, b"\x02\x28")).fatal == Alert(2, 40)
    assert read_flight(record(ALERT, 0x0303, b"\x01\x00")).fatal == Alert(1, 0)


def test_http_is_not_tls():
    assert read_flight(b"HTTP/1.1 400 Bad Request\r\n").broken is Broken.NOT_TLS


def test_an_oversized_record_or_message_is_broken():
    assert read_flight(b"\x16\x03\x03\xff\xff" + bytes(40)).broken is Broken.NOT_TLS
    assert read_flight(record(HANDSHAKE, 0x0303, b"\x0b\xff\xff\xff" + bytes(20))).broken is Broken.MALFORMED


def test_garbage_after_a_good_record_is_malformed():
    data = record(HANDSHAKE, 0x0303, b"\x0e\x00\x00\x00") + b"GET / HTTP"
    assert read_flight(data).broken is Broken.MALFORMED
    assert read_flight(data).messages == (Message(14, b""),)


def test_what_follows_encryption_is_not_read_as_plain_text():
    data = record(23, 0x0303, b"secret") + record(ALERT, 0x0303, b"\x02\x28")
    flight = read_flight(data)
    assert flight.encrypted
    assert flight.alerts == ()


@given(st.binary(max_size=400))
def test_any_bytes_give_a_flight(data):
    assert isinstance(read_flight(data), Flight)


@given(st.binary(max_size=60), st.lists(st.integers(1, 30), max_size=6))
def test_fragmentation_changes_nothing(body, cuts):
    stream = b"\x02" + len(body).to_bytes(3, "big") + body
    pieces, rest = [], stream
    for cut in cuts:
        if len(rest) > cut:
            pieces.append(rest[:cut])
            rest = rest[cut:]
    data = b"".join(record(HANDSHAKE, 0x0303, piece) for piece in [*pieces, rest])
    assert read_flight(data).messages == (Message(2, body),)


@given(st.binary(max_size=200), st.integers(0, 220))
def test_more_bytes_never_lose_a_message(tail, cut):
    data = record(HANDSHAKE, 0x0303, b"\x02\x00\x00\x02hi") + tail
    assert read_flight(data[: 11 + cut]).messages[:1] == (Message(2, b"hi"),)
