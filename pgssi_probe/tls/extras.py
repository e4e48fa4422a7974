"""Questions about one feature each: compression, weak signatures, unwanted extensions, fallback protection."""

import asyncio
from dataclasses import dataclass, replace

from pgssi_probe.tls.asking import Asker
from pgssi_probe.tls.conversation import Answer, NoAnswer, Refusal
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.names import Version, scheme_name
from pgssi_probe.tls.suites import Suite, parts
from pgssi_probe.tls.wire.client_hello import FALLBACK_SCSV, USUAL_SCHEMES, ClientHello, extension, only
from pgssi_probe.tls.wire.cursor import block, numbers

DEFLATE = 1
RAW_PUBLIC_KEY = 2
WEAK_SCHEMES = (0x0203, 0x0201, 0x0202, 0x0303, 0x0301, 0x0302, 0x0101)

# Harmless, and wanted or left to the service (RECOTLS table 2.8).
WANTED_EXTENSIONS = (
    extension("status_request", b"\x01" + block(2, b"") + block(2, b"")),
    extension("signed_certificate_timestamp"),
    extension("application_layer_protocol_negotiation", block(2, block(1, b"h2") + block(1, b"http/1.1"))),
)
# Those that a server should not answer (RECOTLS table 2.9).
_UNWANTED = (
    extension("max_fragment_length", b"\x04"),
    extension("client_certificate_url"),
    extension("truncated_hmac"),
    extension("heartbeat", b"\x01"),
    extension("client_certificate_type", block(1, b"\x00")),
)

ONLY_RAW_PUBLIC_KEY = extension("server_certificate_type", block(1, bytes((RAW_PUBLIC_KEY,))))

_NOT_MEASURED = Unknown("not_measured")


@dataclass(frozen=True, slots=True)
class Extras:
    """The answers; :class:`Unknown` where the endpoint speaks no version that could carry the question."""

    compression: bool | Unknown = _NOT_MEASURED
    fallback_scsv: bool | Unknown | None = _NOT_MEASURED
    raw_public_key: bool | Unknown = _NOT_MEASURED
    weak_signatures: tuple[str, ...] | Unknown = _NOT_MEASURED


async def ask_extras(
    asker: Asker, templates: dict[Version, ClientHello], accepted: dict[Version, tuple[Suite, ...]]
) -> Extras:
    """Ask everything that the accepted versions allow. Wanted extensions leave their traces in the asker's log."""
    old = max((version for version in accepted if version <= Version.TLS_1_2), default=None)
    if old is None:
        # TLS 1.3 has no compression and no MD5 or SHA-1 signature; its extensions are answered encrypted.
        only_tls13 = Version.TLS_1_3 in accepted
        return Extras(
            compression=False if only_tls13 else _NOT_MEASURED,
            fallback_scsv=None if only_tls13 else _NOT_MEASURED,
            weak_signatures=() if only_tls13 else _NOT_MEASURED,
        )
    hello = only(templates[old], tuple(suite.id for suite in accepted[old]))
    compression, fallback, raw, weak, _, _ = await asyncio.gather(
        _compression(asker, hello),
        _fallback(asker, templates, accepted),
        _raw_public_key(asker, hello),
        _weak_signatures(asker, hello, accepted[old]),
        _offer(asker, hello, WANTED_EXTENSIONS),
        _offer(asker, hello, _UNWANTED),
    )
    return Extras(compression, fallback, raw, weak)


async def _offer(asker: Asker, hello: ClientHello, extra: tuple[tuple[int, bytes], ...]) -> None:
    if hello.version > Version.SSL_3:
        await asker.ask(replace(only(hello, hello.suites), extra=extra))


async def _compression(asker: Asker, hello: ClientHello) -> bool | Unknown:
    result = await asker.ask(replace(only(hello, hello.suites), compressions=(DEFLATE, 0)))
    match result:
        case Answer():
            return result.hello.compression != 0
        case Refusal():
            return Unknown("inconsistent", "accepted suites were refused")
        case NoAnswer():
            return result.why


async def _fallback(
    asker: Asker, templates: dict[Version, ClientHello], accepted: dict[Version, tuple[Suite, ...]]
) -> bool | Unknown | None:
    """RFC 7507: a retry in a lower version than the best must be refused. ``None`` with a single version."""
    versions = sorted(accepted, reverse=True)
    if len(versions) < 2:
        return None
    lower = versions[1]
    suites = (*(suite.id for suite in accepted[lower]), FALLBACK_SCSV)
    result = await asker.ask(only(templates[lower], suites))
    match result:
        case Answer():
            return False
        case Refusal(how="inappropriate_fallback"):
            return True
        case Refusal(how=how):
            return Unknown("inconsistent", how)
        case NoAnswer():
            return result.why


async def _raw_public_key(asker: Asker, hello: ClientHello) -> bool | Unknown:
    """Does the server show a bare key instead of a certificate (RFC 7250)?"""
    if hello.version is Version.SSL_3:
        return False
    result = await asker.ask(replace(only(hello, hello.suites), extra=(ONLY_RAW_PUBLIC_KEY,)))
    match result:
        case Answer():
            return result.hello.extensions.get(ONLY_RAW_PUBLIC_KEY[0]) == bytes((RAW_PUBLIC_KEY,))
        case Refusal():  # it knows the extension and has no bare key
            return False
        case NoAnswer():
            return result.why


async def _weak_signatures(asker: Asker, hello: ClientHello, suites: tuple[Suite, ...]) -> tuple[str, ...] | Unknown:
    """Offer nothing but MD5, SHA-1 and SHA-224 signatures of the key exchange, in TLS 1.2, where that is a choice."""
    signed = tuple(
        s.id for s in suites if parts(s).key_exchange in ("ECDHE", "DHE") and parts(s).authentication in _KEYS
    )
    if hello.version is not Version.TLS_1_2:
        return _NOT_MEASURED
    found: list[int] = []
    left: tuple[int, ...] = WEAK_SCHEMES
    # The chain itself may be signed with anything: the question is about the key exchange only.
    any_chain = extension("signature_algorithms_cert", block(2, numbers(2, USUAL_SCHEMES)))
    while signed and left:
        result = await asker.ask(replace(only(hello, signed), schemes=left, extra=(any_chain,)))
        if isinstance(result, NoAnswer):
            return result.why
        if isinstance(result, Refusal):
            break
        scheme = result.key_exchange.scheme if result.key_exchange is not None else None
        if scheme is None:
            return Unknown("malformed", "no signature in the key exchange")
        if scheme not in left:
            break
        found.append(scheme)
        left = tuple(other for other in left if other != scheme)
    return tuple(scheme_name(scheme) for scheme in found)


_KEYS = ("RSA", "ECDSA", "DSS")
