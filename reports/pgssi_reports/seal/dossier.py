"""The dossier: an ASiC-E container (ETSI EN 319 162-1, clause 4.4) sealed by CAdES over its list of digests."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pgssi_probe.model.rendering import SealedFile
from pgssi_reports.seal.archive import Source, source, usable, write_archive
from pgssi_reports.seal.cades import Sealing
from pgssi_reports.seal.files import digests, written

MIMETYPE_NAME: Final = "mimetype"
MIMETYPE: Final = b"application/vnd.etsi.asic-e+zip"
MANIFEST_NAME: Final = "META-INF/ASiCManifest001.xml"
SIGNATURE_NAME: Final = "META-INF/signature001.p7s"
OVERHEAD: Final = (MIMETYPE_NAME, MANIFEST_NAME, SIGNATURE_NAME)

_TYPES: Final = {
    "asice": "application/vnd.etsi.asic-e+zip",
    "csv": "text/csv",
    "har": "application/json",
    "html": "text/html",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "p7s": "application/pkcs7-signature",
    "pdf": "application/pdf",
    "sarif": "application/sarif+json",
    "toml": "application/toml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
}
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<ASiCManifest xmlns="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\n'
    f'  <SigReference URI="{SIGNATURE_NAME}" MimeType="application/pkcs7-signature"/>\n'
)
_LINE: Final = (
    '  <DataObjectReference URI="{name}" MimeType="{kind}">\n'
    '    <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>\n'
    "    <ds:DigestValue>{digest}</ds:DigestValue>\n"
    "  </DataObjectReference>\n"
)
_TAIL: Final = "</ASiCManifest>\n"
_FOUND: Final = re.compile(
    r'URI="([^"]+)" MimeType="([a-z0-9.+/-]+)">\n[^\n]+\n    <ds:DigestValue>([^<]+)</ds:DigestValue>'
)


def media_type(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def manifest(members: Sequence[tuple[str, str, bytes]]) -> bytes:
    """`ASiCManifest001.xml` for names, media types and SHA-256 digests. All are plain: nothing needs escaping."""
    lines = [
        _LINE.format(name=name, kind=kind, digest=base64.b64encode(digest).decode()) for name, kind, digest in members
    ]
    return (_HEAD + "".join(lines) + _TAIL).encode()


def read_manifest(data: bytes) -> list[tuple[str, bytes]]:
    """Names and digests. ValueError unless `data` is, byte for byte, what some version of `manifest` writes."""
    found = [(name, kind, base64.b64decode(digest)) for name, kind, digest in _FOUND.findall(data.decode("ascii"))]
    if not all(usable(name) for name, _, _ in found) or manifest(found) != data:
        raise ValueError("not a manifest of this form")
    return [(name, digest) for name, _, digest in found]


def write_dossier(path: Path, members: Sequence[Source], sealing: Sealing) -> SealedFile:
    """Writes the sealed container. SealError when a member cannot be read, or when `path` cannot be written."""
    listed = manifest([(one.name, media_type(one.name), one.sha256) for one in members])
    digest = hashlib.new(sealing.key.digest, listed).digest()
    signature, level = sealing.sign(digest, MANIFEST_NAME)
    ends = [source(MANIFEST_NAME, listed), source(SIGNATURE_NAME, signature)]
    with written(path) as file:
        write_archive(file, [source(MIMETYPE_NAME, MIMETYPE), *members, *ends])
    sha256 = digests(path, "sha256")["sha256"].hex()
    return SealedFile(name=path.name, signature=path.name, sha256=sha256, format="ASiC-E", level=level)
