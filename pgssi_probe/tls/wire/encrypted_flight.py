"""What a TLS 1.3 server says under encryption: extensions, certificates, tickets (RFC 8446 §4.3 to §4.6)."""

from dataclasses import dataclass

from pgssi_probe.tls.names import EXTENSION_IDS
from pgssi_probe.tls.wire.cursor import Cursor, WireError
from pgssi_probe.tls.wire.server_flight import MAX_CERTIFICATES

_EARLY_DATA = EXTENSION_IDS["early_data"]
_STATUS = EXTENSION_IDS["status_request"]
_SCT = EXTENSION_IDS["signed_certificate_timestamp"]


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """One certificate with what was attached to it."""

    der: bytes
    staple: bytes | None
    has_sct: bool


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """``lifetime`` in seconds; ``early_data`` in bytes, 0 when the ticket allows none."""

    lifetime: int
    early_data: int


def decode_extensions(cursor: Cursor) -> dict[int, bytes]:
    """A block of extensions; the first of each number is kept."""
    inner = Cursor(cursor.block(2))
    found: dict[int, bytes] = {}
    while inner.left:
        number = inner.number(2)
        found.setdefault(number, inner.block(2))
    return found


def decode_certificates(body: bytes) -> tuple[CertificateEntry, ...]:
    """The Certificate message, leaf first, at most twenty."""
    cursor = Cursor(body)
    cursor.block(1)
    inner = Cursor(cursor.block(3))
    found: list[CertificateEntry] = []
    while inner.left:
        if len(found) >= MAX_CERTIFICATES:
            raise WireError("more certificates than any chain has")
        der = inner.block(3)
        extensions = decode_extensions(inner)
        found.append(CertificateEntry(der, _ocsp(extensions.get(_STATUS)), _SCT in extensions))
    return tuple(found)


def _ocsp(status: bytes | None) -> bytes | None:
    if status is None:
        return None
    cursor = Cursor(status)
    return cursor.block(3) if cursor.number(1) == 1 else None


def decode_ticket(body: bytes) -> TicketMessage:
    """A NewSessionTicket; the ticket itself is not kept."""
    cursor = Cursor(body)
    lifetime = cursor.number(4)
    cursor.take(4)
    cursor.block(1)
    cursor.block(2)
    early = decode_extensions(cursor).get(_EARLY_DATA)
    return TicketMessage(lifetime, int.from_bytes(early, "big") if early is not None and len(early) == 4 else 0)
