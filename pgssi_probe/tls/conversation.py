"""One connection: send a hello, read the server's first flight, say what it means.

The three ends are kept apart: an :class:`Answer` (the server chose something), a :class:`Refusal` (the server said
no, or speaks another version only) and a :class:`NoAnswer` (silence, a dropped connection, nonsense), which concludes
nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.names import Version, alert_name
from pgssi_probe.tls.suites import suite_of
from pgssi_probe.tls.wire import server_flight as wire
from pgssi_probe.tls.wire.client_hello import ClientHello, encode
from pgssi_probe.tls.wire.cursor import WireError
from pgssi_probe.tls.wire.records import Broken, Flight, read_flight
from pgssi_probe.tls.wire.sslv2 import Ssl2Hello, decode_answer, encode_hello

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect: TypeAlias = Callable[[str, int], Awaitable[Streams]]

MAX_BYTES = 2**17  # of one answer; a whole flight with a long chain stays below 20 000
READ_SIZE = 2**14


@dataclass(frozen=True, slots=True)
class Answer:
    """The server chose. ``whole``: its flight was read to the end (ServerHelloDone, or the TLS 1.3 ServerHello)."""

    hello: wire.ServerHello
    chain: tuple[bytes, ...] = ()
    key_exchange: wire.KeyExchange | None = None
    staple: bytes | None = None
    client_certificate: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server said no. ``how``: the name of an alert, ``other_version``, or ``closed`` once confirmed."""

    how: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing can be concluded. ``kind`` tells silence from a dropped connection."""

    why: Unknown
    kind: Literal["silent", "closed", "broken", "no_connection", "not_sent"]


Result: TypeAlias = Answer | Refusal | NoAnswer


def closed_or_silent(error: BaseException) -> NoAnswer:
    """A network exception as a result."""
    if isinstance(error, TimeoutError):
        return NoAnswer(Unknown("no_answer", "timeout"), "silent")
    return NoAnswer(Unknown("no_answer", "reset"), "closed")


async def close(writer: asyncio.StreamWriter) -> None:
    """Close without waiting for a peer that does not answer."""
    writer.close()
    try:
        async with asyncio.timeout(1.0):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()


async def converse(streams: Streams, hello: ClientHello, timeout: float) -> Result:
    """Send ``hello`` and read the answer within ``timeout`` seconds. The connection is closed afterwards."""
    reader, writer = streams
    data = bytearray()
    try:
        async with asyncio.timeout(timeout):
            writer.write(encode(hello))
            await writer.drain()
            while True:
                chunk = await reader.read(READ_SIZE)
                data += chunk
                flight = read_flight(bytes(data))
                result = interpret(flight, hello, ended=not chunk or len(data) > MAX_BYTES)
                if result is not None:
                    return result
    except (OSError, TimeoutError) as error:
        return interpret(read_flight(bytes(data)), hello, ended=True, failed=closed_or_silent(error)) or NoAnswer(
            Unknown("no_answer"), "closed"
        )
    finally:
        await close(writer)


def interpret(flight: Flight, hello: ClientHello, *, ended: bool, failed: NoAnswer | None = None) -> Result | None:
    """What the bytes read so far mean, ``None`` when more must be read. Pure."""
    found = {message.type: message.body for message in reversed(flight.messages)}
    try:
        if wire.SERVER_HELLO in found:
            answer = _answer(found, hello)
            if isinstance(answer, Refusal):
                return answer
            tls13 = answer.hello.version >= Version.TLS_1_3
            if tls13 or wire.SERVER_HELLO_DONE in found:
                return answer
            if flight.fatal is not None or flight.broken is not None or ended:
                # It chose a suite, then could not go on: the choice stands, the rest of the flight is missing.
                return Answer(answer.hello, answer.chain, answer.key_exchange, answer.staple, whole=False)
            return None
        if flight.messages and flight.messages[0].type != 0:  # 0 is HelloRequest
            return NoAnswer(Unknown("malformed", f"handshake message {flight.messages[0].type} first"), "broken")
    except WireError:
        return NoAnswer(Unknown("malformed"), "broken")
    if flight.fatal is not None:
        return Refusal(alert_name(flight.fatal.description))
    if flight.broken is not None:
        return NoAnswer(Unknown("not_tls" if flight.broken is Broken.NOT_TLS else "malformed"), "broken")
    if ended:
        return failed or NoAnswer(Unknown("no_answer", "closed"), "closed")
    return None


def _answer(found: dict[int, bytes], hello: ClientHello) -> Answer | Refusal:
    server = wire.decode_server_hello(found[wire.SERVER_HELLO])
    if server.version != hello.version:
        return Refusal("other_version", server.version)
    if server.suite not in hello.suites:
        raise WireError("a suite that was not offered")
    chain: tuple[bytes, ...] = ()
    exchange = None
    staple = None
    if server.version < Version.TLS_1_3:
        if wire.CERTIFICATE in found:
            chain = wire.decode_certificates(found[wire.CERTIFICATE])
        if wire.SERVER_KEY_EXCHANGE in found:
            suite = suite_of(server.suite)
            exchange = wire.decode_key_exchange(found[wire.SERVER_KEY_EXCHANGE], suite, server.version)
        if wire.CERTIFICATE_STATUS in found:
            staple = wire.decode_certificate_status(found[wire.CERTIFICATE_STATUS])
    return Answer(server, chain, exchange, staple, wire.CERTIFICATE_REQUEST in found)


async def converse_ssl2(streams: Streams, timeout: float) -> Ssl2Hello | Refusal | NoAnswer:
    """Ask for SSL 2.0. A TLS alert, or a connection closed at once, is how a modern server says no."""
    reader, writer = streams
    data = bytearray()
    try:
        async with asyncio.timeout(timeout):
            writer.write(encode_hello())
            await writer.drain()
            while len(data) <= MAX_BYTES:
                chunk = await reader.read(READ_SIZE)
                if not chunk:
                    break
                data += chunk
                alert = read_flight(bytes(data)).fatal
                if alert is not None:
                    return Refusal(alert_name(alert.description))
                if len(data) >= 3 and data[0] & 0x80:
                    answer = decode_answer(bytes(data))
                    if answer is not None:
                        return answer
                elif len(data) >= 7:
                    break
    except WireError:
        return NoAnswer(Unknown("malformed"), "broken")
    except (OSError, TimeoutError) as error:
        return closed_or_silent(error)
    finally:
        await close(writer)
    return NoAnswer(Unknown("no_answer", "closed"), "closed")
