"""An ordinary handshake by the standard library, for OpenSSL's own verdict on the chain and the TLS 1.2 ticket.

It runs over streams opened by the caller, so that every connection keeps passing the scope guard. What the chain is
and how it was sent comes from elsewhere: OpenSSL of the day may refuse to speak to an old server at all, which
says nothing about its certificate.
"""

import asyncio
import ssl
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pgssi_probe.tls.conversation import Streams, close
from pgssi_probe.tls.facts import Ticket, Unknown
from pgssi_probe.tls.names import Version

READ_SIZE = 2**14
MAX_BYTES = 2**18
_VERSIONS = {
    "SSLv3": Version.SSL_3,
    "TLSv1": Version.TLS_1_0,
    "TLSv1.1": Version.TLS_1_1,
    "TLSv1.2": Version.TLS_1_2,
    "TLSv1.3": Version.TLS_1_3,
}


class NoTrustStore(Exception):
    """The machine has no certificate authorities installed: nothing can be verified."""


@dataclass(frozen=True, slots=True)
class Verified:
    """``code`` is 0 for a trusted chain, else OpenSSL's X509_V_ERR number; the rest is set when the handshake ended."""

    code: int
    message: str
    version: Version | None = None
    ticket: Ticket | None = None


@cache
def system_anchors() -> Path:
    """The file of trusted authorities of this machine; raises :class:`NoTrustStore`."""
    paths = ssl.get_default_verify_paths()
    for name in (paths.cafile, paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt"):
        if name is not None and Path(name).is_file():
            return Path(name)
    raise NoTrustStore


def context(anchors: Path | None, *, newest: Version | None = None) -> ssl.SSLContext:
    """A context that speaks whatever it can and verifies against ``anchors`` only (``None``: verifies nothing).

    Names are compared elsewhere. Raises ``OSError`` or ``ssl.SSLError`` for a file that holds no certificates.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    if anchors is None:
        made.verify_mode = ssl.CERT_NONE
    else:
        made.load_verify_locations(cafile=anchors)
    # Weak keys and digests are judged apart: at level 0 they do not hide who issued the certificate.
    made.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion.TLSv1
    if newest is Version.TLS_1_2:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    return made


async def verify(
    streams: Streams, context: ssl.SSLContext, server_name: str | None, timeout: float
) -> Verified | Unknown:
    """Shake hands and report; never raises for the peer. No application data is sent."""
    reader, writer = streams
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
    received = 0
    try:
        async with asyncio.timeout(timeout):
            while True:
                done = _step(tls)
                if outgoing.pending:
                    writer.write(outgoing.read())
                    await writer.drain()
                if done:
                    return _finished(tls)
                chunk = await reader.read(READ_SIZE)
                received += len(chunk)
                if not chunk or received > MAX_BYTES:
                    return Unknown("no_answer", "closed")
                incoming.write(chunk)
    except ssl.SSLCertVerificationError as error:
        return Verified(error.verify_code, error.verify_message)
    except ssl.SSLError as error:
        return Unknown("not_measured", _reason(error))
    except (OSError, TimeoutError):
        return Unknown("no_answer")
    finally:
        await close(writer)


def _step(tls: ssl.SSLObject) -> bool:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _finished(tls: ssl.SSLObject) -> Verified:
    version = _VERSIONS.get(tls.version() or "")
    session = tls.session
    ticket = None
    if version is not None and session is not None and session.has_ticket:
        ticket = Ticket(version, session.ticket_lifetime_hint)
    return Verified(0, "ok", version, ticket)


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "ssl").lower()[:60]
