"""A ClientHello from values to bytes: always well-formed, whatever is asked (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2)."""

import os
from dataclasses import dataclass, field, replace

from pgssi_probe.tls.names import EXTENSION_IDS, Version
from pgssi_probe.tls.wire.cursor import block, numbers
from pgssi_probe.tls.wire.records import HANDSHAKE, record

RENEGOTIATION_SCSV = 0x00FF  # RFC 5746 §3.3
FALLBACK_SCSV = 0x5600  # RFC 7507

# Most widely implemented first: the order decides for servers that follow the client.
# No finite-field group before TLS 1.3: a server that knows RFC 7919 would hide the weak prime that others get.
USUAL_GROUPS = (29, 23, 24, 25, 30, 26, 27, 28, 22, 21, 20, 19, 18, *range(1, 18))
TLS13_GROUPS = (0x11EC, 0x11EB, 0x11ED, 29, 23, 24, 25, 30, 31, 32, 33, *range(256, 261), *range(512, 515))
TLS13_GROUPS_RARE = (0x11EE, 0x6399, 0x639A, 41)
USUAL_SCHEMES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081A, 0x081B, 0x081C, 0x0809, 0x080A, 0x080B, 0x0804, 0x0805, 0x0806,
    0x0401, 0x0501, 0x0601, 0x0402, 0x0303, 0x0301, 0x0302, 0x0203, 0x0201, 0x0202,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What to offer. ``version`` is the only version offered in TLS 1.3 and the highest one before.

    ``key_shares`` is empty on purpose in TLS 1.3: the server then names the group that it wants in a
    HelloRetryRequest (RFC 8446 §4.2.8), and no key has to be computed on either side.
    """

    version: Version
    suites: tuple[int, ...]
    server_name: str | None = None
    groups: tuple[int, ...] = USUAL_GROUPS
    schemes: tuple[int, ...] = USUAL_SCHEMES
    compressions: tuple[int, ...] = (0,)
    key_shares: tuple[tuple[int, bytes], ...] = ()
    extra: tuple[tuple[int, bytes], ...] = ()
    random: bytes = field(default_factory=lambda: os.urandom(32))
    session_id: bytes = b""


def extension(name: str, content: bytes = b"") -> tuple[int, bytes]:
    """An extension by its IANA name."""
    return EXTENSION_IDS[name], content


def _server_name(name: str) -> bytes:
    return block(2, b"\x00" + block(2, name.encode("ascii")))


def _extensions(hello: ClientHello) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    if hello.server_name is not None:
        found.append(extension("server_name", _server_name(hello.server_name)))
    if hello.groups:
        found.append(extension("supported_groups", block(2, numbers(2, hello.groups))))
    if hello.version >= Version.TLS_1_2 and hello.schemes:
        found.append(extension("signature_algorithms", block(2, numbers(2, hello.schemes))))
    if hello.version is Version.TLS_1_3:
        found.append(extension("supported_versions", block(1, numbers(2, (Version.TLS_1_3,)))))
        shares = b"".join(numbers(2, (group,)) + block(2, share) for group, share in hello.key_shares)
        found.append(extension("key_share", block(2, shares)))
        found.append(extension("psk_key_exchange_modes", block(1, b"\x01")))
    else:
        if hello.groups:
            found.append(extension("ec_point_formats", block(1, b"\x00")))
        found.append(extension("renegotiation_info", block(1, b"")))
        found.append(extension("extended_master_secret"))
        found.append(extension("encrypt_then_mac"))
        found.append(extension("session_ticket"))
    return found + list(hello.extra)


def offered_extensions(hello: ClientHello) -> tuple[int, ...]:
    """Numbers of the extensions that :func:`encode` writes, padding apart."""
    return () if hello.version is Version.SSL_3 else tuple(number for number, _ in _extensions(hello))


def encode_body(hello: ClientHello) -> bytes:
    """The handshake message, header included, without the record around it."""
    legacy = min(hello.version, Version.TLS_1_2)
    suites = hello.suites
    if hello.version is Version.SSL_3:  # no extensions there: the signalling suite stands for renegotiation_info
        suites = (*suites, RENEGOTIATION_SCSV)
    body = numbers(2, (legacy,)) + hello.random + block(1, hello.session_id)
    body += block(2, numbers(2, suites)) + block(1, bytes(hello.compressions))
    if hello.version is not Version.SSL_3:
        found = _extensions(hello)
        content = b"".join(numbers(2, (number,)) + block(2, value) for number, value in found)
        # Some old load balancers hang on a hello of 256 to 511 bytes (RFC 7685): pad past them.
        length = 4 + len(body) + 2 + len(content)
        if 256 <= length < 512:
            content += numbers(2, (EXTENSION_IDS["padding"],)) + block(2, bytes(max(0, 512 - length - 4)))
        body += block(2, content)
    return b"\x01" + block(3, body)


def encode(hello: ClientHello) -> bytes:
    """The ClientHello as one record, ready to send."""
    version = Version.SSL_3 if hello.version is Version.SSL_3 else Version.TLS_1_0
    return record(HANDSHAKE, version, encode_body(hello))


def only(hello: ClientHello, suites: tuple[int, ...]) -> ClientHello:
    """The same hello with other suites and a new random."""
    return replace(hello, suites=suites, random=os.urandom(32))
