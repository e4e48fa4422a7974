"""One complete TLS 1.3 handshake, to read what the server says only under encryption.

Certificate chain, OCSP staple, signature scheme, extensions and session tickets (lifetime, early data) of a TLS 1.3
server are encrypted; nothing in the standard library shows the last four. The handshake is finished and closed
politely at once: no application data is sent. Nothing is verified here, since nothing is trusted here.
"""

import asyncio
import hashlib
import os
from dataclasses import dataclass, field, replace

from pgssi_probe.tls.conversation import Streams, close
from pgssi_probe.tls.extras import WANTED_EXTENSIONS
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.key_agreement import KeyShare, make_share
from pgssi_probe.tls.names import EXTENSION_IDS, Version, alert_name
from pgssi_probe.tls.wire import encrypted_flight as encrypted
from pgssi_probe.tls.wire import server_flight as wire
from pgssi_probe.tls.wire.client_hello import ClientHello, encode_body
from pgssi_probe.tls.wire.cursor import Cursor, WireError, block
from pgssi_probe.tls.wire.protection import SUITES, Direction, Schedule
from pgssi_probe.tls.wire.records import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    MAX_HANDSHAKE_MESSAGE,
    MAX_RECORD,
    record,
)

FIRST_GROUPS = (29, 23)  # keys sent at once; any other group is asked for by a HelloRetryRequest
MAX_RECORDS = 200
CLOSE_NOTIFY = b"\x01\x00"
_END_OF_FLIGHT = (wire.FINISHED,)


@dataclass(slots=True)
class Revealed:
    """What the handshake showed. ``tickets`` is unknown when the server did not close in time."""

    suite: int
    group: int
    extensions: dict[int, bytes] = field(default_factory=dict)
    certificates: tuple[encrypted.CertificateEntry, ...] = ()
    scheme: int | None = None
    client_certificate: bool = False
    tickets: tuple[encrypted.TicketMessage, ...] | Unknown = ()


