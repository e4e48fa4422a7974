"""The list of known vulnerabilities of JavaScript libraries: dated, from Retire.js, and replaceable by a newer file.

`python -m pgssi_checks.components.js_list jsrepository-v4.json 2026-08-20` makes the list shipped with the check again,
from the file of that name in the `repository` folder of github.com/RetireJS/retire.js. Only facts are taken: ranges of
versions, severities, identifiers. Its regular expressions and its prose are left.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from pgssi_checks.components.js_version import Version, version_of

LIST: Final = Path(__file__).with_name("js_vulnerabilities.json")
SOURCE: Final = "Retire.js"
LICENCE: Final = "Apache-2.0"
SEVERITIES: Final = ("low", "medium", "high", "critical")
MAX_FILE: Final = 20_000_000
MAX_ENTRIES: Final = 50_000
MAX_WORD: Final = 60
NOT_A_LIBRARY: Final = frozenset({"retire-example", "dont check"})


class UnreadableList(ValueError):
    """A file that is no list of vulnerabilities."""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A range of versions, `since` included (None: the first), `below` excluded, but for those of `without`."""

    since: str
    below: str
    severity: str
    identifiers: tuple[str, ...]
    without: tuple[str, ...] = ()

    def touches(self, version: Version) -> bool:
        below, since = version_of(self.below), version_of(self.since) if self.since else None
        if below is None or version >= below or (since is not None and version < since):
            return False
        return version not in {version_of(one) for one in self.without}


@dataclass(frozen=True, slots=True)
class VulnerabilityList:
    dated: date
    source: str
    libraries: Mapping[str, tuple[Vulnerability, ...]]

    def of(self, library: str, version: Version) -> tuple[Vulnerability, ...]:
        """What touches a version, the most serious first."""
        found = [one for one in self.libraries.get(library, ()) if one.touches(version)]
        return tuple(sorted(found, key=lambda one: -SEVERITIES.index(one.severity)))


@cache
def vulnerability_list(path: Path = LIST) -> VulnerabilityList:
    """A list of ours, or a repository file of Retire.js as it is published (dated by its file). UnreadableList."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise UnreadableList("too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise UnreadableList("no list")
        if isinstance(data.get("libraries"), dict):
            libraries = {
                name: tuple(_of_ours(entry) for entry in entries) for name, entries in data["libraries"].items()
            }
            return VulnerabilityList(date.fromisoformat(data["date"]), str(data["source"])[:MAX_WORD], libraries)
        read = dict(from_retire(data))
        if not any(read.values()):
            raise UnreadableList("no list")
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        return VulnerabilityList(modified, SOURCE, read)
    except (OSError, UnicodeDecodeError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableList(type(error).__name__) from None
    except ValueError as error:
        raise UnreadableList(str(error)[:80]) from None


def _of_ours(entry: Any) -> Vulnerability:
    since, below, severity, identifiers, *without = entry
    if severity not in SEVERITIES or not isinstance(below, str) or not isinstance(since, str):
        raise UnreadableList("no entry of a list")
    return Vulnerability(since, below, severity, tuple(map(str, identifiers)), tuple(map(str, without)))


def from_retire(data: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Vulnerability, ...]]]:
    """Facts of a repository file of Retire.js, by name of library."""
    left = MAX_ENTRIES
    for name, told in data.items():
        if name in NOT_A_LIBRARY or not isinstance(told, dict):
            continue
        entries = told.get("vulnerabilities", [])[:left]
        left -= len(entries)
        found = dict.fromkeys(_vulnerability(entry) for entry in entries if version_of(str(entry.get("below", ""))))
        if found:
            yield str(name)[:MAX_WORD], tuple(found)


def _vulnerability(entry: Mapping[str, Any]) -> Vulnerability:
    severity = entry.get("severity")
    return Vulnerability(
        str(entry.get("atOrAbove", ""))[:MAX_WORD],
        str(entry["below"])[:MAX_WORD],
        severity if severity in SEVERITIES else "medium",
        tuple(_identifiers(entry.get("identifiers", {}))),
        tuple(str(one)[:MAX_WORD] for one in entry.get("excludes", ())),
    )


def _identifiers(told: Mapping[str, Any]) -> list[str]:
    numbers = [str(one)[:MAX_WORD] for one in told.get("CVE", ()) if str(one).startswith("CVE-")]
    if not numbers and str(told.get("githubID", "")).startswith("GHSA-"):
        numbers = [str(told["githubID"])[:MAX_WORD]]
    for kind in ("bug", "issue", "PR", "retid"):
        if not numbers and told.get(kind):
            numbers = [f"{SOURCE if kind == 'retid' else kind} {told[kind]}"[:MAX_WORD]]
    return numbers


def written(libraries: Mapping[str, tuple[Vulnerability, ...]], dated: date) -> str:
    """The text of a list of ours: one vulnerability a line, so that a change can be read."""
    lines = [
        "{",
        f' "date": "{dated.isoformat()}",',
        f' "source": "{SOURCE}",',
        f' "licence": "{LICENCE}",',
        ' "libraries": {',
    ]
    blocks = []
    for name, entries in sorted(libraries.items(), key=lambda pair: pair[0].lower()):
        rows = [
            "   "
            + json.dumps([one.since, one.below, one.severity, [*one.identifiers], *one.without], ensure_ascii=False)
            for one in entries
        ]
        blocks.append(f"  {json.dumps(name)}: [\n" + ",\n".join(rows) + "\n  ]")
    return "\n".join(lines) + "\n" + ",\n".join(blocks) + "\n }\n}\n"


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    LIST.write_text(written(dict(from_retire(told)), date.fromisoformat(sys.argv[2])), encoding="utf-8")
