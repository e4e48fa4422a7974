"""What the answers of a pass say beside the suite they were asked for. Pure: the log in, facts out."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pgssi_probe.tls.asking import Exchanged
from pgssi_probe.tls.conversation import Answer
from pgssi_probe.tls.dh_groups import published_name
from pgssi_probe.tls.facts import DhPrime, Group, GroupFacts, SentChain, SignatureUse, Unknown
from pgssi_probe.tls.names import EXTENSION_IDS, Version, extension_name, group_name, scheme_name
from pgssi_probe.tls.suites import parts, suite_of
from pgssi_probe.tls.wire.client_hello import ClientHello, offered_extensions
from pgssi_probe.tls.wire.server_flight import SENTINEL_TLS12

Answered = tuple[ClientHello, Answer]
DAY = 86_400


def answers(log: Sequence[Exchanged]) -> tuple[Answered, ...]:
    """The hellos that were answered, with their answers."""
    return tuple((item.hello, item.result) for item in log if isinstance(item.result, Answer))


def _until_tls12(answered: Iterable[Answered]) -> list[Answered]:
    return [pair for pair in answered if pair[0].version <= Version.TLS_1_2]


def _with_extensions(answered: Iterable[Answered]) -> list[Answered]:
    """Answers to hellos with extensions; those in TLS 1.2 alone when there is any, since they decide."""
    found = [pair for pair in _until_tls12(answered) if pair[0].version > Version.SSL_3]
    newest = [pair for pair in found if pair[0].version is Version.TLS_1_2]
    return newest or found


def _unanimous(votes: Sequence[bool]) -> bool | Unknown | None:
    if not votes:
        return None
    if all(votes) or not any(votes):
        return votes[0]
    return Unknown("inconsistent", "the answers differ from one connection to the next")


def echoed(answered: Sequence[Answered], name: str) -> bool | Unknown | None:
    """Was an extension that every hello carries echoed? ``None`` when only TLS 1.3 or SSL 3 was spoken."""
    number = EXTENSION_IDS[name]
    return _unanimous([number in answer.hello.extensions for _, answer in _with_extensions(answered)])


def secure_renegotiation(answered: Sequence[Answered]) -> bool | Unknown | None:
    """RFC 5746 indicated, by the extension or in answer to the signalling suite (SSL 3.0)."""
    number = EXTENSION_IDS["renegotiation_info"]
    return _unanimous([number in answer.hello.extensions for _, answer in _until_tls12(answered)])


def encrypt_then_mac(answered: Sequence[Answered]) -> bool | Unknown | None:
    """Is every CBC suite protected (RFC 7366)? ``None`` without CBC. One unprotected answer is enough for false."""
    number = EXTENSION_IDS["encrypt_then_mac"]
    votes = [
        number in answer.hello.extensions
        for _, answer in _until_tls12(answered)
        if parts(suite_of(answer.hello.suite)).mode == "CBC"
    ]
    return all(votes) if votes else None


def downgrade_sentinel(answered: Sequence[Answered], *, tls13: bool) -> bool | Unknown | None:
    """Does a TLS 1.3 server mark its TLS 1.2 randoms (RFC 8446 §4.1.3)? ``None`` when it speaks only one of them."""
    if not tls13:
        return None
    return _unanimous(
        [answer.hello.random.endswith(SENTINEL_TLS12) for hello, answer in answered if hello.version == Version.TLS_1_2]
    )


def _randoms(answered: Iterable[Answered]) -> list[bytes]:
    return [answer.hello.random for _, answer in answered if not answer.hello.retry]


def random_follows_clock(answered: Sequence[Answered], now: float) -> bool | Unknown:
    """Do the first four bytes of every random tell the time, within a day of ``now`` (seconds since 1970)?

    By chance one random in 25 000 does; three answers at least are asked for.
    """
    randoms = _randoms(answered)
    if len(randoms) < 3:
        return Unknown("not_measured", "fewer than three randoms")
    return all(abs(int.from_bytes(random[:4], "big") - now) < DAY for random in randoms)


def random_repeats(answered: Sequence[Answered]) -> bool | Unknown:
    """Was a server random seen twice?"""
    randoms = _randoms(answered)
    if len(randoms) < 2:
        return Unknown("not_measured", "fewer than two randoms")
    return Counter(randoms).most_common(1)[0][1] > 1


def dh_primes(answered: Sequence[Answered]) -> tuple[DhPrime, ...]:
    """Finite-field primes of the key exchanges, smallest first."""
    found = {
        answer.key_exchange.prime
        for _, answer in answered
        if answer.key_exchange is not None and answer.key_exchange.prime is not None
    }
    return tuple(DhPrime(prime.bit_length(), published_name(prime)) for prime in sorted(found))


def ssl3_groups(answered: Sequence[Answered]) -> tuple[GroupFacts, ...]:
    """Groups seen in SSL 3.0, where a client cannot offer any: what the server takes is all that there is."""
    found = {
        answer.key_exchange.group
        for hello, answer in answered
        if hello.version is Version.SSL_3 and answer.key_exchange is not None and answer.key_exchange.group is not None
    }
    groups = tuple(Group(number, group_name(number)) for number in sorted(found))
    return (GroupFacts(Version.SSL_3, groups, complete=True),) if groups else ()


def signatures(answered: Sequence[Answered]) -> tuple[SignatureUse, ...]:
    """Signature schemes of the key exchanges in TLS 1.2."""
    found = {
        (hello.version, answer.key_exchange.scheme)
        for hello, answer in answered
        if answer.key_exchange is not None and answer.key_exchange.scheme is not None
    }
    return tuple(SignatureUse(version, scheme_name(scheme)) for version, scheme in sorted(found, reverse=True))


def chains(answered: Sequence[Answered]) -> tuple[SentChain, ...]:
    """The different chains, in order of appearance."""
    seen: dict[tuple[bytes, ...], set[Version]] = {}
    for hello, answer in answered:
        if answer.chain:
            seen.setdefault(answer.chain, set()).add(hello.version)
    return tuple(SentChain(der, tuple(sorted(versions, reverse=True))) for der, versions in seen.items())


def extensions_answered(answered: Sequence[Answered]) -> tuple[str, ...]:
    """Names of the extensions found in any ServerHello."""
    found = {number for _, answer in answered for number in answer.hello.extensions}
    return tuple(extension_name(number) for number in sorted(found))


def extensions_probed(answered: Sequence[Answered]) -> tuple[str, ...]:
    """Names of the extensions offered in a hello that was answered and whose answer would stand in clear."""
    found = {number for hello, _ in _until_tls12(answered) for number in offered_extensions(hello)}
    return tuple(extension_name(number) for number in sorted(found))


def staple(answered: Sequence[Answered]) -> bytes | Unknown | None:
    """The OCSP response of a CertificateStatus message; unknown when status_request was never offered in clear."""
    number = EXTENSION_IDS["status_request"]
    asked = [answer for hello, answer in _until_tls12(answered) if number in offered_extensions(hello)]
    if not asked:
        return Unknown("not_measured")
    return next((answer.staple for answer in asked if answer.staple), None)


def sct_in_handshake(answered: Sequence[Answered]) -> bool | Unknown:
    """Were signed certificate timestamps sent as an extension?"""
    number = EXTENSION_IDS["signed_certificate_timestamp"]
    asked = [answer for hello, answer in _until_tls12(answered) if number in offered_extensions(hello)]
    if not asked:
        return Unknown("not_measured")
    return any(number in answer.hello.extensions for answer in asked)


def alpn(answered: Sequence[Answered]) -> str | Unknown | None:
    """The application protocol chosen, ``None`` when none was."""
    number = EXTENSION_IDS["application_layer_protocol_negotiation"]
    asked = [answer for hello, answer in _until_tls12(answered) if number in offered_extensions(hello)]
    if not asked:
        return Unknown("not_measured")
    for answer in asked:
        content = answer.hello.extensions.get(number, b"")
        if len(content) > 3:
            return content[3:].decode("ascii", errors="replace")
    return None
