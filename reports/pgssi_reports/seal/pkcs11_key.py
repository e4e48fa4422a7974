"""The key of a PKCS#11 token, named by an RFC 7512 address:

`pkcs11:token=CACHET;object=cachet;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so`

`token`, `serial`, `object` and `id` may be left out when what remains names one certificate with its private key.
The PIN is never in the address: it would show in the list of processes.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pgssi_reports.seal.certificates import intermediates
from pgssi_reports.seal.codes import Refusal, refuse
from pgssi_reports.seal.policy import digest_for, require_signing_usage, require_valid_now
from pgssi_reports.seal.signing_key import SigningKey

CERTIFICATES_MAX: Final = 100
_PATH: Final = frozenset({"token", "serial", "object", "id", "type", "manufacturer", "model"})


@dataclass(frozen=True)
class Address:
    """What an address names. `id` is binary, the others are text."""

    module: str
    token: str | None = None
    serial: str | None = None
    object: str | None = None
    id: bytes | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """SealError for what RFC 7512 does not know, for a PIN in it, or without `module-path`."""
        path, _, query = text.removeprefix("pkcs11:").partition("?")
        found: dict[str, bytes] = {}
        for separator, part in ((";", path), ("&", query)):
            for field in filter(None, part.split(separator)):
                name, equals, value = field.partition("=")
                if not equals or name in found:
                    raise refuse(Refusal.PKCS11_ADDRESS)
                found[name] = unquote_to_bytes(value)
        if {"pin-value", "pin-source"} & set(found):
            raise refuse(Refusal.PKCS11_PIN_SHOWN)
        if not set(found) <= _PATH | {"module-path"} or not found.get("module-path"):
            raise refuse(Refusal.PKCS11_ADDRESS)
        try:
            words = {name: value.decode() for name, value in found.items() if name != "id"}
        except UnicodeDecodeError:
            raise refuse(Refusal.PKCS11_ADDRESS) from None
        return cls(
            module=words["module-path"],
            token=words.get("token"),
            serial=words.get("serial"),
            object=words.get("object"),
            id=found.get("id"),
        )


@dataclass(frozen=True)
class _Handle:
    """A private key in an open session, which lives as long as this object."""

    session: Any
    key: Any
    public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    digest: str

    def sign(self, data: bytes) -> bytes:
        pkcs11 = importlib.import_module("pkcs11")
        with _failures():
            if isinstance(self.public, ec.EllipticCurvePublicKey):
                raw = self.key.sign(hashlib.new(self.digest, data).digest(), mechanism=pkcs11.Mechanism.ECDSA)
                encode = importlib.import_module("pkcs11.util.ec").encode_ecdsa_signature
                return bytes(encode(raw))
            parameters = (
                getattr(pkcs11.Mechanism, self.digest.upper()),
                getattr(pkcs11.MGF, self.digest.upper()),
                hashlib.new(self.digest).digest_size,
            )
            pss = getattr(pkcs11.Mechanism, f"{self.digest.upper()}_RSA_PKCS_PSS")
            return bytes(self.key.sign(data, mechanism=pss, mechanism_param=parameters))


def token_key(address: str, pin: Callable[[], str] | None, *, now: datetime | None = None) -> SigningKey:
    """The key that an address names, with its certificate, both on the token. SealError."""
    asked = Address.parse(address)
    try:
        pkcs11: Any = importlib.import_module("pkcs11")
    except ImportError:
        raise refuse(Refusal.PKCS11_MISSING) from None
    session = _session(pkcs11, asked, pin)
    attribute, kinds = pkcs11.Attribute, pkcs11.ObjectClass
    with _failures():
        held = list(itertools.islice(session.get_objects({attribute.CLASS: kinds.CERTIFICATE}), CERTIFICATES_MAX))
        held = [(one, certificate) for one in held if (certificate := _certificate(pkcs11, one)) is not None]
        pairs = []
        for one, certificate in held:
            if not _named(pkcs11, one, asked):
                continue
            wanted = {attribute.CLASS: kinds.PRIVATE_KEY, attribute.ID: one[attribute.ID]}
            pairs += [(key, certificate) for key in itertools.islice(session.get_objects(wanted), 2)]
    if len(pairs) != 1:
        raise refuse(Refusal.PKCS11_OBJECT, count=str(len(pairs)))
    key, certificate = pairs[0]
    digest = digest_for(certificate.public_key())
    require_valid_now(certificate, now or datetime.now(UTC))
    require_signing_usage(certificate)
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise refuse(Refusal.KEY_TYPE_REFUSED, type=type(public).__name__)
    chain = intermediates(certificate, [other for _, other in held if other != certificate])
    return SigningKey(_Handle(session, key, public, digest), certificate, chain, digest, "token")


def _session(pkcs11: Any, asked: Address, pin: Callable[[], str] | None) -> Any:
    if not Path(asked.module).is_file():
        raise refuse(Refusal.PKCS11_MODULE, path=asked.module)
    try:
        library = pkcs11.lib(asked.module)
        tokens = list(library.get_tokens(token_label=asked.token, token_serial=asked.serial and asked.serial.encode()))
    except (pkcs11.PKCS11Error, RuntimeError, OSError):
        raise refuse(Refusal.PKCS11_MODULE, path=asked.module) from None
    if len(tokens) != 1:
        raise refuse(Refusal.PKCS11_TOKEN, count=str(len(tokens)))
    if pin is None:
        raise refuse(Refusal.PIN_MISSING)
    secret = pin()
    if not secret:
        raise refuse(Refusal.PIN_MISSING)
    errors = importlib.import_module("pkcs11.exceptions")
    wrong = (errors.PinIncorrect, errors.PinInvalid, errors.PinLenRange, errors.PinLocked, errors.PinExpired)
    try:
        return tokens[0].open(user_pin=secret)
    except wrong as error:
        # A token locks itself after a few wrong PINs: say which of the two it is, and never try again.
        raise refuse(Refusal.PIN_WRONG, error=type(error).__name__) from None
    except errors.UserAlreadyLoggedIn:
        # Signing in counts for the whole process: the key was looked at before, and is used now.
        with _failures():
            return tokens[0].open()
    except pkcs11.PKCS11Error as error:
        raise refuse(Refusal.PKCS11_FAILED, error=type(error).__name__) from None


def _certificate(pkcs11: Any, found: Any) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(found[pkcs11.Attribute.VALUE])
    except ValueError:
        return None


def _named(pkcs11: Any, found: Any, asked: Address) -> bool:
    by_label = asked.object is None or found[pkcs11.Attribute.LABEL] == asked.object
    return by_label and (asked.id is None or bytes(found[pkcs11.Attribute.ID]) == asked.id)


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """What a token stumbles on, by the name of the PKCS#11 error."""
    pkcs11 = importlib.import_module("pkcs11")
    try:
        yield
    except pkcs11.PKCS11Error as error:
        raise refuse(Refusal.PKCS11_FAILED, error=type(error).__name__) from None
