"""Facts made by hand, for the tests of pure functions: a sound endpoint, to be spoilt in one way at a time."""

from dataclasses import replace

from pgssi_probe.tls.facts import Behaviour, EndpointFacts, Group, GroupFacts, SignatureUse, Ticket, VersionFacts
from pgssi_probe.tls.names import GROUPS, NEWEST_FIRST, Version
from pgssi_probe.tls.suites import Suite, by_name

T12, T13 = Version.TLS_1_2, Version.TLS_1_3


def suites(*names: str) -> tuple[Suite, ...]:
    return tuple(by_name()[name] for name in names)


SOUND_12 = suites("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")
SOUND_13 = suites("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384")

BEHAVIOUR = Behaviour(
    extended_master_secret=True,
    secure_renegotiation=True,
    encrypt_then_mac=None,
    compression=False,
    fallback_scsv=True,
    downgrade_sentinel=True,
    random_follows_clock=False,
    random_repeats=False,
    raw_public_key=False,
    early_data=0,
    tickets=(Ticket(T13, 3600),),
    resumption_by_id=False,
    resumption_by_ticket=True,
    extensions=("renegotiation_info", "extended_master_secret"),
    extensions_probed=("heartbeat", "renegotiation_info", "extended_master_secret"),
    client_certificate_requested=False,
    alpn=None,
    ocsp_staple=None,
    sct_in_handshake=False,
)


def version(number: Version, accepted: object = False, *found: Suite, **changes: object) -> VersionFacts:
    order = True if len(found) > 1 else None
    return replace(VersionFacts(number, accepted, "", found, "every_suite", order), **changes)


def groups(number: Version, *ids: int, complete: bool = True) -> GroupFacts:
    return GroupFacts(number, tuple(Group(item, GROUPS[item]) for item in ids), complete, True)


SOUND = EndpointFacts(
    host="portal.example",
    address="192.0.2.1",
    port=443,
    source="clienthello",
    connections=40,
    reachable=True,
    versions=(
        version(T13, True, *SOUND_13),
        version(T12, True, *SOUND_12),
        *(version(number) for number in NEWEST_FIRST[2:]),
    ),
    groups=(groups(T13, 23, 29), groups(T12, 23, 29)),
    groups_unknown=(),
    dh_primes=(),
    signatures=(SignatureUse(T12, "ecdsa_secp256r1_sha256"),),
    weak_signatures=(),
    chains=(),
    trust=(),
    behaviour=BEHAVIOUR,
    vulnerabilities=(),
)


def with_version(facts: EndpointFacts, changed: VersionFacts) -> EndpointFacts:
    others = [item for item in facts.versions if item.version is not changed.version]
    return replace(facts, versions=tuple(sorted((*others, changed), key=lambda item: -item.version)))


def with_suites(*names: str, number: Version = T12, **changes: object) -> EndpointFacts:
    """The sound endpoint with these suites besides its own."""
    found = (*SOUND_12, *suites(*names)) if number is T12 else suites(*names)
    return with_version(SOUND, version(number, True, *found, **changes))


def behaving(**changes: object) -> EndpointFacts:
    return replace(SOUND, behaviour=replace(BEHAVIOUR, **changes))
