"""The record layer, plain text: a byte stream to handshake messages and alerts (RFC 5246 §6.2.1, RFC 8446 §5.1)."""

from dataclasses import dataclass
from enum import Enum

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
MAX_RECORD = 2**14 + 2048  # RFC 5246 §6.2.3
MAX_HANDSHAKE_MESSAGE = 2**17  # a certificate chain stays far below; a longer announced length is hostile


class Broken(Enum):
    """Why a stream cannot be read any further."""

    NOT_TLS = "not_tls"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert record; ``level`` 1 is a warning, 2 is fatal."""

    level: int
    description: int


@dataclass(frozen=True, slots=True)
class Message:
    """One handshake message without its header."""

    type: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Flight:
    """All that could be read so far. ``encrypted`` is what followed a record that can no longer be read."""

    messages: tuple[Message, ...] = ()
    alerts: tuple[Alert, ...] = ()
    broken: Broken | None = None
    record_version: int | None = None
    encrypted: bool = False

    @property
    def fatal(self) -> Alert | None:
        """The first alert that ends the handshake (fatal, or close_notify)."""
        for alert in self.alerts:
            if alert.level == 2 or alert.description == 0:
                return alert
        return None


def read_flight(data: bytes) -> Flight:
    """Everything that ``data`` holds so far; a record or message cut short is simply not there yet."""
    position = 0
    handshake = bytearray()
    alerts: list[Alert] = []
    version: int | None = None
    encrypted = False
    broken: Broken | None = None
    while len(data) - position >= 1:
        if data[position] not in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, 24):
            broken = Broken.NOT_TLS if position == 0 else Broken.MALFORMED
            break
        if len(data) - position < 5:
            break
        kind, major = data[position], data[position + 1]
        length = int.from_bytes(data[position + 3 : position + 5], "big")
        if major != 3 or length > MAX_RECORD or (length == 0 and kind != APPLICATION_DATA):
            broken = Broken.NOT_TLS if position == 0 else Broken.MALFORMED
            break
        version = version or int.from_bytes(data[position + 1 : position + 3], "big")
        body = data[position + 5 : position + 5 + length]
        if len(body) < length:
            # A fragment of a handshake message may still be read; anything else must be whole.
            if kind == HANDSHAKE and not encrypted:
                handshake += body
            break
        position += 5 + length
        if kind in (CHANGE_CIPHER_SPEC, APPLICATION_DATA):
            encrypted = encrypted or kind == APPLICATION_DATA
        elif kind == ALERT and not encrypted:
            if length == 2:
                alerts.append(Alert(body[0], body[1]))
            else:
                broken = Broken.MALFORMED
                break
        elif kind == HANDSHAKE and not encrypted:
            handshake += body
    messages, too_long = _messages(bytes(handshake))
    if too_long and broken is None:
        broken = Broken.MALFORMED
    return Flight(messages, tuple(alerts), broken, version, encrypted)


def _messages(stream: bytes) -> tuple[tuple[Message, ...], bool]:
    found: list[Message] = []
    position = 0
    while len(stream) - position >= 4:
        length = int.from_bytes(stream[position + 1 : position + 4], "big")
        if length > MAX_HANDSHAKE_MESSAGE:
            return tuple(found), True
        if len(stream) - position - 4 < length:
            break
        found.append(Message(stream[position], stream[position + 4 : position + 4 + length]))
        position += 4 + length
    return tuple(found), False


def record(kind: int, version: int, body: bytes) -> bytes:
    """One plain-text record around ``body`` (at most 2**14 bytes)."""
    return bytes((kind,)) + version.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body
