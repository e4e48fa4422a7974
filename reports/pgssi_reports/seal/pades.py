"""Seals a PDF from the inside: PAdES (ETSI EN 319 142-1), one certifying signature, invisible, over the whole file.

What is read back must be a file that this seal covers to its last byte: anything appended to it is refused.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pgssi_probe.model.rendering import SealedFile
from pgssi_probe.model.text import Lang
from pgssi_reports.seal.cades import Sealing
from pgssi_reports.seal.codes import Refusal, Why, refuse
from pgssi_reports.seal.container import CONTAINER_MAX, Container, ContainerError, read
from pgssi_reports.seal.files import open_regular, write
from pgssi_reports.seal.token import TOKEN_MAX
from pgssi_reports.words import words

FIELD: Final = "Cachet"
READ_ALOUD: Final = "Cachet électronique du rapport / Electronic seal of the report"
"""What a screen reader says of the field, which is not seen (PDF/UA-1, 7.18.1)."""
PDF_MAX: Final = 1 << 28
RESERVED: Final = 1 << 14
"""Bytes kept for the container and its chain of certificates; those of a time-stamp come on top."""

_RANGE: Final = re.compile(rb"/ByteRange \[ ?(\d+) (\d+) (\d+) (\d+) *\]")
_SIGNED: Final = re.compile(rb"/ByteRange")
_END: Final = b"%%EOF"


@dataclass(frozen=True)
class SealedPdf:
    """What a sealed PDF says. `digest` is of what the seal covers, under the container's algorithm."""

    container: Container
    digest: bytes
    signing_time: datetime | None


def seal_pdf(path: Path, sealing: Sealing) -> SealedFile:
    """Seals a PDF in place; a former seal of this form is replaced. SealError when the file cannot be sealed.

    The reason of the signature is in the language that the document says it is in.
    """
    original = _unsealed(_content(path), path)
    output = _signed(original, sealing, path)
    write(path, output[0])
    sha256 = hashlib.sha256(output[0]).hexdigest()
    return SealedFile(name=path.name, signature=path.name, sha256=sha256, format="PAdES", level=output[1])


def _signed(original: bytes, sealing: Sealing, path: Path) -> tuple[bytes, Any]:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers import cms_embedder
    from pyhanko.sign.signers.pdf_byterange import SignatureObject

    digest = sealing.key.digest
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(original))
        encrypted = writer.prev.encrypted
        lang: Lang = "en" if str(writer.root.get("/Lang", "")).lower().startswith("en") else "fr"
    except Exception:  # noqa: BLE001 - a file of another tool may be anything
        raise refuse(Refusal.PDF_UNREADABLE, path=str(path)) from None
    if encrypted:
        raise refuse(Refusal.PDF_ENCRYPTED, path=str(path))
    field = SigFieldSpec(FIELD, readable_field_name=READ_ALOUD)
    steps = cms_embedder.PdfCMSEmbedder(new_field_spec=field).write_cms(FIELD, writer)
    next(steps)
    placeholder = SignatureObject(
        timestamp=sealing.time,
        subfilter=SigSeedSubFilter.PADES,
        reason=words(lang)["seal.pdf.reason"],
        bytes_reserved=2 * (RESERVED + (TOKEN_MAX if sealing.stamps else 0)),  # in hexadecimal digits
    )
    rights = cms_embedder.SigMDPSetup(md_algorithm=digest, certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=placeholder, mdp_setup=rights))
    prepared, output = steps.send(cms_embedder.SigIOSetup(md_algorithm=digest))
    container, level = sealing.sign(prepared.document_digest, None)
    steps.send(container)
    return output.getvalue(), level


def _content(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            data = file.read(PDF_MAX + 1)
    except FileNotFoundError:
        raise refuse(Refusal.CONTENT_MISSING, path=str(path)) from None
    except OSError:
        raise refuse(Refusal.CONTENT_UNREADABLE, path=str(path)) from None
    if len(data) > PDF_MAX:
        raise refuse(Refusal.PDF_UNREADABLE, path=str(path))
    return data


def _unsealed(data: bytes, path: Path) -> bytes:
    """The file before its seal, which is the last thing added to it. SealError when another tool signed it."""
    if _SIGNED.search(data) is None:
        return data
    try:
        read_pdf(data)
    except ContainerError:
        raise refuse(Refusal.PDF_SEALED_ALREADY, path=str(path)) from None
    end = data.rfind(_END, 0, data.rfind(_END))
    if end < 0:
        raise refuse(Refusal.PDF_SEALED_ALREADY, path=str(path))
    end += len(_END)
    return data[:end] + (b"\n" if data[end : end + 1] == b"\n" else b"")


def read_pdf(data: bytes) -> SealedPdf:
    """ContainerError unless the file is sealed once, in the form that `seal_pdf` writes, to its last byte."""
    if _SIGNED.search(data) is None:
        raise ContainerError(Why.PDF_UNSIGNED)
    signature, signing_time = _only_signature(data)
    if len(_SIGNED.findall(data)) != 1 or (found := _RANGE.search(data)) is None:
        raise ContainerError(Why.PDF_MALFORMED)
    start, length, resume, rest = (int(number) for number in found.groups())
    if start or resume + rest != len(data) or not length < resume <= len(data):
        raise ContainerError(Why.PDF_NOT_COVERED)
    der = _der(data[length:resume])
    if signature != der + bytes((resume - length - 2) // 2 - len(der)):
        raise ContainerError(Why.PDF_MALFORMED)
    container = read(der, in_pdf=True)
    digest = hashlib.new(container.digest, data[:length])
    digest.update(data[resume:])
    return SealedPdf(container, digest.digest(), signing_time)


def _der(gap: bytes) -> bytes:
    """The container in the one place that its signature does not cover: `<`, upper case hexadecimal, zeros, `>`."""
    try:
        raw = bytes.fromhex(gap[1:-1].decode("ascii"))
        size = 4 + int.from_bytes(raw[2:4], "big")
    except (ValueError, UnicodeDecodeError):
        raise ContainerError(Why.SIGNATURE_MALFORMED) from None
    if raw[:2] != b"\x30\x82" or size > min(len(raw), CONTAINER_MAX):
        raise ContainerError(Why.SIGNATURE_MALFORMED)
    if b"<" + raw[:size].hex().upper().encode() + b"0" * (2 * (len(raw) - size)) + b">" != gap:
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    return raw[:size]


def _only_signature(data: bytes) -> tuple[bytes, datetime | None]:
    """Contents and claimed time of the one signature that a reader of the PDF finds."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(io.BytesIO(data))
        signatures = reader.embedded_signatures
        if len(signatures) != 1 or reader.encrypted:
            raise ContainerError(Why.PDF_MALFORMED)
        (one,) = signatures
        values = [int(number) for number in one.byte_range]
        found = _RANGE.search(data)
        if found is None or values != [int(number) for number in found.groups()]:
            raise ContainerError(Why.PDF_MALFORMED)
        claimed = one.self_reported_timestamp
        return bytes(one.pkcs7_content), claimed.astimezone(UTC) if claimed else None
    except ContainerError:
        raise
    except Exception:  # noqa: BLE001 - parsing a hostile PDF raises anything; all of it means the same
        raise ContainerError(Why.PDF_MALFORMED) from None
