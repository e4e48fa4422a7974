"""A client certificate from files that the engagement names: PEM, in one file or two, or PKCS#12 (RFC 7292)."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pgssi_probe.model.account import ClientCertificate, Secret, SecretError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

MAX_BYTES: Final = 1_000_000


def load_certificate(file: str, key_file: str | None, password: Secret | None, line: str) -> ClientCertificate:
    """Raises SecretError: what a library says of a key file may quote it, so that only our own codes are told."""
    content = _read(file, line)
    if b"-----BEGIN " in content:
        keys = _read(key_file, f"{line}_key") if key_file else content
        return _from_pem(content, keys, password, line, key_file or file)
    return _from_pkcs12(content, password, line, file)


def _read(file: str, line: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        raise SecretError("no_certificate", line=line, reference=file) from None
    if len(content) > MAX_BYTES:
        raise SecretError("bad_certificate", line=line, reference=file)
    return content


def _from_pem(content: bytes, keys: bytes, password: Secret | None, line: str, key_file: str) -> ClientCertificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    try:
        chain = x509.load_pem_x509_certificates(content)
    except ValueError:
        raise SecretError("bad_certificate", line=line, reference=key_file) from None
    if b"PRIVATE KEY-----" not in keys:
        raise SecretError("bad_certificate", line=line, reference=key_file)
    given = password.reveal().encode() if password is not None else None
    try:
        key = load_pem_private_key(keys, given if b"ENCRYPTED" in keys else None)
    except (TypeError, ValueError) as error:
        raise _closed(line, key_file, missing=isinstance(error, TypeError)) from None
    own = [each for each in chain if each.public_key() == key.public_key()]
    if not own:
        raise SecretError("other_key", line=line, reference=key_file)
    ordered = [own[0], *(each for each in chain if each is not own[0])]
    return _made(b"".join(each.public_bytes(Encoding.PEM) for each in ordered), key)


def _from_pkcs12(content: bytes, password: Secret | None, line: str, file: str) -> ClientCertificate:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    try:
        key, own, more = load_key_and_certificates(content, password.reveal().encode() if password else None)
    except (TypeError, ValueError) as error:
        if "password" not in str(error).lower():
            raise SecretError("bad_certificate", line=line, reference=file) from None
        raise _closed(line, file, missing=password is None) from None
    if key is None or own is None:
        raise SecretError("bad_certificate", line=line, reference=file)
    return _made(b"".join(each.public_bytes(Encoding.PEM) for each in (own, *more)), key)


def _closed(line: str, file: str, *, missing: bool) -> SecretError:
    code = "certificate_password_missing" if missing else "certificate_password_wrong"
    return SecretError(code, line=f"{line}_password", reference=file)


def _made(chain: bytes, key: PrivateKeyTypes) -> ClientCertificate:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    passphrase = Secret(secrets.token_urlsafe(32))
    shut = BestAvailableEncryption(passphrase.reveal().encode())
    return ClientCertificate(chain, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, shut), passphrase)
