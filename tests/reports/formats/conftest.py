"""Results of runs of several shapes, the schemas of other people's tools, and strings meant to harm."""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree
from pydantic import BaseModel
from referencing import Registry, Resource

from pgssi_probe.model.result import RunResult
from tests.reports.html.conftest import make_result  # type: ignore[import-not-found]

SCHEMAS = Path(__file__).parent / "schemas"
TOGETHER = [
    "<script>alert(1)</script>", "]]>", "<!-- -->", "&lt;&#60;&amp;", "<?xml version='1.0'?>",
    '"><img src=x onerror=1>',
    "\x1b[2J\x1b[31m\x9b1m", "\x07\x08\x7f\x00",
    "\u202egnp.exe\u2066\u200f", "\u2028\u2029\ufeff", "\ud800 \udfff",
    "\ufffe\uffff\ufdd0", "\U000e0041\ue000", "a\r\nb\rc\td", "%s {0} {x!r} {{7*7}}", "javascript:alert(1)",
]  # fmt: skip
# What matters at the start of a text is tried alone, and so is what is long.
HOSTILE = [
    "".join(TOGETHER), "A" * 40_000, "é" + "\u0301" * 200, "=1+1", "\t=1", "\u00a0@x", "http://[::1", "//evil.test/x",
]  # fmt: skip
# What must stand nowhere in a file of text, whatever the format: it would act on a terminal or hide something.
ACTIVE = "[\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
# Fields that the program itself fills from closed lists, and that no target's text can reach.
CLOSED = {"schema_version", "kind", "state", "rule_class", "obligation", "dicp"}

SHAPES: dict[str, dict[str, Any]] = {
    "full": {},
    "empty": {"failures": (), "passes": (), "mandate": None},
    "aborted": {"mandate": None, "state": "aborted"},
    "many": {"repeat": 12},
}


@cache
def shaped(name: str) -> RunResult:
    return make_result(**SHAPES[name])


@pytest.fixture(params=list(SHAPES))
def result(request: pytest.FixtureRequest) -> RunResult:
    return shaped(request.param)


@pytest.fixture(scope="session")
def sample() -> RunResult:
    return shaped("full")


def poisoned(value: Any, text: str, name: str = "") -> Any:
    """The same result with `text` before and after every string that is not of a closed list."""
    if isinstance(value, BaseModel):
        return value.model_copy(
            update={key: poisoned(getattr(value, key), text, key) for key in type(value).model_fields}
        )
    if isinstance(value, tuple | list):
        return type(value)(poisoned(inner, text, name) for inner in value)
    if isinstance(value, dict):
        return {key: poisoned(inner, text, name) for key, inner in value.items()}
    if isinstance(value, Enum | datetime) or name in CLOSED or not isinstance(value, str):
        return value
    return text + value + text


@cache
def sarif_schema() -> Any:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


@cache
def har_schema() -> Any:
    files = [json.loads(path.read_text("utf-8")) for path in (SCHEMAS / "har").glob("*.json")]
    registry: Any = Registry().with_resources([(one["$id"], Resource.from_contents(one)) for one in files])
    return jsonschema.Draft6Validator({"$ref": "har.json#"}, registry=registry)


@cache
def junit_schema() -> Any:
    return etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))
