"""The keys that seal: one made on this machine at first use, that of a PKCS#12 file, that of a token."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from asn1crypto import pkcs12 as pkcs12_structure
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from pgssi_reports.seal.certificates import intermediates
from pgssi_reports.seal.codes import Refusal, refuse
from pgssi_reports.seal.pkcs11_key import token_key
from pgssi_reports.seal.policy import digest_for, require_signing_usage, require_valid_now
from pgssi_reports.seal.signing_key import PrivateKey, SigningKey

LOCAL_NAME: Final = "pgssi-probe local key (no identity)"
LOCAL_YEARS: Final = 3
KEY_FILE_MAX: Final = 1 << 20


def local_directory() -> Path:
    """Where local keys live: the XDG configuration directory, which must be absolute to count."""
    configured = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".config"
    return base / "pgssi-probe" / "seal"


def local_key(directory: Path | None = None, *, now: datetime | None = None) -> SigningKey:
    """The newest local key that is valid now, made on first use or after the last one expired.

    SealError when the directory cannot be written, or when others can read the key.
    """
    directory = directory or local_directory()
    now = now or datetime.now(UTC)
    for path in sorted(directory.glob("local-*.pem"), reverse=True):
        key = _read_local(path)
        if key.certificate.not_valid_before_utc <= now <= key.certificate.not_valid_after_utc:
            return key
    return _create_local(directory, now)


def _create_local(directory: Path, now: datetime) -> SigningKey:
    path = directory / f"local-{now:%Y%m%d}.pem"
    partial = directory / f".new-{secrets.token_hex(8)}"
    private = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(private, now)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    created = True
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem + certificate.public_bytes(Encoding.PEM))
                file.flush()
                os.fsync(file.fileno())
            # A link appears whole or not at all, and never replaces the key another process just made.
            try:
                os.link(partial, path)
            except FileExistsError:
                created = False
        finally:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
    except OSError as error:
        raise refuse(Refusal.LOCAL_KEY_UNWRITABLE, path=str(directory), error=_why(error)) from None
    found = _read_local(path)
    return SigningKey(found.private, found.certificate, (), found.digest, "local", created)


def _self_signed(private: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, LOCAL_NAME)])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks of readers may be a little behind
        .not_valid_after(now + timedelta(days=365 * LOCAL_YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )


def _read_local(path: Path) -> SigningKey:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise refuse(Refusal.LOCAL_KEY_UNREADABLE, path=str(path))
            if status.st_mode & 0o077 or status.st_uid != os.geteuid():
                raise refuse(Refusal.LOCAL_KEY_EXPOSED, path=str(path))
            pem = file.read(KEY_FILE_MAX)
        private = load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise refuse(Refusal.LOCAL_KEY_UNREADABLE, path=str(path)) from None
    digest = digest_for(certificate.public_key())
    if not isinstance(private, PrivateKey) or private.public_key() != certificate.public_key():
        raise refuse(Refusal.LOCAL_KEY_UNREADABLE, path=str(path))
    return SigningKey(private, certificate, (), digest, "local")


def file_key(path: Path, password: Callable[[], str] | None = None, *, now: datetime | None = None) -> SigningKey:
    """The key of a PKCS#12 file, checked against everything that would make its seals worthless."""
    data = _read_pkcs12(path)
    private, certificate, extra = _open_pkcs12(path, data, password)
    if private is None or certificate is None:
        raise refuse(Refusal.KEY_INCOMPLETE, path=str(path))
    digest = digest_for(certificate.public_key())
    if not isinstance(private, PrivateKey) or private.public_key() != certificate.public_key():
        raise refuse(Refusal.KEY_MISMATCH, path=str(path))
    require_valid_now(certificate, now or datetime.now(UTC))
    require_signing_usage(certificate)
    return SigningKey(private, certificate, intermediates(certificate, extra), digest, "file")


def key_for(key: str | Path | None, password: Callable[[], str] | None) -> SigningKey:
    """The key that a person chose: a `pkcs11:` address, a PKCS#12 file, or None for the local key. SealError."""
    if key is None:
        return local_key()
    if str(key).startswith("pkcs11:"):
        return token_key(str(key), password)
    return file_key(Path(key), password)


def _read_pkcs12(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise refuse(Refusal.KEY_UNREADABLE, path=str(path))
        with path.open("rb") as file:
            data = file.read(KEY_FILE_MAX + 1)
    except FileNotFoundError:
        raise refuse(Refusal.KEY_MISSING, path=str(path)) from None
    except OSError:
        raise refuse(Refusal.KEY_UNREADABLE, path=str(path)) from None
    try:
        # Tells a file that is no PKCS#12 from a wrong password: the library gives one error for both.
        if len(data) > KEY_FILE_MAX or pkcs12_structure.Pfx.load(data)["version"].native != "v3":
            raise refuse(Refusal.KEY_MALFORMED, path=str(path))
    except (ValueError, TypeError):
        raise refuse(Refusal.KEY_MALFORMED, path=str(path)) from None
    return data


def _open_pkcs12(
    path: Path, data: bytes, password: Callable[[], str] | None
) -> tuple[object, x509.Certificate | None, list[x509.Certificate]]:
    secret = password().encode() if password is not None else None
    try:
        return pkcs12.load_key_and_certificates(data, secret)
    except UnsupportedAlgorithm:
        raise refuse(Refusal.KEY_ENCRYPTION_UNSUPPORTED, path=str(path)) from None
    except (ValueError, TypeError):
        code = Refusal.PASSWORD_WRONG if secret else Refusal.PASSWORD_MISSING
        raise refuse(code, path=str(path)) from None


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
