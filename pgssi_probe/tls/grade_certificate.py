"""A certificate chain judged against R8 and R24 to R38 of the ANSSI profile. Pure.

The same principle as for the configuration: what the recommendations call minor is ``degraded``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from cryptography.x509 import ocsp

from pgssi_probe.guide import Grade, TlsProfile
from pgssi_probe.tls.certificate import CertificateFacts, quiet
from pgssi_probe.tls.chain import ChainFacts, Issuer, Link
from pgssi_probe.tls.facts import Behaviour, Unknown
from pgssi_probe.tls.grade import Graded

_RECOMMENDED, _ACCEPTED, _DEGRADED, _FORBIDDEN = Grade.RECOMMENDED, Grade.ACCEPTED, Grade.DEGRADED, Grade.FORBIDDEN
_EDDSA = ("ed25519", "ed448")


@dataclass(frozen=True, slots=True)
class StapleFacts:
    """What an OCSP staple claims: ``good``, ``revoked``, ``unknown``, ``unsuccessful`` or ``unreadable``."""

    status: str
    expired: bool = False


def read_staple(der: bytes, now: datetime) -> StapleFacts:
    """Decode a stapled response. Its signature is not checked: who would forge a "revoked" is the server itself."""
    try:
        with quiet():
            response = ocsp.load_der_ocsp_response(der)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                return StapleFacts("unsuccessful")
            until = response.next_update_utc
            return StapleFacts(response.certificate_status.name.lower(), until is not None and until < now)
    except (ValueError, TypeError):
        return StapleFacts("unreadable")


def grade_chain(chain: ChainFacts, behaviour: Behaviour, profile: TlsProfile, now: datetime) -> tuple[Graded, ...]:
    """All grades of one chain, in the order of the recommendations."""
    day = now.date()
    graded = [question(chain, profile, day) for question in _QUESTIONS]
    graded += [_r35(chain, behaviour, now), _r36(chain), _r38(chain, behaviour)]
    return tuple(item for item in graded if item is not None)


def _checked(chain: ChainFacts) -> tuple[CertificateFacts, ...]:
    """The certificates whose signature and key matter: the path without a root, whose own signature proves nothing."""
    return tuple(item for item in chain.path if item is chain.leaf or item.subject != item.issuer)


def short_keys(chain: ChainFacts, profile: TlsProfile, day: date) -> tuple[str, ...]:
    """Keys that may no longer be used on that day, as ``rsa 1024``."""
    return tuple(
        f"{item.key_type} {item.key_bits}" for item in _checked(chain) if _key_grade(item, profile, day) is _FORBIDDEN
    )


def _key_grade(item: CertificateFacts, profile: TlsProfile, day: date) -> Grade:
    rules = profile.certificate
    if item.key_type == "rsa":
        size = profile.key_size("rsa", day)
        if (item.key_bits or 0) < size.minimum or (item.rsa_exponent or 0) < rules.rsa_min_exponent:
            return _FORBIDDEN
        return _RECOMMENDED if (item.key_bits or 0) >= size.recommended else _ACCEPTED
    if item.key_type == "ec":
        return _RECOMMENDED if item.curve is not None and item.curve.lower() in _lower(rules.curves) else _FORBIDDEN
    return _ACCEPTED if item.key_type in _EDDSA else _FORBIDDEN


def _lower(names: tuple[str, ...]) -> set[str]:
    return {name.lower() for name in names}


def _r8(chain: ChainFacts, _profile: TlsProfile, _day: date) -> Graded:
    kind = chain.leaf.key_type
    if kind == "ec" or kind in _EDDSA:
        return Graded("R8", _RECOMMENDED, (kind,))
    return Graded("R8", _ACCEPTED if kind == "rsa" else _FORBIDDEN, (kind,))


def weak_digests(chain: ChainFacts, profile: TlsProfile) -> tuple[str, ...]:
    """Signature algorithms of leaf and intermediates that are no longer sound."""
    return tuple(
        item.signature_algorithm
        for item in _checked(chain)
        if item.signature_hash not in profile.certificate.signature_hashes and not _eddsa_signed(item)
    )


def _eddsa_signed(item: CertificateFacts) -> bool:
    return item.signature_hash is None and item.signature_algorithm.lower().replace("-", "") in _EDDSA


def _r24(chain: ChainFacts, profile: TlsProfile, _day: date) -> Graded:
    weak = weak_digests(chain, profile)
    return Graded("R24", _FORBIDDEN if weak else _RECOMMENDED, weak)


def too_long(chain: ChainFacts, profile: TlsProfile) -> int | None:
    """The limit in days that the validity exceeds, ``None`` when it does not. Public limits bind public ones only."""
    limits = [profile.certificate.max_validity_days]
    public = profile.public_validity_days(chain.leaf.not_before.date())
    if chain.issuer is Issuer.TRUSTED and public is not None:
        limits.append(public)
    limit = min(limits)
    return limit if chain.leaf.validity_days > limit else None


def _r25(chain: ChainFacts, profile: TlsProfile, _day: date) -> Graded:
    if chain.expired:
        return Graded("R25", _FORBIDDEN, (f"{chain.days_left}",), "expired")
    if chain.not_yet_valid:
        return Graded("R25", _FORBIDDEN, (), "not_yet_valid")
    if chain.expired_issuers:
        return Graded("R25", _FORBIDDEN, chain.expired_issuers, "issuer_expired")
    limit = too_long(chain, profile)
    days = (f"{chain.leaf.validity_days}",)
    return Graded("R25", _DEGRADED, days, "too_long") if limit is not None else Graded("R25", _RECOMMENDED, days)


def _r26(chain: ChainFacts, profile: TlsProfile, day: date) -> Graded:
    grades = [_key_grade(item, profile, day) for item in _checked(chain)]
    worst = max(grades, key=lambda grade: grade.rank)
    named = tuple(
        f"{item.key_type} {item.key_bits}"
        for item, grade in zip(_checked(chain), grades, strict=True)
        if grade is worst
    )
    return Graded("R26", worst, tuple(dict.fromkeys(named)))


def _r27(chain: ChainFacts, profile: TlsProfile, _day: date) -> Graded:
    usage = chain.leaf.key_usage
    if usage is None:
        return Graded("R27", _DEGRADED, (), "absent")
    others = tuple(name for name in usage.names if name not in profile.certificate.key_usage)
    if others:
        return Graded("R27", _DEGRADED, others, "other_bits")
    return Graded("R27", _RECOMMENDED if usage.critical else _DEGRADED, (), "" if usage.critical else "not_critical")


def _r28(chain: ChainFacts, profile: TlsProfile, _day: date) -> Graded:
    usage = chain.leaf.extended_key_usage
    if usage is None:
        return Graded("R28", _DEGRADED, (), "absent")
    rules = profile.certificate
    others = tuple(name for name in usage.names if name not in rules.extended_key_usage)
    if "serverAuth" not in usage.names:
        return Graded("R28", _FORBIDDEN, usage.names, "no_server_auth")
    if not others:
        return Graded("R28", _RECOMMENDED)
    tolerated = all(name in rules.extended_key_usage_tolerated for name in others)
    return Graded("R28", _ACCEPTED if tolerated else _DEGRADED, others)


def _r29(chain: ChainFacts, _profile: TlsProfile, _day: date) -> Graded:
    if chain.names_host:
        return Graded("R29", _RECOMMENDED)
    names = chain.leaf.dns_names + chain.leaf.addresses
    return Graded("R29", _FORBIDDEN, names, "common_name_only" if chain.common_name_only else "other_name")


def _r32(chain: ChainFacts, _profile: TlsProfile, _day: date) -> Graded | None:
    if chain.issuer is Issuer.SELF_SIGNED:
        return None
    own = chain.leaf.authority_key
    if own is None:
        return Graded("R32", _DEGRADED, (), "absent")
    issuer = chain.path[1].subject_key if len(chain.path) > 1 else None
    if issuer is not None and issuer != own:
        return Graded("R32", _DEGRADED, (), "mismatch")
    return Graded("R32", _RECOMMENDED)


def _r33(chain: ChainFacts, _profile: TlsProfile, _day: date) -> Graded | None:
    if chain.issuer is Issuer.SELF_SIGNED:
        return None
    found = chain.leaf.crl_urls + chain.leaf.ocsp_urls
    return Graded("R33", _RECOMMENDED if found else _DEGRADED)


def _r34(chain: ChainFacts, _profile: TlsProfile, _day: date) -> Graded | None:
    if chain.issuer is Issuer.SELF_SIGNED:
        return None
    if chain.issuer is Issuer.INCOMPLETE:
        return Graded("R34", _FORBIDDEN, (), "incomplete")
    if chain.link is Link.MISORDERED:
        return Graded("R34", _FORBIDDEN, (), "misordered")
    if chain.issuer is Issuer.UNKNOWN_ISSUER:
        return Graded("R34", Unknown("not_measured", "issuer not known"))
    return Graded("R34", _DEGRADED, (), "unrelated") if chain.link is Link.UNRELATED else Graded("R34", _RECOMMENDED)


def _r35(chain: ChainFacts, behaviour: Behaviour, now: datetime) -> Graded | None:
    """Stapling, preferred where OCSP is used; owed where the certificate demands it (RFC 7633)."""
    staple = behaviour.ocsp_staple
    if isinstance(staple, bytes):
        said = read_staple(staple, now)
        if said.status == "revoked":
            return Graded("R35", _FORBIDDEN, (), "revoked")
        if said.status != "good" or said.expired:
            detail = "expired" if said.expired else said.status
            return Graded("R35", _FORBIDDEN if chain.leaf.must_staple else _DEGRADED, (), detail)
        return Graded("R35", _RECOMMENDED)
    if isinstance(staple, Unknown):
        return Graded("R35", staple) if chain.leaf.ocsp_urls or chain.leaf.must_staple else None
    if chain.leaf.must_staple:
        return Graded("R35", _FORBIDDEN, (), "must_staple")
    return Graded("R35", _DEGRADED, (), "no_staple") if chain.leaf.ocsp_urls else None


def _r36(chain: ChainFacts) -> Graded | None:
    if chain.issuer is Issuer.SELF_SIGNED:
        return None
    count = chain.leaf.crl_urls + chain.leaf.ocsp_urls
    return Graded("R36", _RECOMMENDED if count > 1 else _ACCEPTED, (f"{count}",))


def _r38(chain: ChainFacts, behaviour: Behaviour) -> Graded | None:
    """Certificate Transparency concerns public authorities only."""
    if chain.issuer is not Issuer.TRUSTED:
        return None
    if chain.leaf.sct_count or behaviour.sct_in_handshake is True:
        return Graded("R38", _RECOMMENDED)
    if isinstance(behaviour.sct_in_handshake, Unknown):
        return Graded("R38", behaviour.sct_in_handshake)
    return Graded("R38", _DEGRADED)


_QUESTIONS: tuple[Callable[[ChainFacts, TlsProfile, date], Graded | None], ...] = (
    _r8, _r24, _r25, _r26, _r27, _r28, _r29, _r32, _r33, _r34,
)  # fmt: skip
