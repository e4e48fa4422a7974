"""The facts of an endpoint judged against the ANSSI profile, one grade for each recommendation seen from outside. Pure.

Two principles. A departure that is proved counts even when the enumeration is not complete; a good grade is given only
when everything that could contradict it is known: otherwise the grade is :class:`Unknown`. And a departure that the
recommendations themselves tolerate (Rx-), or whose consequence is minor (R12, R13, R18-, R20), is ``degraded``: it is
to be justified by the profile of the expected clients (R1), not to be mended at once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from pgssi_probe.guide import Grade, TlsProfile
from pgssi_probe.tls.facts import EndpointFacts, Unknown, VersionFacts
from pgssi_probe.tls.names import SIGNATURE_SCHEMES, Version
from pgssi_probe.tls.suites import Suite, parts

_SCHEME_IDS = {name: number for number, name in SIGNATURE_SCHEMES.items()}
_OLD = (Version.TLS_1_1, Version.TLS_1_0, Version.SSL_3, Version.SSL_2)
_RECOMMENDED, _ACCEPTED, _DEGRADED, _FORBIDDEN = Grade.RECOMMENDED, Grade.ACCEPTED, Grade.DEGRADED, Grade.FORBIDDEN


@dataclass(frozen=True, slots=True)
class Graded:
    """One recommendation, graded. ``named`` lists what the grade rests on (versions, suites, groups, extensions…).

    ``detail`` is a machine word that tells apart the causes of one grade; texts are the catalogues' business.
    """

    recommendation: str
    grade: Grade | Unknown
    named: tuple[str, ...] = ()
    detail: str = ""


def grade_endpoint(facts: EndpointFacts, profile: TlsProfile, day: date) -> tuple[Graded, ...]:
    """All grades of a reachable endpoint on ``day``, in the order of the recommendations. Certificates are apart."""
    graded = [question(facts, profile, day) for question in _QUESTIONS]
    return tuple(item for item in graded if item is not None)


def unfinished(facts: EndpointFacts) -> Unknown | None:
    """Why the list of accepted suites may be longer than what is known, ``None`` when it is complete enough."""
    for version in facts.versions:
        if isinstance(version.accepted, Unknown):
            return version.accepted
        if not version.coverage.startswith("every"):
            return Unknown("not_measured", f"suites of {version.version.label}")
    return None


def _suites(facts: EndpointFacts) -> list[tuple[VersionFacts, Suite]]:
    return [
        (version, suite)
        for version in facts.versions
        if version.accepted is True and version.version is not Version.SSL_2
        for suite in version.suites
    ]


def _label(version: VersionFacts, suite: Suite) -> str:
    """A suite under the version that offers it, when that is not the usual one."""
    usual = version.version in (Version.TLS_1_2, Version.TLS_1_3)
    return suite.name if usual else f"{suite.name} ({version.version.label})"


def _or(unknown: Unknown | None, grade: Grade) -> Grade | Unknown:
    return grade if unknown is None else unknown


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _r2(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded:
    """No known implementation fault. Client-initiated renegotiation is R22's business."""
    faults = [item for item in facts.vulnerabilities if item.name != "client_renegotiation"]
    present = tuple(item.name for item in faults if item.present is True)
    if present:
        return Graded("R2", _FORBIDDEN, present)
    if not faults:  # looking for them takes a mandate, and sslyze to end
        return Graded("R2", Unknown("needs_mandate" if facts.source == "clienthello" else "tool_failed"))
    unknown = next((item.present for item in faults if isinstance(item.present, Unknown)), None)
    return Graded("R2", _or(unknown, _RECOMMENDED), tuple(item.name for item in faults))


