"""What a reporter and a seal are, and what a seal says. The command line knows them by these names only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang


class Reporter(Protocol):
    """One rendering of a run. `render` touches neither the disk nor the network."""

    name: str
    file_name: str

    def render(self, result: RunResult, lang: Lang) -> bytes: ...


class SealError(Exception):
    """Sealing or verifying could not start: a key, a password or a file of certificates is at fault.

    `code` belongs to the seal's own closed list; its sentence is in the seal's catalogue, filled with
    `fields`. Neither ever holds a secret.
    """

    def __init__(self, code: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.fields = dict(fields or {})


class Indication(StrEnum):
    """The three conclusions of ETSI EN 319 102-1, clause 5.1.3."""

    TOTAL_PASSED = "TOTAL-PASSED"
    INDETERMINATE = "INDETERMINATE"
    TOTAL_FAILED = "TOTAL-FAILED"

    @property
    def rank(self) -> int:
        """0 for the best to 2 for the worst."""
        return list(Indication).index(self)


class FileState(StrEnum):
    """`altered`: the signature does not fit the content. `unreadable`: the signature is not one of ours."""

    INTACT = "intact"
    ALTERED = "altered"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"
    MISSING = "missing"


class Trust(StrEnum):
    """Who vouches for the signer. `self_signed` proves integrity and no identity."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    NOT_CHECKED = "not_checked"
    SELF_SIGNED = "self_signed"


class Signer(Frozen):
    """A signer's certificate. Names are the certificate's own words: hostile until trusted."""

    subject: str
    issuer: str
    serial: str = Field(description="hexadecimal")
    fingerprint: str = Field(description="SHA-256 of the certificate, hexadecimal")
    not_before: datetime
    not_after: datetime
    self_signed: bool


Level = Literal["B-B", "B-T", "B-LT"]
"""Baseline levels of ETSI EN 319 122-1: signature alone, with a time-stamp, with revocation material as well."""

Format = Literal["CAdES", "PAdES", "ASiC-E"]


class SealedFile(Frozen):
    """`signature` is the name of what carries the seal: a `.p7s`, or the file itself (PDF, dossier)."""

    name: str
    signature: str
    sha256: str
    format: Format = "CAdES"
    level: Level = "B-B"


class Trouble(Frozen):
    """What an extra of the seal (time-stamp, revocation) met: a code of the seal's closed list and its fields."""

    code: str
    fields: dict[str, str] = Field(default_factory=dict)


class SealSummary(Frozen):
    """What was sealed, by whom. `key_created` is true when the local key was made for the occasion.

    `trouble` says why the seal is of a lower level than asked for: the seal itself is complete.
    """

    files: tuple[SealedFile, ...]
    signer: Signer
    algorithm: str
    signing_time: datetime
    key_origin: Literal["local", "file", "token"]
    key_created: bool = False
    trouble: Trouble | None = None


class TimeStamp(Frozen):
    """A time-stamp of RFC 3161 that fits its signature. `trust` is about the authority that made it."""

    time: datetime
    authority: Signer
    trust: Trust


class Revocation(StrEnum):
    """What the embedded material says of the signer. Nothing is looked up: `not_embedded` says nothing."""

    NOT_EMBEDDED = "not_embedded"
    GOOD = "good"
    INCOMPLETE = "incomplete"
    REVOKED = "revoked"


class FileVerification(Frozen):
    """One file and its signature. `why` belongs to the seal's closed list; None when nothing is wrong."""

    name: str
    format: Format = "CAdES"
    level: Level | None = None
    signature: str | None = None
    state: FileState
    indication: Indication
    sub_indication: str | None = Field(None, description="a sub-indication of ETSI EN 319 102-1, table 5")
    why: str | None = None
    signer: Signer | None = None
    signing_time: datetime | None = Field(None, description="claimed by the signer's clock")
    time_stamp: TimeStamp | None = None
    revocation: Revocation = Revocation.NOT_EMBEDDED
    sealed_name: str | None = Field(None, description="the name that the file had when it was sealed")
    algorithm: str | None = None
    trust: Trust | None = None


class MemberProblem(Frozen):
    """A file that a seal names, or should name, and what is wrong with it. `name` is hostile."""

    name: str
    why: str


class DestroyedRun(Frozen):
    """What the record of a purged run says. `gone` counts the files destroyed, `left` those that could not be."""

    run_id: str
    begun: datetime
    by: str
    reason: str
    gone: int
    left: int


class VerificationReport(Frozen):
    """What became of every file. `why` says what is wrong with the whole, None when nothing is.

    `covered` counts the files whose digest a sealed list holds and that were found unchanged. `destroyed` is given for
    the folder of a run that was destroyed: its record is what was verified.
    """

    path: str
    files: tuple[FileVerification, ...]
    indication: Indication
    trust_given: bool
    why: str | None = None
    problems: tuple[MemberProblem, ...] = ()
    covered: int = 0
    destroyed: DestroyedRun | None = None

    @property
    def intact(self) -> bool:
        """Every expected file is there, signed, and unchanged. Says nothing of who signed."""
        states = {file.state for file in self.files}
        return self.why is None and not self.problems and states == {FileState.INTACT}

    @property
    def accepted(self) -> bool:
        """Intact, not revoked, and trusted whenever certificates to trust were given: what an exit code rests on."""
        revoked = any(file.revocation is Revocation.REVOKED for file in self.files)
        trusted = not self.trust_given or all(file.trust is Trust.TRUSTED for file in self.files)
        return self.intact and trusted and not revoked


Password = Callable[[], str]


class Seal(Protocol):
    """Signs files and verifies them offline. Raises SealError, and nothing else.

    `key` is a PKCS#12 file or a `pkcs11:` address (RFC 7512), None for the local key; `password` gives its password
    or PIN. `tsa` is the address of a time-stamping authority: nothing is sent to any when it is None. `revocation`
    asks the addresses that the certificates name for revocation material to embed.
    """

    name: str

    def check(self, *, key: str | None, password: Password | None) -> None:
        """SealError when this key could not seal now: worth knowing before a long run."""

    def seal_run(
        self,
        folder: Path,
        files: Sequence[Path],
        *,
        key: str | None,
        password: Password | None,
        tsa: str | None,
        revocation: bool,
    ) -> SealSummary:
        """Seals the renderings `files` of a run folder, the list of everything in it, and the dossier of all of it."""

    def sign(
        self,
        files: Sequence[Path],
        *,
        key: str | None,
        password: Password | None,
        tsa: str | None,
        revocation: bool,
    ) -> SealSummary:
        """Seals files one by one, each by a signature beside it."""

    def verify(self, path: Path, *, trust: Path | None) -> VerificationReport: ...

    def describe(self, said: SealSummary | VerificationReport, lang: Lang) -> list[str]: ...

    def explain(self, error: SealError, lang: Lang) -> str: ...
