"""The fast pass: a few dozen well-formed hellos, read until the server has shown its choice, none carried further.

What costs a connection: one for each accepted suite of the newest versions, one for each kind of weakness in the older
ones, one for each group, about a dozen for the rest; never more than :attr:`Limits.connections`.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pgssi_probe.tls import mining
from pgssi_probe.tls.asking import Asker, Limits
from pgssi_probe.tls.conversation import Answer, Connect, NoAnswer, Refusal, Result
from pgssi_probe.tls.enumerating import (
    Enumerated,
    EnumeratedGroups,
    enumerate_groups,
    enumerate_suites,
    server_order,
)
from pgssi_probe.tls.extras import Extras, ask_extras
from pgssi_probe.tls.facts import (
    Behaviour,
    Coverage,
    DhPrime,
    EndpointFacts,
    GroupFacts,
    SentChain,
    Unknown,
    VersionFacts,
    unreachable,
)
from pgssi_probe.tls.names import NEWEST_FIRST, Version
from pgssi_probe.tls.suites import Suite, offers, parts
from pgssi_probe.tls.wire import client_hello
from pgssi_probe.tls.wire.client_hello import ClientHello, only
from pgssi_probe.tls.wire.sslv2 import Ssl2Hello

_HELLO_VERSIONS: tuple[Version, ...] = tuple(version for version in NEWEST_FIRST if version is not Version.SSL_2)

# The base point of P-256 and any 32 bytes are valid public keys: enough for a hello that goes no further.
_P256_BASE_POINT = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
# How a server refuses that could not read, or not serve, what it was offered.
_STUMBLES = ("closed", "decode_error", "internal_error", "illegal_parameter", "unexpected_message")
_PLAIN_SCHEMES = (0x0401, 0x0403, 0x0201, 0x0203)
_PLAIN_GROUPS = (23, 24, 29)
_SHARES = ((29, bytes(range(1, 33))), (23, _P256_BASE_POINT))


def template(version: Version, server_name: str | None) -> ClientHello:
    """The hello on which a pass builds for that version."""
    suites = tuple(suite.id for suite in offers(version)[0])
    if version is Version.TLS_1_3:
        groups = client_hello.TLS13_GROUPS
        return ClientHello(version, suites, server_name, groups=groups, session_id=bytes(range(32)))
    return ClientHello(version, suites, server_name)


async def collect(
    connect: Connect,
    host: str,
    port: int,
    *,
    server_name: str | None,
    limits: Limits | None = None,
    now: float | None = None,
) -> EndpointFacts:
    """What ``host``:``port`` accepts. ``server_name`` goes into SNI (``None`` for an address).

    Raises nothing for what the network or the server does; exceptions of ``connect`` other than ``OSError`` pass.
    """
    asker = Asker(connect, host, port, limits or Limits())
    run = _Pass(asker, {version: template(version, server_name) for version in _HELLO_VERSIONS})
    return await run.facts(time.time() if now is None else now)


@dataclass(slots=True)
class _Found:
    enumerated: dict[Version, Enumerated]
    order: dict[Version, bool | Unknown | None]
    groups: dict[Version, EnumeratedGroups]
    extras: Extras
    ssl2: Ssl2Hello | Refusal | NoAnswer


class _Pass:
    """One run over one endpoint: first contact, enumerations side by side, then the rest."""

    def __init__(self, asker: Asker, templates: dict[Version, ClientHello]) -> None:
        self._asker = asker
        self._templates = templates

    async def facts(self, now: float) -> EndpointFacts:
        first = await self._first_contact()
        asker = self._asker
        spoken = [version for version in _HELLO_VERSIONS if isinstance(first[version], Answer)]
        if not spoken and asker.gone is not None:
            return unreachable(asker.host, asker.address, asker.port, "clienthello", asker.gone, asker.connections)
        newest = max(spoken, default=None)
        fully = {Version.TLS_1_3, Version.TLS_1_2} | ({newest} if newest else set())
        ssl2, enumerated = await asyncio.gather(
            asker.ask_ssl2(),
            asyncio.gather(*(self._suites(version, first[version], version in fully) for version in _HELLO_VERSIONS)),
        )
        by_version = dict(zip(_HELLO_VERSIONS, enumerated, strict=True))
        found = _Found(by_version, {}, {}, Extras(), ssl2)
        await asyncio.gather(self._orders(found), self._groups(found), self._extras(found))
        settled = await asker.settle() if spoken else False
        return self._assemble(found, now, settled=settled)

    async def _first_contact(self) -> dict[Version, Result]:
        """One hello a version, newest first, so that a good answer is known before anything is refused."""
        asker = self._asker
        first: dict[Version, Result] = {}
        for version in _HELLO_VERSIONS:
            first[version] = await asker.ask(self._templates[version])
            if version is Version.TLS_1_3:
                first[version] = await self._with_key_share(first[version])
        for version, result in first.items():
            if isinstance(result, NoAnswer) and result.kind in ("closed", "silent") and asker.gone is None:
                first[version] = await asker.ask(self._templates[version])
            if version is not Version.TLS_1_3:
                first[version] = await self._with_plain_hello(version, first[version])
        return first

    async def _with_plain_hello(self, version: Version, result: Result) -> Result:
        """Some servers stumble over an unusual offer: ask again with a plain one before believing them."""
        if not isinstance(result, Refusal) or result.how not in _STUMBLES:
            return result
        plain = replace(self._templates[version], schemes=_PLAIN_SCHEMES, groups=_PLAIN_GROUPS)
        again = await self._asker.ask(plain)
        if isinstance(again, Answer):
            self._templates[version] = plain
            return again
        return result

    async def _with_key_share(self, result: Result) -> Result:
        """Some servers know no HelloRetryRequest: ask again with keys before believing that TLS 1.3 is refused."""
        if not isinstance(result, Refusal) or result.how in ("protocol_version", "other_version", "closed"):
            return result
        sharing = replace(self._templates[Version.TLS_1_3], key_shares=_SHARES)
        again = await self._asker.ask(sharing)
        if isinstance(again, Answer):
            self._templates[Version.TLS_1_3] = sharing
            return again
        return result

    async def _suites(self, version: Version, first: Result, every: bool) -> Enumerated:
        return await enumerate_suites(self._asker, self._templates[version], first, every=every)

    async def _orders(self, found: _Found) -> None:
        versions = [version for version, result in found.enumerated.items() if result.suites]
        orders = await asyncio.gather(
            *(server_order(self._asker, self._templates[v], found.enumerated[v].suites) for v in versions)
        )
        found.order.update(zip(versions, orders, strict=True))

    async def _groups(self, found: _Found) -> None:
        newest_old = max((v for v, result in found.enumerated.items() if result.suites and v < 0x304), default=None)
        asked: list[tuple[Version, ClientHello, tuple[int, ...]]] = []
        modern = self._templates[Version.TLS_1_3]
        if found.enumerated[Version.TLS_1_3].suites and not modern.key_shares:
            suites = _ids(found.enumerated[Version.TLS_1_3].suites)
            candidates = client_hello.TLS13_GROUPS + client_hello.TLS13_GROUPS_RARE
            asked.append((Version.TLS_1_3, only(modern, suites), candidates))
        if newest_old is not None:
            elliptic = tuple(s for s in found.enumerated[newest_old].suites if parts(s).key_exchange == "ECDHE")
            if elliptic and newest_old is not Version.SSL_3:
                hello = only(self._templates[newest_old], _ids(elliptic))
                asked.append((newest_old, hello, client_hello.USUAL_GROUPS))
        results = await asyncio.gather(*(enumerate_groups(self._asker, hello, some) for _, hello, some in asked))
        found.groups.update({version: result for (version, _, _), result in zip(asked, results, strict=True)})

    async def _extras(self, found: _Found) -> None:
        accepted = {v: result.suites for v, result in found.enumerated.items() if result.suites}
        found.extras = await ask_extras(self._asker, self._templates, accepted)

    def _assemble(self, found: _Found, now: float, *, settled: bool) -> EndpointFacts:
        asker = self._asker
        log = asker.log
        answered = mining.answers(log)
        last = max((index for index, item in enumerate(log, 1) if isinstance(item.result, Answer)), default=0)
        doubtful = len(log) if settled or last == 0 else last
        versions = [_version(v, found.enumerated[v], found.order.get(v), doubtful) for v in _HELLO_VERSIONS]
        versions.append(_ssl2(found.ssl2, settled=settled))
        tls13 = any(facts.version is Version.TLS_1_3 and facts.accepted is True for facts in versions)
        accepted = [facts for facts in versions if facts.accepted is True]
        if not accepted:  # a refusal by a server that accepts nothing tells nothing about what it accepts
            versions = [replace(f, accepted=Unknown("refused")) if f.accepted is False else f for f in versions]
        refused = Unknown("refused")
        nobody = next((facts.accepted for facts in versions if isinstance(facts.accepted, Unknown)), refused)
        reachable: bool | Unknown = True if accepted else nobody
        return EndpointFacts(
            host=asker.host,
            address=asker.address,
            port=asker.port,
            source="clienthello",
            connections=asker.connections,
            reachable=reachable,
            versions=tuple(versions),
            groups=tuple(_group_facts(version, result) for version, result in found.groups.items() if result.groups)
            + mining.ssl3_groups(answered),
            groups_unknown=tuple(
                (version, result.why)
                for version, result in found.groups.items()
                if not result.groups and result.why is not None
            ),
            dh_primes=_primes(answered, versions),
            signatures=mining.signatures(answered),
            weak_signatures=found.extras.weak_signatures,
            chains=mining.chains(answered) + _ssl2_chain(found.ssl2),
            trust=(),
            behaviour=_behaviour(answered, found.extras, now, tls13=tls13),
            vulnerabilities=(),
        )


def _ids(suites: Sequence[Suite]) -> tuple[int, ...]:
    return tuple(suite.id for suite in suites)


def _version(version: Version, result: Enumerated, order: bool | Unknown | None, doubtful: int) -> VersionFacts:
    """``doubtful``: what the log holds after that many entries was said by an endpoint that then fell silent."""
    gone = Unknown("stopped_answering")
    late = result.why is None and result.concluded_at > doubtful
    if result.suites:
        coverage: Coverage = "partial" if late else result.coverage
        return VersionFacts(version, True, "", result.suites, coverage, order)
    if result.why is not None:
        return VersionFacts(version, result.why)
    return VersionFacts(version, gone if late else False, result.how, (), "partial" if late else result.coverage)


def _ssl2(result: Ssl2Hello | Refusal | NoAnswer, *, settled: bool) -> VersionFacts:
    match result:
        case Ssl2Hello(suites=suites):
            return VersionFacts(Version.SSL_2, True, "", suites, "every_suite")
        case Refusal(how=how):
            return VersionFacts(
                Version.SSL_2, False if settled else Unknown("stopped_answering"), how, (), "every_suite"
            )
        case NoAnswer(why=why):
            return VersionFacts(Version.SSL_2, why)


def _ssl2_chain(result: Ssl2Hello | Refusal | NoAnswer) -> tuple[SentChain, ...]:
    if isinstance(result, Ssl2Hello) and result.certificate:
        return (SentChain((result.certificate,), (Version.SSL_2,)),)
    return ()


def _group_facts(version: Version, result: EnumeratedGroups) -> GroupFacts:
    return GroupFacts(version, result.groups, result.complete, result.server_order)


def _primes(answered: Sequence[mining.Answered], versions: Sequence[VersionFacts]) -> tuple[DhPrime, ...] | Unknown:
    primes = mining.dh_primes(answered)
    suites = [suite for facts in versions for suite in facts.suites]
    if not primes and any(parts(s).key_exchange == "DHE" and parts(s).authentication != "PSK" for s in suites):
        return Unknown("malformed", "no prime in the key exchange")
    if not primes and not all(facts.accepted is False or facts.coverage.startswith("every") for facts in versions[:-1]):
        return Unknown("not_measured", "the suites are not all known")
    return primes


def _behaviour(answered: Sequence[mining.Answered], extras: Extras, now: float, *, tls13: bool) -> Behaviour:
    return Behaviour(
        extended_master_secret=mining.echoed(answered, "extended_master_secret"),
        secure_renegotiation=mining.secure_renegotiation(answered),
        encrypt_then_mac=mining.encrypt_then_mac(answered),
        compression=extras.compression,
        fallback_scsv=extras.fallback_scsv,
        downgrade_sentinel=mining.downgrade_sentinel(answered, tls13=tls13),
        random_follows_clock=mining.random_follows_clock(answered, now),
        random_repeats=mining.random_repeats(answered),
        raw_public_key=extras.raw_public_key,
        early_data=Unknown("not_measured") if tls13 else None,
        tickets=Unknown("not_measured"),
        resumption_by_id=Unknown("needs_mandate"),
        resumption_by_ticket=Unknown("needs_mandate"),
        extensions=mining.extensions_answered(answered),
        extensions_probed=mining.extensions_probed(answered),
        client_certificate_requested=_client_certificate(answered),
        alpn=mining.alpn(answered),
        ocsp_staple=mining.staple(answered),
        sct_in_handshake=mining.sct_in_handshake(answered),
    )


def _client_certificate(answered: Sequence[mining.Answered]) -> bool | Unknown:
    before = [answer for hello, answer in answered if hello.version <= Version.TLS_1_2 and answer.whole]
    if not before:
        return Unknown("not_measured")
    return any(answer.client_certificate for answer in before)