def _r3(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded:
    newest, previous = facts.of(Version.TLS_1_3).accepted, facts.of(Version.TLS_1_2).accepted
    names = tuple(version.label for version in facts.accepted_versions())
    if newest is True:
        return Graded("R3", _RECOMMENDED, names)
    if isinstance(newest, Unknown):
        return Graded("R3", newest, names)
    if previous is True:
        return Graded("R3", _ACCEPTED, names)
    return Graded("R3", previous if isinstance(previous, Unknown) else _FORBIDDEN, names)


def _r4(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded:
    accepted = tuple(version.label for version in _OLD if facts.of(version).accepted is True)
    if accepted:
        return Graded("R4", _FORBIDDEN, accepted, "ssl" if {"SSLv2", "SSLv3"} & set(accepted) else "tls")
    unknown = next((facts.of(v).accepted for v in _OLD if isinstance(facts.of(v).accepted, Unknown)), None)
    return Graded("R4", unknown if isinstance(unknown, Unknown) else _RECOMMENDED)


def _by_suites(facts: EndpointFacts, profile: TlsProfile, number: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the suites that depart from a recommendation, and of those that lean on its degraded variant."""
    forbidden = (
        _label(version, suite) for version, suite in _suites(facts) if number in profile.suite(suite.id).departs_from
    )
    degraded = (
        _label(version, suite)
        for version, suite in _suites(facts)
        if f"{number}-" in profile.suite(suite.id).departs_from
    )
    return _unique(forbidden), _unique(degraded)


def _suite_grade(facts: EndpointFacts, number: str, forbidden: tuple[str, ...], degraded: tuple[str, ...]) -> Graded:
    if forbidden:
        return Graded(number, _FORBIDDEN, forbidden)
    unknown = unfinished(facts)
    if unknown is not None:
        return Graded(number, unknown, degraded)
    return Graded(number, _DEGRADED, degraded) if degraded else Graded(number, _RECOMMENDED)


def _r5(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    forbidden, _ = _by_suites(facts, profile, "R5")
    raw = facts.behaviour.raw_public_key
    if raw is True:
        return Graded("R5", _FORBIDDEN, (*forbidden, "raw_public_key"), "raw_public_key")
    graded = _suite_grade(facts, "R5", forbidden, ())
    if graded.grade is _RECOMMENDED and isinstance(raw, Unknown):
        return Graded("R5", raw)
    return graded


def _r6(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    return _suite_grade(facts, "R6", _by_suites(facts, profile, "R6")[0], ())


def _r7(facts: EndpointFacts, profile: TlsProfile, day: date) -> Graded:
    """Curves. Finite-field groups are R7-, hybrids are good news."""
    elliptic = [group for item in facts.groups for group in item.groups if profile.group(group.id).kind != "dh"]
    forbidden = _unique(g.name for g in elliptic if profile.group(g.id).grade_on(day) is _FORBIDDEN)
    if forbidden:
        return Graded("R7", _FORBIDDEN, forbidden)
    unknown = unfinished(facts)
    if unknown is None:
        unknown = next((why for _, why in facts.groups_unknown), None)
    if unknown is None and not all(item.complete for item in facts.groups):
        unknown = Unknown("not_measured", "groups")
    if unknown is not None:
        return Graded("R7", unknown)
    if not elliptic:
        ephemeral = any(parts(suite).key_exchange == "DHE" for _, suite in _suites(facts))
        return Graded("R7", _DEGRADED if ephemeral else _FORBIDDEN, (), "no_elliptic_exchange")
    return Graded(
        "R7",
        max((profile.group(g.id).grade_on(day) for g in elliptic), key=lambda grade: grade.rank),
        _unique(group.name for group in elliptic),
    )


def _r7_minus(facts: EndpointFacts, profile: TlsProfile, day: date) -> Graded:
    """Finite-field exchange: primes of TLS 1.2 and older, groups of TLS 1.3."""
    smallest = profile.key_size("dh", day).minimum
    primes = facts.dh_primes if not isinstance(facts.dh_primes, Unknown) else ()
    fields = [profile.group(g.id) for item in facts.groups for g in item.groups if profile.group(g.id).kind == "dh"]
    short = [f"{prime.name or 'custom'} ({prime.bits})" for prime in primes if prime.bits < smallest]
    short += [group.name for group in fields if group.grade_on(day) is _FORBIDDEN]
    if short:
        return Graded("R7-", _FORBIDDEN, _unique(short), "short_prime")
    unknown = facts.dh_primes if isinstance(facts.dh_primes, Unknown) else unfinished(facts)
    if unknown is not None:
        return Graded("R7-", unknown)
    seen = _unique([f"{prime.name or 'custom'} ({prime.bits})" for prime in primes] + [group.name for group in fields])
    custom = any(prime.name is None for prime in primes)
    return Graded("R7-", _DEGRADED, seen, "custom_prime" if custom else "") if seen else Graded("R7-", _RECOMMENDED)


def _r8(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    """How the server signs. The certificate's own key is graded with the certificate."""
    forbidden, degraded = _by_suites(facts, profile, "R8")
    schemes = {item.id: item for item in profile.signature_schemes}
    used = [schemes[_SCHEME_IDS[use.scheme]] for use in facts.signatures if _SCHEME_IDS.get(use.scheme) in schemes]
    bad = tuple(item.name for item in used if item.grade is _FORBIDDEN and item.recommendation == "R8")
    graded = _suite_grade(facts, "R8", forbidden + bad, degraded)
    if graded.grade is not _RECOMMENDED:
        return graded
    if any(item.grade is _ACCEPTED for item in used):
        return Graded("R8", _ACCEPTED, _unique(item.name for item in used if item.grade is _ACCEPTED))
    return Graded("R8", _RECOMMENDED, _unique(item.name for item in used if item.grade is _RECOMMENDED))


def _r9(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    """Camellia and ARIA are R9- whatever else is wrong with the suite."""
    forbidden, _ = _by_suites(facts, profile, "R9")
    tolerated = _unique(
        _label(version, suite) for version, suite in _suites(facts) if parts(suite).cipher in ("CAMELLIA", "ARIA")
    )
    return _suite_grade(facts, "R9", forbidden, tolerated)


def _r10(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    """Authenticated modes. CBC is tolerated where encrypt_then_mac was echoed for every CBC suite seen."""
    protected = facts.behaviour.encrypt_then_mac
    forbidden, degraded = _by_suites(facts, profile, "R10")
    by_name = {_label(version, suite): suite for version, suite in _suites(facts)}
    cbc = _unique(name for name in forbidden + degraded if parts(by_name[name]).mode == "CBC")
    others = tuple(name for name in forbidden if name not in cbc)
    if others:
        return Graded("R10", _FORBIDDEN, others + (cbc if protected is False else ()), "mode")
    if cbc and protected is False:
        return Graded("R10", _FORBIDDEN, cbc, "no_encrypt_then_mac")
    if cbc and isinstance(protected, Unknown):
        return Graded("R10", protected, cbc)
    return _suite_grade(facts, "R10", (), cbc)


def _r11(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    """Hashes: of the suites, and of the key exchange's signature.

    SHA-224 alone is ``degraded``: a server with the defaults of OpenSSL 3 signs with it only for a client that offers
    nothing better, and no such client exists; PG-083 asks for 256 bits, which is why it is named at all.
    """
    forbidden, _ = _by_suites(facts, profile, "R11")
    weak = facts.weak_signatures
    schemes = weak if not isinstance(weak, Unknown) else ()
    broken = tuple(scheme for scheme in schemes if not scheme.endswith("sha224"))
    if forbidden or broken:
        return Graded("R11", _FORBIDDEN, forbidden + broken, "mac" if forbidden else "signature")
    unknown = unfinished(facts)
    if unknown is None and isinstance(weak, Unknown):
        unknown = weak
    if unknown is not None:
        return Graded("R11", unknown)
    return Graded("R11", _DEGRADED, schemes, "signature") if schemes else Graded("R11", _RECOMMENDED)


def _r12(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded | None:
    """Several acceptable suites in each version that may be used."""
    alone: list[str] = []
    offered = [facts.of(version) for version in (Version.TLS_1_3, Version.TLS_1_2)]
    for version in offered:
        if version.accepted is not True:
            continue
        if version.coverage != "every_suite":
            return Graded("R12", Unknown("not_measured", f"suites of {version.version.label}"))
        good = [suite for suite in version.suites if profile.suite(suite.id).grade is not _FORBIDDEN]
        if len(good) < profile.server.suites_min:
            alone.append(version.version.label)
    if not any(version.accepted is True for version in offered):
        return None
    return Graded("R12", _DEGRADED if alone else _RECOMMENDED, tuple(alone))


def _r13(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded | None:
    """The server's order, where there is something to order: with recommended suites only, any order will do."""
    following: list[str] = []
    unknown: Unknown | None = None
    harmless = True
    for version in facts.versions:
        if version.accepted is not True or version.version in (Version.TLS_1_3, Version.SSL_2):
            continue
        if isinstance(version.server_order, Unknown):
            unknown = version.server_order
        elif version.server_order is False:
            following.append(version.version.label)
            harmless &= all(profile.suite(suite.id).grade is _RECOMMENDED for suite in version.suites)
    if following:
        return Graded("R13", _ACCEPTED if harmless else _DEGRADED, tuple(following))
    return Graded("R13", _or(unknown, _RECOMMENDED))


def _flag(
    number: str, answer: bool | Unknown | None, *, good: bool, name: str, worst: Grade = Grade.FORBIDDEN
) -> Graded:
    """A yes-no question; ``None`` means that it does not arise, which is as good as the good answer."""
    if isinstance(answer, Unknown):
        return Graded(number, answer, (name,))
    if answer is None or answer is good:
        return Graded(number, _RECOMMENDED)
    return Graded(number, worst, (name,))


def _r14(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded:
    return _flag("R14", facts.behaviour.extended_master_secret, good=True, name="extended_master_secret")


def _r15(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    """Extensions to use where needed only: which ones are answered is all that can be said from outside."""
    case = {item.name for item in profile.extensions if item.use == "case_by_case"}
    return Graded("R15", _ACCEPTED, tuple(name for name in facts.behaviour.extensions if name in case))


def _r16(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    reported = {item.name for item in profile.extensions if item.reported}
    answered = [name for name in facts.behaviour.extensions if name in reported and name != "server_certificate_type"]
    if facts.behaviour.raw_public_key is True:
        answered.append("server_certificate_type")
    early = facts.behaviour.early_data
    if isinstance(early, int) and early > profile.server.early_data_max_bytes:
        answered.append("early_data")
    if answered:
        return Graded("R16", _FORBIDDEN, tuple(answered))
    speaks_clear = any(Version.TLS_1_0 <= version <= Version.TLS_1_2 for version in facts.accepted_versions())
    if speaks_clear and "heartbeat" not in facts.behaviour.extensions_probed:
        return Graded("R16", Unknown("not_measured"))
    return Graded("R16", early if isinstance(early, Unknown) else _RECOMMENDED)


def _r17(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded | None:
    """Only a fault shows from outside: a random value seen twice."""
    return Graded("R17", _FORBIDDEN) if facts.behaviour.random_repeats is True else None


def _r18(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded | None:
    sentinel = facts.behaviour.downgrade_sentinel
    if sentinel is None:
        return None
    return _flag("R18", sentinel, good=True, name="downgrade_sentinel", worst=_DEGRADED)


def _r18_minus(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded | None:
    clock = facts.behaviour.random_follows_clock
    if isinstance(clock, Unknown):  # fewer than three randoms in clear: nothing to look at
        return None
    return _flag("R18-", clock, good=False, name="unix_time", worst=_DEGRADED)


def _r19(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded:
    return _flag("R19", facts.behaviour.compression, good=False, name="DEFLATE")


def _r20(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    tickets = facts.behaviour.tickets
    if isinstance(tickets, Unknown):
        return Graded("R20", tickets)
    named = tuple(f"{ticket.version.label} ({_life(ticket.lifetime_s)})" for ticket in tickets)
    if any(ticket.lifetime_s > profile.server.ticket_lifetime_max_s for ticket in tickets):
        return Graded("R20", _DEGRADED, named)
    return Graded("R20", _RECOMMENDED, named)


def _life(seconds: int) -> str:
    """`2 h`, `72 h`, `90 s`: the same in both languages, which days are not. Nought is "unspecified"."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length}\u00a0{unit}"
    return f"{seconds}\u00a0s" if seconds else "—"


def _r21_minus(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded | None:
    """Tickets rather than session identifiers, before TLS 1.3. Key rotation cannot be seen in one run."""
    by_id, by_ticket = facts.behaviour.resumption_by_id, facts.behaviour.resumption_by_ticket
    if isinstance(by_id, Unknown) or isinstance(by_ticket, Unknown) or by_id is None or by_ticket is None:
        return None
    if by_id and not by_ticket:
        return Graded("R21-", _DEGRADED, ("session_id",))
    return Graded("R21-", _DEGRADED if by_ticket else _RECOMMENDED, ("session_ticket",) if by_ticket else ())


def _r22(facts: EndpointFacts, _profile: TlsProfile, _day: date) -> Graded:
    graded = _flag("R22", facts.behaviour.secure_renegotiation, good=True, name="renegotiation_info")
    client = next((item for item in facts.vulnerabilities if item.name == "client_renegotiation"), None)
    if graded.grade is _RECOMMENDED and client is not None and client.present is True:
        return Graded("R22", _DEGRADED, ("client_renegotiation",), "client_renegotiation")
    return graded


def _r23(facts: EndpointFacts, profile: TlsProfile, _day: date) -> Graded:
    early = facts.behaviour.early_data
    if isinstance(early, Unknown):
        return Graded("R23", early)
    allowed = early is not None and early > profile.server.early_data_max_bytes
    return Graded("R23", _FORBIDDEN if allowed else _RECOMMENDED, (f"{early}",) if allowed else ())


_QUESTIONS: tuple[Callable[[EndpointFacts, TlsProfile, date], Graded | None], ...] = (
    _r2, _r3, _r4, _r5, _r6, _r7, _r7_minus, _r8, _r9, _r10, _r11, _r12, _r13, _r14, _r15, _r16, _r17, _r18, _r18_minus,
    _r19, _r20, _r21_minus, _r22, _r23,
)  # fmt: skip
