"""What is known of one TLS endpoint: plain frozen values, the same from every collector.

Every answer that may be missing is ``T | Unknown``: an :class:`Unknown` carries its reason and never counts as good
news. ``None`` means that the question does not arise (no CBC suite, so no encrypt_then_mac), never "not measured".
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from pgssi_probe.tls.names import Version
from pgssi_probe.tls.suites import Suite

Reason = Literal[
    "no_answer",  # silence, or a connection closed or refused without a reason
    "not_tls",  # bytes came back that are no TLS
    "malformed",  # TLS came back, broken
    "stopped_answering",  # answered before, no longer does
    "budget",  # the connection budget of the pass was spent
    "deadline",  # the time of the pass was spent
    "not_measured",  # this collector does not look at it
    "needs_mandate",  # only the active level may look
    "inconsistent",  # two observations contradict each other
    "tool_failed",  # sslyze gave no usable result
    "refused",  # TLS is spoken, and every version of it refused: nobody is served under this name
    "not_reachable",  # not one connection could be opened
]


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, and why. ``detail`` is short, machine-made and safe to show."""

    reason: Reason
    detail: str = ""

    def __bool__(self) -> bool:
        raise TypeError("an unknown answer is neither true nor false")


T = TypeVar("T")
Known: TypeAlias = T | Unknown

# How far an enumeration of suites went: each suite asked for; each kind of weakness asked for (one suite shown per
# kind); stopped before its end; not begun.
Coverage = Literal["every_suite", "every_weakness", "partial", "none"]
Source = Literal["clienthello", "sslyze", "merged"]


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """One protocol version. ``suites`` stand in the order in which the server chose them, best of its choice first.

    ``server_order`` is true when the choice did not follow the client's order, ``None`` with fewer than two suites.
    ``how`` says how a refusal looked: an alert name, ``other_version`` or ``closed``. ``refused_ids`` are suites asked
    for one by one and refused, by a collector that works so; empty otherwise.
    """

    version: Version
    accepted: bool | Unknown
    how: str = ""
    suites: tuple[Suite, ...] = ()
    coverage: Coverage = "none"
    server_order: bool | Unknown | None = None
    refused_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A key-exchange group (named curve, finite-field group or hybrid)."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """Groups accepted with one protocol version, in the order of the server's choice."""

    version: Version
    groups: tuple[Group, ...]
    complete: bool
    server_order: bool | Unknown | None = None


@dataclass(frozen=True, slots=True)
class DhPrime:
    """A finite-field prime seen in a ServerKeyExchange; ``name`` when it is a published group, else ``None``."""

    bits: int
    name: str | None


@dataclass(frozen=True, slots=True)
class SignatureUse:
    """A signature algorithm with which the server signed its key exchange."""

    version: Version
    scheme: str


@dataclass(frozen=True, slots=True)
class SentChain:
    """A certificate chain as sent, leaf first, DER. ``versions``: where it was seen."""

    der: tuple[bytes, ...]
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class TrustFacts:
    """OpenSSL's own verdict. ``store``: ``system`` or ``declared``; ``code``: 0 is trusted, else X509_V_ERR_*."""

    store: Literal["system", "declared"]
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A session ticket: its lifetime hint in seconds (0 means "unspecified" in TLS 1.2)."""

    version: Version
    lifetime_s: int


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A known implementation fault: ``heartbleed``, ``robot``, ``ccs_injection``, ``client_renegotiation``…"""

    name: str
    present: bool | Unknown
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Answers about extensions and about the handshake as a whole."""

    extended_master_secret: bool | Unknown | None
    secure_renegotiation: bool | Unknown | None
    encrypt_then_mac: bool | Unknown | None
    compression: bool | Unknown
    fallback_scsv: bool | Unknown | None
    downgrade_sentinel: bool | Unknown | None
    random_follows_clock: bool | Unknown
    random_repeats: bool | Unknown
    raw_public_key: bool | Unknown
    early_data: int | Unknown | None  # bytes a ticket allows (1 when only known to be allowed), None without TLS 1.3
    tickets: tuple[Ticket, ...] | Unknown
    resumption_by_id: bool | Unknown | None  # before TLS 1.3
    resumption_by_ticket: bool | Unknown | None
    extensions: tuple[str, ...]  # answered, whatever the version
    extensions_probed: tuple[str, ...]  # offered, so that their absence means something
    client_certificate_requested: bool | Unknown
    alpn: str | Unknown | None
    ocsp_staple: bytes | Unknown | None  # None: asked for and not sent
    sct_in_handshake: bool | Unknown


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """Everything known of ``host`` at ``address``:``port``."""

    host: str
    address: str
    port: int
    source: Source
    connections: int
    reachable: bool | Unknown  # true once the endpoint spoke TLS
    versions: tuple[VersionFacts, ...]
    groups: tuple[GroupFacts, ...]
    groups_unknown: tuple[tuple[Version, Unknown], ...]
    dh_primes: tuple[DhPrime, ...] | Unknown
    signatures: tuple[SignatureUse, ...]
    weak_signatures: tuple[str, ...] | Unknown  # MD5, SHA-1 and SHA-224 schemes that the server agreed to use
    chains: tuple[SentChain, ...]
    trust: tuple[TrustFacts, ...]
    behaviour: Behaviour
    vulnerabilities: tuple[Vulnerability, ...]

    def of(self, version: Version) -> VersionFacts:
        """The facts of one version; an :class:`Unknown` acceptance when nothing was asked."""
        for facts in self.versions:
            if facts.version is version:
                return facts
        return VersionFacts(version, Unknown("not_measured"))

    def accepted_versions(self) -> tuple[Version, ...]:
        """Versions known to be accepted, newest first."""
        found = (facts.version for facts in self.versions if facts.accepted is True)
        return tuple(sorted(found, reverse=True))

    def groups_of(self, version: Version) -> GroupFacts | Unknown:
        """Groups of one version, or why they are not known."""
        for facts in self.groups:
            if facts.version is version:
                return facts
        for other, unknown in self.groups_unknown:
            if other is version:
                return unknown
        return Unknown("not_measured")


def nothing_known(why: Unknown) -> Behaviour:
    """A behaviour of which every part is unknown for the same reason."""
    return Behaviour(
        extended_master_secret=why,
        secure_renegotiation=why,
        encrypt_then_mac=why,
        compression=why,
        fallback_scsv=why,
        downgrade_sentinel=why,
        random_follows_clock=why,
        random_repeats=why,
        raw_public_key=why,
        early_data=why,
        tickets=why,
        resumption_by_id=why,
        resumption_by_ticket=why,
        extensions=(),
        extensions_probed=(),
        client_certificate_requested=why,
        alpn=why,
        ocsp_staple=why,
        sct_in_handshake=why,
    )


def unreachable(host: str, address: str, port: int, source: Source, why: Unknown, connections: int) -> EndpointFacts:
    """The facts of an endpoint that could not be examined at all."""
    return EndpointFacts(
        host=host,
        address=address,
        port=port,
        source=source,
        connections=connections,
        reachable=why,
        versions=tuple(VersionFacts(version, why) for version in sorted(Version, reverse=True)),
        groups=(),
        groups_unknown=((Version.TLS_1_3, why), (Version.TLS_1_2, why)),
        dh_primes=why,
        signatures=(),
        weak_signatures=why,
        chains=(),
        trust=(),
        behaviour=nothing_known(why),
        vulnerabilities=(),
    )
