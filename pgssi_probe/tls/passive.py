"""All that may be learnt of an endpoint without a mandate: the hellos, two or three whole handshakes, nothing else."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pgssi_probe.tls import clienthello
from pgssi_probe.tls.asking import Limits
from pgssi_probe.tls.conversation import Connect, Streams
from pgssi_probe.tls.extras import ONLY_RAW_PUBLIC_KEY, RAW_PUBLIC_KEY, WANTED_EXTENSIONS
from pgssi_probe.tls.facts import Behaviour, EndpointFacts, SentChain, SignatureUse, Ticket, TrustFacts, Unknown
from pgssi_probe.tls.full_handshake import Revealed, reveal
from pgssi_probe.tls.names import EXTENSION_IDS, Version, extension_name, scheme_name
from pgssi_probe.tls.ssl_handshake import NoTrustStore, Verified, context, system_anchors, verify
from pgssi_probe.tls.wire.client_hello import only

HANDSHAKES = 5  # at most, besides the hellos


async def collect(
    connect: Connect,
    host: str,
    port: int,
    *,
    server_name: str | None,
    ca_file: Path | None = None,
    limits: Limits | None = None,
    now: float | None = None,
) -> EndpointFacts:
    """The facts of the fast pass, completed by whole handshakes where the endpoint's versions allow them.

    ``ca_file``: PEM file of a declared private authority. The connection limit covers everything.
    """
    limits = limits or Limits()
    hellos = replace(limits, connections=limits.connections - HANDSHAKES)
    facts = await clienthello.collect(connect, host, port, server_name=server_name, limits=hellos, now=now)
    if facts.reachable is not True:
        return facts
    return await _Completion(connect, facts, server_name, limits).run(ca_file)


class _Completion:
    def __init__(self, connect: Connect, facts: EndpointFacts, server_name: str | None, limits: Limits) -> None:
        self._connect = connect
        self._facts = facts
        self._name = server_name
        self._timeout = limits.answer_timeout
        self._connect_timeout = limits.connect_timeout
        self._opened = 0

    async def run(self, ca_file: Path | None) -> EndpointFacts:
        revealed, trust, ticket, raw = await asyncio.gather(
            self._reveal(WANTED_EXTENSIONS), self._verify(ca_file), self._old_ticket(), self._raw_public_key()
        )
        facts = replace(
            self._facts,
            trust=trust,
            behaviour=replace(_tickets(self._facts.behaviour, revealed, ticket), raw_public_key=raw),
            connections=self._facts.connections + self._opened,
        )
        return _with_revealed(facts, revealed) if isinstance(revealed, Revealed) else facts

    async def _open(self) -> Streams | Unknown:
        self._opened += 1
        try:
            async with asyncio.timeout(self._connect_timeout):
                return await self._connect(self._facts.host, self._facts.port)
        except (OSError, TimeoutError):
            return Unknown("no_answer")

    async def _reveal(self, extensions: tuple[tuple[int, bytes], ...]) -> Revealed | Unknown | None:
        """``None`` when TLS 1.3 is refused: the question does not arise."""
        tls13 = self._facts.of(Version.TLS_1_3)
        if tls13.accepted is not True:
            return None if tls13.accepted is False else Unknown("not_measured")
        hello = clienthello.template(Version.TLS_1_3, self._name)
        streams = await self._open()
        if isinstance(streams, Unknown):
            return streams
        return await reveal(streams, only(hello, tuple(suite.id for suite in tls13.suites)), self._timeout, extensions)

    async def _raw_public_key(self) -> bool | Unknown:
        """In TLS 1.3 the answer is encrypted; asked only where no older version gave it."""
        known = self._facts.behaviour.raw_public_key
        if not isinstance(known, Unknown) or self._facts.of(Version.TLS_1_3).accepted is not True:
            return known
        revealed = await self._reveal((ONLY_RAW_PUBLIC_KEY,))
        if isinstance(revealed, Revealed):
            return revealed.extensions.get(ONLY_RAW_PUBLIC_KEY[0]) == bytes((RAW_PUBLIC_KEY,))
        # The server knows the extension and has no bare key to show: it says so by an alert.
        return False if revealed == Unknown("inconsistent", "unsupported_certificate") else known

    async def _verify(self, ca_file: Path | None) -> tuple[TrustFacts, ...]:
        stores: list[tuple[Literal["system", "declared"], Path]] = []
        with suppress(NoTrustStore):
            stores.append(("system", system_anchors()))
        if ca_file is not None:
            stores.append(("declared", ca_file))
        results = await asyncio.gather(*(self._shake(context(anchors)) for _, anchors in stores))
        return tuple(
            TrustFacts(store, result.code, result.message)
            for (store, _), result in zip(stores, results, strict=True)
            if isinstance(result, Verified)
        )

    async def _old_ticket(self) -> Ticket | Unknown | None:
        """The ticket of TLS 1.2 or older; ``None`` when there is none, or no such version."""
        older = [self._facts.of(version) for version in Version if Version.TLS_1_0 <= version <= Version.TLS_1_2]
        if not any(facts.accepted is True for facts in older):
            return next((facts.accepted for facts in older if isinstance(facts.accepted, Unknown)), None)
        result = await self._shake(context(None, newest=Version.TLS_1_2))
        return result if isinstance(result, Unknown) else result.ticket

    async def _shake(self, prepared: ssl.SSLContext) -> Verified | Unknown:
        streams = await self._open()
        if isinstance(streams, Unknown):
            return streams
        return await verify(streams, prepared, self._name, self._timeout)


def _tickets(before: Behaviour, revealed: Revealed | Unknown | None, old: Ticket | Unknown | None) -> Behaviour:
    """Tickets of both worlds; one unknown makes the whole unknown, since the longest lifetime may hide there."""
    found: list[Ticket] = []
    unknown: Unknown | None = old if isinstance(old, Unknown) else None
    early: int | Unknown | None = None
    if isinstance(old, Ticket):
        found.append(old)
    tickets = revealed.tickets if isinstance(revealed, Revealed) else revealed
    if isinstance(tickets, Unknown):
        unknown = early = tickets
    elif tickets is not None:
        found += [Ticket(Version.TLS_1_3, lifetime) for lifetime in sorted({ticket.lifetime for ticket in tickets})]
        early = max((ticket.early_data for ticket in tickets), default=0)
    return replace(before, tickets=tuple(found) if unknown is None else unknown, early_data=early)


def _with_revealed(facts: EndpointFacts, revealed: Revealed) -> EndpointFacts:
    """Add what stood under encryption. The TLS 1.2 answers keep their say; a staple seen once is a staple."""
    before = facts.behaviour
    leaf = revealed.certificates[0] if revealed.certificates else None
    staple = before.ocsp_staple
    sct = before.sct_in_handshake
    if leaf is not None:
        staple = leaf.staple if leaf.staple is not None else (None if isinstance(staple, Unknown) else staple)
        sct = leaf.has_sct or (False if isinstance(sct, Unknown) else sct)
    names = {extension_name(number) for number in revealed.extensions}
    requested = before.client_certificate_requested
    if isinstance(requested, Unknown) or revealed.client_certificate:
        requested = revealed.client_certificate
    behaviour = replace(
        before,
        ocsp_staple=staple,
        sct_in_handshake=sct,
        client_certificate_requested=requested,
        alpn=_alpn(revealed) if isinstance(before.alpn, Unknown) else before.alpn,
        extensions=tuple(sorted(set(before.extensions) | names)),
    )
    scheme = () if revealed.scheme is None else (SignatureUse(Version.TLS_1_3, scheme_name(revealed.scheme)),)
    chain = tuple(entry.der for entry in revealed.certificates)
    return replace(
        facts, behaviour=behaviour, signatures=scheme + facts.signatures, chains=_with_chain(facts.chains, chain)
    )


def _alpn(revealed: Revealed) -> str | None:
    content = revealed.extensions.get(EXTENSION_IDS["application_layer_protocol_negotiation"], b"")
    return content[3:].decode("ascii", errors="replace") if len(content) > 3 else None


def _with_chain(chains: tuple[SentChain, ...], der: tuple[bytes, ...]) -> tuple[SentChain, ...]:
    if not der:
        return chains
    for index, sent in enumerate(chains):
        if sent.der == der:
            merged = SentChain(der, (Version.TLS_1_3, *sent.versions))
            return (*chains[:index], merged, *chains[index + 1 :])
    return (SentChain(der, (Version.TLS_1_3,)), *chains)
