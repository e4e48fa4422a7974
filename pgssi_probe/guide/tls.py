"""What a TLS endpoint may offer, by grade: RECOTLS v1.2 with the sizes of PG-083 v3.00.

The profile is an allow list. A suite or a group that it does not name is forbidden, under a number for a name.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from pgssi_probe.guide.source import Reference, Visibility
from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.text import Bilingual


class Grade(StrEnum):
    """Four grades, best first. `degraded` is fit only for a declared client profile (RECOTLS R1)."""

    RECOMMENDED = "recommended"
    ACCEPTED = "accepted"
    DEGRADED = "degraded"
    FORBIDDEN = "forbidden"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return list(Grade).index(self)


class Protocol(Frozen):
    name: str
    wire: int = Field(ge=0, le=0xFFFF)
    grade: Grade
    recommendation: str


SuiteKey = Literal["any", "ecdsa", "rsa", "psk"]


class Suite(Frozen):
    """A suite of the allow list. `variants` names the degraded recommendations that it leans on."""

    id: int = Field(ge=0, le=0xFFFF)
    name: str
    grade: Grade
    tls: Literal["1.2", "1.3"] = "1.2"
    key: SuiteKey = "any"
    variants: tuple[str, ...] = ()

    @property
    def departs_from(self) -> tuple[str, ...]:
        return self.variants


class RefusedSuite(Frozen):
    """A suite outside the allow list. `against`: what it departs from; empty when only the list excludes it."""

    id: int = Field(ge=0, le=0xFFFF)
    name: str
    against: tuple[str, ...] = ()

    @property
    def grade(self) -> Grade:
        return Grade.FORBIDDEN

    @property
    def departs_from(self) -> tuple[str, ...]:
        return self.against


class Group(Frozen):
    id: int = Field(ge=0, le=0xFFFF)
    name: str
    kind: Literal["ec", "dh", "hybrid", "unknown"]
    grade: Grade
    recommendation: str
    bits: int | None = None
    until: date | None = None

    def grade_on(self, day: date) -> Grade:
        """The grade, or forbidden when the last day it holds is past."""
        return Grade.FORBIDDEN if self.until is not None and day > self.until else self.grade


class SignatureScheme(Frozen):
    id: int = Field(ge=0, le=0xFFFF)
    name: str
    grade: Grade
    recommendation: str
    tls12_only: bool = False


ExtensionUse = Literal["recommended", "case_by_case", "not_recommended"]


class Extension(Frozen):
    """`reported`: an answer of the server to this extension is worth a finding (R16)."""

    id: int = Field(ge=0, le=0xFFFF)
    name: str
    use: ExtensionUse
    reported: bool = False


class ServerRules(Frozen):
    order: Literal["server"]
    compression: Literal["none"]
    ticket_lifetime_max_s: int
    resumption: Literal["ephemeral"]
    early_data_max_bytes: int
    secure_renegotiation: bool
    ocsp_stapling: Literal["preferred"]
    suites_min: int
    downgrade_suffix: str = Field(pattern=r"^([0-9A-F]{2}){8}$")


class CertificateRules(Frozen):
    signature_hashes: tuple[str, ...]
    max_validity_days: int
    rsa_min_exponent: int
    curves: tuple[str, ...]
    serial_max_octets: int
    key_usage: tuple[str, ...]
    extended_key_usage: tuple[str, ...]
    extended_key_usage_tolerated: tuple[str, ...]
    requires: tuple[str, ...]


SizeKind = Literal["rsa", "dh", "ec", "symmetric", "hash"]


class KeySize(Frozen):
    """Bits, for the inclusive days from `since` to `until`."""

    kind: SizeKind
    minimum: int
    recommended: int
    since: date | None = Field(default=None, alias="from")
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)


class ValidityStep(Frozen):
    issued_from: date
    days: int


class Statement(Frozen):
    """A later text that changes or completes the profile."""

    id: str
    published: date
    text: Bilingual


class Recommendation(Frozen):
    """R1 to R39, and the degraded variants R7-, R8-, R9-, R10-, R18- and R21-."""

    id: str = Field(pattern=r"^R\d{1,2}-?$")
    visibility: Visibility
    text: Bilingual
    conforms: Bilingual
    tolerated: Bilingual | None = None
    departs: Bilingual | None = None
    note: Bilingual | None = None


class TlsProfile(Reference):
    protocols: tuple[Protocol, ...]
    suites: tuple[Suite, ...]
    refused: tuple[RefusedSuite, ...]
    groups: tuple[Group, ...]
    signature_schemes: tuple[SignatureScheme, ...]
    extensions: tuple[Extension, ...]
    server: ServerRules
    certificate: CertificateRules
    key_sizes: tuple[KeySize, ...]
    public_validity: tuple[ValidityStep, ...]
    newer: tuple[Statement, ...]
    recommendations: tuple[Recommendation, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        numbered: dict[str, list[int]] = {
            "protocols": [item.wire for item in self.protocols],
            "suites": [item.id for item in self.suites] + [item.id for item in self.refused],
            "groups": [item.id for item in self.groups],
            "signature_schemes": [item.id for item in self.signature_schemes],
            "extensions": [item.id for item in self.extensions],
        }
        for what, ids in numbered.items():
            if twice := sorted({number for number in ids if ids.count(number) > 1}):
                raise ValueError(f"{what}: numbers given twice: {twice}")
        known = {item.id for item in self.recommendations} | {item.id for item in self.newer}
        named = {item.recommendation for item in self.protocols}
        named |= {item.recommendation for item in self.groups}
        named |= {item.recommendation for item in self.signature_schemes}
        named |= {name for suite in self.suites for name in suite.variants}
        named |= {name for suite in self.refused for name in suite.against}
        if unknown := sorted(named - known):
            raise ValueError(f"recommendations named but not listed: {unknown}")
        return self

    @cached_property
    def _suites(self) -> dict[int, Suite | RefusedSuite]:
        found: dict[int, Suite | RefusedSuite] = {suite.id: suite for suite in self.suites}
        return found | {suite.id: suite for suite in self.refused}

    @cached_property
    def _groups(self) -> dict[int, Group]:
        return {group.id: group for group in self.groups}

    @cached_property
    def _recommendations(self) -> dict[str, Recommendation]:
        return {item.id: item for item in self.recommendations}

    def protocol(self, wire: int) -> Protocol:
        """KeyError for a version that the profile does not know."""
        return {item.wire: item for item in self.protocols}[wire]

    def suite(self, number: int) -> Suite | RefusedSuite:
        """Never fails: an unknown number is a refused suite named after it."""
        return self._suites.get(number) or RefusedSuite(id=number, name=f"0x{number:04X}")

    def group(self, number: int) -> Group:
        """Never fails: an unknown number is a forbidden group named after it (R7)."""
        return self._groups.get(number) or Group(
            id=number, name=f"0x{number:04X}", kind="unknown", grade=Grade.FORBIDDEN, recommendation="R7"
        )

    def recommendation(self, number: str) -> Recommendation:
        """KeyError when there is none of that number."""
        return self._recommendations[number]

    def key_size(self, kind: SizeKind, day: date) -> KeySize:
        """The sizes in bits that hold on a day, PG-083."""
        return next(size for size in self.key_sizes if size.kind == kind and size.holds_on(day))

    def public_validity_days(self, issued: date) -> int | None:
        """Longest validity of a public certificate issued on a day; None before the first limit."""
        steps = [step.days for step in self.public_validity if step.issued_from <= issued]
        return steps[-1] if steps else None