class _Stream:
    """Handshake messages out of a stream of records, plain first, then under a key."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = bytearray()
        self._records = 0
        self.protection: Direction | None = None

    async def message(self) -> tuple[int, bytes, bytes]:
        """Type, body, and the whole message as it counts in the transcript."""
        while True:
            if len(self._buffer) >= 4:
                length = int.from_bytes(self._buffer[1:4], "big")
                if length > MAX_HANDSHAKE_MESSAGE:
                    raise WireError("an oversized message")
                if len(self._buffer) >= 4 + length:
                    whole = bytes(self._buffer[: 4 + length])
                    del self._buffer[: 4 + length]
                    return whole[0], whole[4:], whole
            await self._more()

    async def _more(self) -> None:
        self._records += 1
        if self._records > MAX_RECORDS:
            raise WireError("too many records")
        header = await self._reader.readexactly(5)
        length = int.from_bytes(header[3:5], "big")
        if header[1] != 3 or length > MAX_RECORD:
            raise WireError("not a TLS record")
        kind, body = header[0], await self._reader.readexactly(length)
        if kind == CHANGE_CIPHER_SPEC:
            return
        if kind == APPLICATION_DATA and self.protection is not None:
            kind, body = self.protection.open(header, body)
        if kind == ALERT and len(body) == 2:
            raise _Alerted(alert_name(body[1]))
        if kind == HANDSHAKE:
            self._buffer += body
        elif kind != APPLICATION_DATA:  # a server that talks first: its words are of no interest
            raise WireError("an unexpected record")


class _Alerted(Exception):
    """The server sent an alert; the message is its name."""


async def reveal(
    streams: Streams,
    hello: ClientHello,
    timeout: float,
    extensions: tuple[tuple[int, bytes], ...] = WANTED_EXTENSIONS,
) -> Revealed | Unknown:
    """Run the handshake of ``hello`` (a TLS 1.3 template) within ``timeout`` seconds; never raises for the peer."""
    reader, writer = streams
    try:
        async with asyncio.timeout(timeout):
            return await _Handshake(_Stream(reader), writer, replace(hello, extra=extensions), timeout / 2).run()
    except _Alerted as error:
        return Unknown("inconsistent", str(error))
    except WireError:
        return Unknown("malformed")
    except (OSError, TimeoutError, EOFError):
        return Unknown("no_answer")
    finally:
        await close(writer)


class _Handshake:
    def __init__(self, stream: _Stream, writer: asyncio.StreamWriter, hello: ClientHello, patience: float) -> None:
        self._patience = patience
        self._stream = stream
        self._writer = writer
        shares = [share for share in map(make_share, FIRST_GROUPS) if share is not None and share.group in hello.groups]
        self._shares = {share.group: share for share in shares}
        self._hello = replace(
            hello,
            suites=tuple(suite for suite in hello.suites if suite in SUITES),
            key_shares=tuple((share.group, share.public) for share in shares),
            random=os.urandom(32),
        )
        self._transcript = b""

    async def run(self) -> Revealed:
        self._send(self._hello, record_version=0x0301)
        server, whole = await self._server_hello()
        if server.retry:
            whole, server = await self._retry(server, whole)
        if server.version != Version.TLS_1_3 or server.suite not in SUITES:
            raise WireError("not TLS 1.3")
        self._transcript += whole
        group = server.group
        share = self._shares.get(group) if group is not None else None
        if share is None or group is None:
            raise WireError("a key share for another group")
        peer = Cursor(server.extensions.get(EXTENSION_IDS["key_share"], b""))
        peer.take(2)
        schedule = Schedule(server.suite, share.agree(peer.block(2)))
        digest = SUITES[server.suite].hash
        secret = schedule.traffic("s hs traffic", self._hash(digest))
        own = Direction(server.suite, schedule.traffic("c hs traffic", self._hash(digest)))
        self._stream.protection = Direction(server.suite, secret)
        found = Revealed(server.suite, group)
        requested = await self._flight(found)
        schedule.advance()
        after = self._hash(digest)
        self._stream.protection = Direction(server.suite, schedule.traffic("s ap traffic", after))
        closing = Direction(server.suite, schedule.traffic("c ap traffic", after))
        self._finish(own, closing, requested, digest)
        try:
            async with asyncio.timeout(self._patience):
                found.tickets = await self._tickets()
        except TimeoutError:
            found.tickets = Unknown("no_answer", "no end of the session tickets")
        return found

    def _send(self, hello: ClientHello, record_version: int) -> None:
        body = encode_body(hello)
        self._transcript += body
        self._writer.write(record(HANDSHAKE, record_version, body))

    def _hash(self, name: str) -> bytes:
        return hashlib.new(name, self._transcript).digest()

    async def _server_hello(self) -> tuple[wire.ServerHello, bytes]:
        kind, body, whole = await self._stream.message()
        if kind != wire.SERVER_HELLO:
            raise WireError("no ServerHello")
        return wire.decode_server_hello(body), whole

    async def _retry(self, server: wire.ServerHello, whole: bytes) -> tuple[bytes, wire.ServerHello]:
        """Answer a HelloRetryRequest; the first hello then counts by its hash (RFC 8446 §4.4.1)."""
        group = server.group
        share: KeyShare | None = make_share(group) if group is not None else None
        if share is None or server.suite not in SUITES:
            raise WireError("a group that cannot be computed here")
        first = self._hash(SUITES[server.suite].hash)
        self._transcript = b"\xfe" + block(3, first) + whole
        self._shares = {share.group: share}
        cookie = server.extensions.get(EXTENSION_IDS["cookie"])
        extra = self._hello.extra + (((EXTENSION_IDS["cookie"], cookie),) if cookie is not None else ())
        again = replace(self._hello, key_shares=((share.group, share.public),), extra=extra)
        self._send(again, record_version=0x0303)
        second, body = await self._server_hello()
        return body, second

    async def _flight(self, found: Revealed) -> bool:
        """From EncryptedExtensions to Finished; true when a client certificate was asked for."""
        requested = False
        while True:
            kind, body, whole = await self._stream.message()
            self._transcript += whole
            if kind == wire.ENCRYPTED_EXTENSIONS:
                found.extensions = encrypted.decode_extensions(Cursor(body))
            elif kind == wire.CERTIFICATE_REQUEST:
                requested = found.client_certificate = True
            elif kind == wire.CERTIFICATE:
                found.certificates = encrypted.decode_certificates(body)
            elif kind == wire.CERTIFICATE_VERIFY:
                found.scheme = Cursor(body).number(2)
            elif kind in _END_OF_FLIGHT:
                return requested
            else:
                raise WireError("an unexpected message")

    def _finish(self, own: Direction, closing: Direction, requested: bool, digest: str) -> None:
        content = b""
        if requested:  # we have no certificate to show: an empty list is the way to say so
            empty = b"\x0b" + block(3, block(1, b"") + block(3, b""))
            self._transcript += empty
            content = empty
        finished = b"\x14" + block(3, own.finished(self._hash(digest)))
        sent = record(CHANGE_CIPHER_SPEC, 0x0303, b"\x01") + own.seal(HANDSHAKE, content + finished)
        # Closing at once makes the server's own close the end of its tickets: no guessing how long to wait.
        self._writer.write(sent + closing.seal(ALERT, CLOSE_NOTIFY))

    async def _tickets(self) -> tuple[encrypted.TicketMessage, ...] | Unknown:
        found: list[encrypted.TicketMessage] = []
        try:
            while True:
                kind, body, _ = await self._stream.message()
                if kind == wire.NEW_SESSION_TICKET:
                    found.append(encrypted.decode_ticket(body))
        except (_Alerted, EOFError, OSError):
            return tuple(found)
        except WireError:
            return tuple(found) if found else Unknown("malformed")
