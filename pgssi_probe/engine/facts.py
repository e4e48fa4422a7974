"""What a check says, without the secrets that addresses carry: a link with a session is a fact, its session is not."""

from __future__ import annotations

import re

from pydantic import JsonValue

from pgssi_probe.model.outcome import Observation
from pgssi_probe.redact import without_secrets

MAX_NAME = 2048
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+|/[^\s\"'<>?]*\?[^\s\"'<>]+", re.IGNORECASE)


def fit_to_print(observation: Observation) -> Observation:
    """The same observation with the addresses of its subject and facts marked. Its stable id is that of the result."""
    subject = observation.subject.model_copy(update={"name": _text(observation.subject.name)[:MAX_NAME]})
    facts = {name: _value(value) for name, value in observation.facts.items()}
    return observation.model_copy(update={"subject": subject, "facts": facts})


def _value(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return {name: _value(item) for name, item in value.items()}
    return value


def _text(text: str) -> str:
    return _ADDRESS.sub(lambda match: without_secrets(match[0]), text)
