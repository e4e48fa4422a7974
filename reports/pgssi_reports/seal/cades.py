"""Seals a file by a CAdES-B-B detached signature written beside it, as `NAME.p7s`."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import keys as asn1_keys
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from pgssi_probe.model.rendering import SealedFile, SealSummary
from pgssi_reports.seal.certificates import as_asn1, describe_certificate
from pgssi_reports.seal.codes import SUFFIX, Refusal, refuse
from pgssi_reports.seal.container import algorithm_name, mechanism, signed_attributes
from pgssi_reports.seal.keys import SigningKey


def sign_files(files: Sequence[Path], key: SigningKey, *, now: datetime | None = None) -> SealSummary:
    """Writes a signature beside each file, all with the same signing time. SealError on the first failure."""
    signing_time = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    signer = _signer(key)
    sealed = []
    for path in files:
        digests = _digests(path, key.digest)
        data = _signature(signer, key, digests[key.digest], signing_time, path.name)
        target = path.with_name(path.name + SUFFIX)
        _write(target, data)
        sealed.append(SealedFile(name=path.name, signature=target.name, sha256=digests["sha256"].hex()))
    return SealSummary(
        files=tuple(sealed),
        signer=describe_certificate(key.certificate),
        algorithm=algorithm_name(key.certificate),
        signing_time=signing_time,
        key_origin=key.origin,
        key_created=key.created,
    )


def _signer(key: SigningKey) -> SimpleSigner:
    private = key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()
    store.register_multiple([as_asn1(certificate) for certificate in key.chain])
    return SimpleSigner(
        signing_cert=as_asn1(key.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=store,
        signature_mechanism=mechanism(key.certificate),
    )


def _signature(signer: SimpleSigner, key: SigningKey, digest: bytes, signing_time: datetime, name: str) -> bytes:
    attributes = signed_attributes((key.certificate, *key.chain), digest, signing_time, name)
    work = signer.async_sign_prescribed_attributes(key.digest, attributes, cms_version="v1")
    # The caller may already be inside an event loop: this one lives in a thread of its own.
    with ThreadPoolExecutor(max_workers=1) as thread:
        info = thread.submit(asyncio.run, work).result()
    data: bytes = info.dump()
    return data


def _digests(path: Path, digest: str) -> dict[str, bytes]:
    """SHA-256 and the digest to sign, in one streaming read."""
    hashers = {name: hashlib.new(name) for name in {"sha256", digest}}
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                for hasher in hashers.values():
                    hasher.update(block)
    except FileNotFoundError:
        raise refuse(Refusal.CONTENT_MISSING, path=str(path)) from None
    except OSError:
        raise refuse(Refusal.CONTENT_UNREADABLE, path=str(path)) from None
    return {name: hasher.digest() for name, hasher in hashers.items()}


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, in place of a former signature."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError:
        raise refuse(Refusal.SIGNATURE_UNWRITABLE, path=str(path)) from None
