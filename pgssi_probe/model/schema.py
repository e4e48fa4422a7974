"""The published JSON Schema of `report.json`."""

from __future__ import annotations

from typing import Any

from pgssi_probe.model.result import SCHEMA_VERSION, RunResult


def report_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a report of this version."""
    schema = RunResult.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pgssi-probe:report:{SCHEMA_VERSION}",
        "title": f"pgssi-probe report {SCHEMA_VERSION}",
        **{name: value for name, value in schema.items() if name != "title"},
    }
