"""What the two OSCAL documents share: metadata, properties, and the names of rules as controls."""

from __future__ import annotations

from typing import Any, Final

from pgssi_probe.model.result import RunResult
from pgssi_reports.machine import instant, line, token
from pgssi_reports.words import Words

OSCAL_VERSION: Final = "1.1.3"
# The namespace of our properties: an identifier, never fetched.
NS: Final = "urn:pgssi-probe:oscal"


def metadata(title: str, result: RunResult, words: Words) -> dict[str, Any]:
    """The metadata of a document: dated by the run, so that the same run gives the same document."""
    return {
        "title": short(title),
        "last-modified": instant(result.run.finished),
        "version": short(result.schema_version, 20),
        "oscal-version": OSCAL_VERSION,
        "props": [prop("tool", f"pgssi-probe {result.run.tool_version}"), prop("language", words.lang)],
        "remarks": words.say("format.not_passi"),
    }


def short(text: str, limit: int = 300) -> str:
    """One line as the data type `string` of OSCAL wants it: without blanks around it, never empty."""
    return line(text, limit).strip() or "—"


def prop(name: str, value: str) -> dict[str, str]:
    """A property of ours. OSCAL wants a value that is not blank."""
    return {"name": name, "ns": NS, "value": short(value, 1000)}


def control_id(rule: str) -> str:
    """The identifier of a rule as a control: `GP1` is `gp1`."""
    return token(rule).lower()
