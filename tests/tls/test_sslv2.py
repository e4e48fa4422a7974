import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.tls.wire.cursor import WireError, numbers
from pgssi_probe.tls.wire.sslv2 import SUITES, decode_answer, encode_hello


def answer(certificate: bytes = b"cert", suites: tuple[int, ...] = (0x010080, 0x060040)) -> bytes:
    listed = numbers(3, suites)
    body = b"\x04\x00\x01" + numbers(2, (2, len(certificate), len(listed), 16)) + certificate + listed + bytes(16)
    return (0x8000 | len(body)).to_bytes(2, "big") + body


def test_the_hello_offers_every_suite():
    data = encode_hello()
    assert int.from_bytes(data[:2], "big") & 0x7FFF == len(data) - 2
    assert data[2] == 1
    assert int.from_bytes(data[5:7], "big") == 3 * len(SUITES)


def test_an_answer_lists_suites_and_certificate():
    found = decode_answer(answer())
    assert [suite.name for suite in found.suites] == ["SSL_CK_RC4_128_WITH_MD5", "SSL_CK_DES_64_CBC_WITH_MD5"]
    assert found.certificate == b"cert"


@pytest.mark.parametrize("length", [0, 2, 10, 30])
def test_an_answer_cut_short_is_waited_for(length):
    assert decode_answer(answer()[:length]) is None


def test_a_tls_alert_is_no_answer():
    with pytest.raises(WireError):
        decode_answer(b"\x15\x03\x01\x00\x02\x02\x28")


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(WireError):
        decode_answer(data)
