"""The record of destruction of a run: what was there, its digests, and that it is there no more.

It holds no text of the target: addresses of pages, sentences and facts go with the run. Verdicts by rule and stable ids
of findings stay, so that a later run can still be set beside it by hand.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from pgssi_probe.model.outcome import Frozen, Level
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.verdict import Verdict

RECORD: Final = "destruction.json"
KEPT: Final = (RECORD, f"{RECORD}.p7s", "engagement.json", "declarations.toml")
"""What stays in the folder of a purged run: the record with its seal, the mandate, what the organisation declared."""
RECORD_MAX: Final = 1 << 24

Fate = Literal["destroyed", "unlinked", "left"]
"""`unlinked`: the name is gone, but another name of the same file stands elsewhere, so its content was not overwritten.
`left`: it is still there."""

WhyLeft = Literal["link", "not_a_file", "not_ours", "refused"]


class Destroyed(Frozen):
    """One file. `path` is relative to the folder. Digest and size are those before; None when it could not be read."""

    path: str
    size: int | None = None
    sha256: str | None = None
    fate: Fate | None = Field(None, description="None as long as the destruction is under way")
    why: WhyLeft | None = Field(None, description="why it was left")


class Remains(Frozen):
    """What is still known of the run: counts, verdicts, and ids that hold no text."""

    run_id: str
    origin: str = Field(description="scheme, host and port of the target")
    tool_version: str | None = None
    level: Level
    started: str
    finished: str | None = None
    state: str | None = None
    journal_head: str | None = None
    verdicts: dict[str, Verdict] = Field(default_factory=dict)
    findings: dict[str, Severity] = Field(default_factory=dict, description="severity by stable id")


class Destruction(Frozen):
    """`destruction.json`. `state` is `begun` until the last file is gone: a crash in between is seen."""

    schema_version: Literal["1.0"] = "1.0"
    state: Literal["begun", "done"]
    begun: datetime
    ended: datetime | None = None
    by: str
    reason: str = ""
    tool_version: str
    run: Remains
    files: tuple[Destroyed, ...]
    kept: dict[str, str] = Field(default_factory=dict, description="SHA-256 of each file that stays, by name")

    @property
    def left(self) -> tuple[Destroyed, ...]:
        return tuple(file for file in self.files if file.fate == "left")

    @property
    def gone(self) -> tuple[Destroyed, ...]:
        return tuple(file for file in self.files if file.fate in {"destroyed", "unlinked"})


def record_in(folder: Path) -> Destruction | None:
    """The record that a folder holds, if any; None for one that cannot be read as such."""
    try:
        with (folder / RECORD).open("rb") as file:
            return Destruction.model_validate_json(file.read(RECORD_MAX))
    except (OSError, ValueError):
        return None
