"""The first flight of a server: ServerHello, certificates, key exchange (RFC 5246 §7.4, RFC 8446 §4.1.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pgssi_probe.tls.names import EXTENSION_IDS, Version
from pgssi_probe.tls.suites import Suite, parts
from pgssi_probe.tls.wire.cursor import Cursor, WireError

SERVER_HELLO, NEW_SESSION_TICKET, ENCRYPTED_EXTENSIONS, CERTIFICATE, SERVER_KEY_EXCHANGE = 2, 4, 8, 11, 12
CERTIFICATE_REQUEST, SERVER_HELLO_DONE, CERTIFICATE_VERIFY, FINISHED, CERTIFICATE_STATUS = 13, 14, 15, 20, 22

# SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3)
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
# "DOWNGRD" and the version that was within reach (RFC 8446 §4.1.3)
SENTINEL_TLS12 = b"DOWNGRD\x01"
MAX_CERTIFICATES = 20

_SUPPORTED_VERSIONS = EXTENSION_IDS["supported_versions"]
_KEY_SHARE = EXTENSION_IDS["key_share"]


@dataclass(frozen=True, slots=True)
class ServerHello:
    """``version`` is the negotiated one (from supported_versions when present), as a number: it may be anything."""

    version: int
    random: bytes
    suite: int
    compression: int
    extensions: Mapping[int, bytes]
    retry: bool

    @property
    def group(self) -> int | None:
        """The TLS 1.3 group of the key share or of the retry."""
        share = self.extensions.get(_KEY_SHARE, b"")
        return int.from_bytes(share[:2], "big") if len(share) >= 2 else None


@dataclass(frozen=True, slots=True)
class KeyExchange:
    """ServerKeyExchange: a named group, or a prime, and how it was signed (``scheme`` from TLS 1.2 on)."""

    group: int | None = None
    explicit_curve: bool = False
    prime: int | None = None
    scheme: int | None = None


def decode_server_hello(body: bytes) -> ServerHello:
    """Raises :class:`WireError` on anything that is not a ServerHello."""
    cursor = Cursor(body)
    legacy = cursor.number(2)
    random = cursor.take(32)
    cursor.block(1)
    suite, compression = cursor.number(2), cursor.number(1)
    extensions: dict[int, bytes] = {}
    if cursor.left:
        inner = Cursor(cursor.block(2))
        while inner.left:
            number = inner.number(2)
            extensions.setdefault(number, inner.block(2))
    if cursor.left:
        raise WireError("bytes after the ServerHello")
    chosen = extensions.get(_SUPPORTED_VERSIONS)
    version = int.from_bytes(chosen, "big") if chosen is not None and len(chosen) == 2 else legacy
    return ServerHello(version, random, suite, compression, MappingProxyType(extensions), random == RETRY_RANDOM)


def decode_certificates(body: bytes) -> tuple[bytes, ...]:
    """The DER certificates of a Certificate message before TLS 1.3, leaf first, at most twenty."""
    inner = Cursor(Cursor(body).block(3))
    found: list[bytes] = []
    while inner.left:
        if len(found) >= MAX_CERTIFICATES:
            raise WireError("more certificates than any chain has")
        found.append(inner.block(3))
    return tuple(found)


def decode_key_exchange(body: bytes, suite: Suite, version: int) -> KeyExchange:
    """Group or prime of a ServerKeyExchange. PSK and SRP parameters are not read: an empty value comes back."""
    part = parts(suite)
    if part.authentication == "PSK" or part.key_exchange not in ("ECDHE", "DHE", "ECDH", "DH", "RSA"):
        return KeyExchange()
    cursor = Cursor(body)
    group: int | None = None
    explicit = False
    prime: int | None = None
    if part.key_exchange in ("ECDHE", "ECDH"):
        kind = cursor.number(1)
        if kind != 3:
            return KeyExchange(explicit_curve=True)
        group = cursor.number(2)
        cursor.block(1)
    elif part.key_exchange in ("DHE", "DH"):
        prime = int.from_bytes(cursor.block(2), "big")
        cursor.block(2)
        cursor.block(2)
    else:  # export RSA: modulus and exponent
        cursor.block(2)
        cursor.block(2)
    scheme = None
    if part.authentication != "anon" and version >= Version.TLS_1_2 and cursor.left >= 2:
        scheme = cursor.number(2)
    return KeyExchange(group, explicit, prime, scheme)


def decode_certificate_status(body: bytes) -> bytes | None:
    """The OCSP response of a CertificateStatus message (RFC 6066 §8), ``None`` for another type."""
    cursor = Cursor(body)
    if cursor.number(1) != 1:
        return None
    return cursor.block(3)
