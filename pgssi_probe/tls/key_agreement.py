"""Ephemeral keys for one TLS 1.3 handshake, hybrid post-quantum groups included.

Layout of the hybrids: draft-ietf-tls-ecdhe-mlkem (X25519MLKEM768 puts the ML-KEM part first, the others last).
"""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pgssi_probe.tls.wire.cursor import WireError


@dataclass(frozen=True, slots=True)
class KeyShare:
    """``public`` goes into the hello; ``agree`` turns the server's share into the secret, or raises WireError."""

    group: int
    public: bytes
    agree: Callable[[bytes], bytes]


def _x25519() -> KeyShare:
    key = x25519.X25519PrivateKey.generate()
    return KeyShare(
        29,
        key.public_key().public_bytes_raw(),
        lambda peer: key.exchange(x25519.X25519PublicKey.from_public_bytes(peer)),
    )


def _x448() -> KeyShare:
    key = x448.X448PrivateKey.generate()
    return KeyShare(
        30, key.public_key().public_bytes_raw(), lambda peer: key.exchange(x448.X448PublicKey.from_public_bytes(peer))
    )


def _curve(group: int, curve: ec.EllipticCurve) -> KeyShare:
    key = ec.generate_private_key(curve)
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return KeyShare(
        group,
        public,
        lambda peer: key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, peer)),
    )


def _hybrid(group: int, classic: KeyShare, size: int, *, kem_first: bool) -> KeyShare:
    # Absent from cryptography before 48, where the hybrid groups are simply not offered.
    from cryptography.hazmat.primitives.asymmetric import mlkem

    kem = mlkem.MLKEM768PrivateKey.generate() if size == 768 else mlkem.MLKEM1024PrivateKey.generate()
    kem_public = kem.public_key().public_bytes_raw()
    ciphertext = 1088 if size == 768 else 1568

    def agree(peer: bytes) -> bytes:
        if kem_first:
            return kem.decapsulate(peer[:ciphertext]) + classic.agree(peer[ciphertext:])
        point = len(peer) - ciphertext
        return classic.agree(peer[:point]) + kem.decapsulate(peer[point:])

    public = kem_public + classic.public if kem_first else classic.public + kem_public
    return KeyShare(group, public, agree)


_MAKERS: dict[int, Callable[[], KeyShare]] = {
    29: _x25519,
    30: _x448,
    23: lambda: _curve(23, ec.SECP256R1()),
    24: lambda: _curve(24, ec.SECP384R1()),
    25: lambda: _curve(25, ec.SECP521R1()),
    0x11EC: lambda: _hybrid(0x11EC, _x25519(), 768, kem_first=True),
    0x11EB: lambda: _hybrid(0x11EB, _curve(23, ec.SECP256R1()), 768, kem_first=False),
    0x11ED: lambda: _hybrid(0x11ED, _curve(24, ec.SECP384R1()), 1024, kem_first=False),
}
SUPPORTED = tuple(_MAKERS)


def make_share(group: int) -> KeyShare | None:
    """A fresh key for ``group``; ``None`` for a group that this installation cannot compute."""
    maker = _MAKERS.get(group)
    if maker is None:
        return None
    try:
        made = maker()
    except (ImportError, AttributeError, UnsupportedAlgorithm):
        return None

    def agree(peer: bytes) -> bytes:
        try:
            return made.agree(peer)
        except ValueError as error:
            raise WireError("an invalid key share") from error

    return KeyShare(made.group, made.public, agree)
