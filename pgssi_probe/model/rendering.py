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


class SealedFile(Frozen):
    name: str
    signature: str
    sha256: str


class SealSummary(Frozen):
    """What was sealed, by whom. `key_created` is true when the local key was made for the occasion."""

    format: Literal["CAdES-B-B"] = "CAdES-B-B"
    files: tuple[SealedFile, ...]
    signer: Signer
    algorithm: str
    signing_time: datetime
    key_origin: Literal["local", "file"]
    key_created: bool = False


class FileVerification(Frozen):
    """One file and its signature. `why` belongs to the seal's closed list; None when nothing is wrong."""

    name: str
    signature: str | None = None
    state: FileState
    indication: Indication
    sub_indication: str | None = Field(None, description="a sub-indication of ETSI EN 319 102-1, table 5")
    why: str | None = None
    signer: Signer | None = None
    signing_time: datetime | None = Field(None, description="claimed by the signer's clock")
    sealed_name: str | None = Field(None, description="the name that the file had when it was sealed")
    algorithm: str | None = None
    trust: Trust | None = None


class VerificationReport(Frozen):
    """What became of every file. `why` says what is wrong with the whole, None when nothing is."""

    path: str
    files: tuple[FileVerification, ...]
    indication: Indication
    trust_given: bool
    why: str | None = None

    @property
    def intact(self) -> bool:
        """Every expected file is there, signed, and unchanged. Says nothing of who signed."""
        states = {file.state for file in self.files}
        return self.why is None and states == {FileState.INTACT}

    @property
    def accepted(self) -> bool:
        """Intact, and trusted whenever certificates to trust were given: what an exit code rests on."""
        return self.intact and (not self.trust_given or all(f.trust is Trust.TRUSTED for f in self.files))


class Seal(Protocol):
    """Signs files beside themselves and verifies them offline. Raises SealError, and nothing else."""

    name: str

    def sign(self, files: Sequence[Path], *, key: Path | None, password: Callable[[], str] | None) -> SealSummary: ...

    def verify(self, path: Path, *, trust: Path | None) -> VerificationReport: ...

    def describe(self, said: SealSummary | VerificationReport, lang: Lang) -> list[str]: ...

    def explain(self, error: SealError, lang: Lang) -> str: ...
