"""A key that may seal now, wherever it lies: on this machine, in a file, in a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class TokenKey(Protocol):
    """A private key that never leaves its token. SealError when the token fails."""

    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True)
class SigningKey:
    """A key that may seal now. `chain` holds the intermediate certificates, without the root."""

    private: PrivateKey | TokenKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    digest: str
    origin: Literal["local", "file", "token"]
    created: bool = False

    def sign(self, data: bytes) -> bytes:
        """ECDSA, or RSASSA-PSS with a salt as long as the digest: what `container.mechanism` says."""
        algorithm = HASHES[self.digest]
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(data, ec.ECDSA(algorithm))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm)
        return self.private.sign(data)
