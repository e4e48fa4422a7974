"""The SSL 2.0 hello, of which a server should know nothing any more (draft-hickman-netscape-ssl-00)."""

import os
from dataclasses import dataclass

from pgssi_probe.tls.suites import Suite
from pgssi_probe.tls.wire.cursor import Cursor, WireError, numbers

SUITES = (
    Suite(0x010080, "SSL_CK_RC4_128_WITH_MD5"),
    Suite(0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5"),
    Suite(0x030080, "SSL_CK_RC2_128_CBC_WITH_MD5"),
    Suite(0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"),
    Suite(0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5"),
    Suite(0x060040, "SSL_CK_DES_64_CBC_WITH_MD5"),
    Suite(0x0700C0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"),
)
_BY_ID = {suite.id: suite for suite in SUITES}
_SERVER_HELLO = 4


@dataclass(frozen=True, slots=True)
class Ssl2Hello:
    """What an SSL 2.0 server answered: its whole list of suites and its certificate."""

    suites: tuple[Suite, ...]
    certificate: bytes


def encode_hello() -> bytes:
    """A CLIENT-HELLO with every SSL 2.0 suite."""
    suites = numbers(3, tuple(suite.id for suite in SUITES))
    challenge = os.urandom(16)
    body = b"\x01" + numbers(2, (0x0002, len(suites), 0, len(challenge))) + suites + challenge
    return (0x8000 | len(body)).to_bytes(2, "big") + body


def decode_answer(data: bytes) -> Ssl2Hello | None:
    """The SERVER-HELLO in ``data``, ``None`` while it is not whole; :class:`WireError` when it is something else."""
    if len(data) < 3:
        return None
    if not data[0] & 0x80 or data[2] != _SERVER_HELLO:
        raise WireError("not an SSL 2.0 server hello")
    length = int.from_bytes(data[:2], "big") & 0x7FFF
    if len(data) < 2 + length:
        return None
    cursor = Cursor(data[3 : 2 + length])
    cursor.take(2)
    if cursor.number(2) != 0x0002:
        raise WireError("not SSL 2.0")
    sizes = [cursor.number(2) for _ in range(3)]
    certificate = cursor.take(sizes[0])
    listed = Cursor(cursor.take(sizes[1]))
    suites = []
    while listed.left:
        number = listed.number(3)
        suites.append(_BY_ID.get(number) or Suite(number, f"ssl2_0x{number:06X}"))
    return Ssl2Hello(tuple(suites), certificate)
