"""TLS 1.3 record protection and key schedule (RFC 8446 §5.2, §7.1), for the little that one handshake needs."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from pgssi_probe.tls.wire.cursor import WireError, block
from pgssi_probe.tls.wire.records import APPLICATION_DATA, record


class _Aead(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SuiteKeys:
    """What a TLS 1.3 suite fixes: its hash, the length of its key in bytes."""

    hash: str
    key_length: int
    tag_length: int = 16


SUITES = {
    0x1301: SuiteKeys("sha256", 16),
    0x1302: SuiteKeys("sha384", 32),
    0x1303: SuiteKeys("sha256", 32),
    0x1304: SuiteKeys("sha256", 16),
    0x1305: SuiteKeys("sha256", 16, 8),
}


def extract(name: str, salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract (RFC 5869)."""
    return hmac.digest(salt or bytes(hashlib.new(name).digest_size), secret, name)


def expand_label(name: str, secret: bytes, label: str, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446 §7.1)."""
    info = length.to_bytes(2, "big") + block(1, b"tls13 " + label.encode("ascii")) + block(1, context)
    output, last = b"", b""
    counter = 1
    while len(output) < length:
        last = hmac.digest(secret, last + info + bytes((counter,)), name)
        output += last
        counter += 1
    return output[:length]


class Direction:
    """Protection of one direction under one traffic secret; counts its records."""

    __slots__ = ("_aead", "_hash", "_iv", "_sequence", "_tag", "secret")

    def __init__(self, suite: int, secret: bytes) -> None:
        keys = SUITES[suite]
        key = expand_label(keys.hash, secret, "key", b"", keys.key_length)
        self._aead = _aead(suite, key, keys.tag_length)
        self._iv = expand_label(keys.hash, secret, "iv", b"", 12)
        self._hash = keys.hash
        self._tag = keys.tag_length
        self._sequence = 0
        self.secret = secret

    def _nonce(self) -> bytes:
        number = int.from_bytes(self._iv, "big") ^ self._sequence
        self._sequence += 1
        return number.to_bytes(12, "big")

    def open(self, header: bytes, body: bytes) -> tuple[int, bytes]:
        """Content type and plain text of one record; raises WireError when it was not made with these keys."""
        try:
            plain = self._aead.decrypt(self._nonce(), body, header).rstrip(b"\x00")
        except (InvalidTag, ValueError) as error:
            raise WireError("a record that cannot be decrypted") from error
        if not plain:
            raise WireError("an empty record")
        return plain[-1], plain[:-1]

    def seal(self, kind: int, content: bytes) -> bytes:
        """One protected record."""
        inner = content + bytes((kind,))
        length = len(inner) + self._tag
        header = bytes((APPLICATION_DATA,)) + b"\x03\x03" + length.to_bytes(2, "big")
        return record(APPLICATION_DATA, 0x0303, self._aead.encrypt(self._nonce(), inner, header))

    def finished(self, transcript_hash: bytes) -> bytes:
        """The verify_data of a Finished message under this direction's handshake secret."""
        size = hashlib.new(self._hash).digest_size
        key = expand_label(self._hash, self.secret, "finished", b"", size)
        return hmac.digest(key, transcript_hash, self._hash)


def _aead(suite: int, key: bytes, tag_length: int) -> _Aead:
    if suite in (0x1301, 0x1302):
        return AESGCM(key)
    if suite == 0x1303:
        return ChaCha20Poly1305(key)
    return AESCCM(key, tag_length)


class Schedule:
    """The key schedule without PSK, from the shared secret on."""

    __slots__ = ("_hash", "_secret", "_size")

    def __init__(self, suite: int, shared: bytes) -> None:
        self._hash = SUITES[suite].hash
        self._size = hashlib.new(self._hash).digest_size
        early = extract(self._hash, b"", bytes(self._size))
        self._secret = extract(self._hash, self._derived(early), shared)

    def _derived(self, secret: bytes) -> bytes:
        return expand_label(self._hash, secret, "derived", hashlib.new(self._hash).digest(), self._size)

    def traffic(self, label: str, transcript_hash: bytes) -> bytes:
        """A traffic secret, by its label in RFC 8446 §7.1, such as ``s hs traffic``."""
        return expand_label(self._hash, self._secret, label, transcript_hash, self._size)

    def advance(self) -> None:
        """From the handshake secret to the master secret."""
        self._secret = extract(self._hash, self._derived(self._secret), bytes(self._size))
