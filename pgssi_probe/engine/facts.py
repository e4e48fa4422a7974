"""What a check says, without the secrets that addresses carry: a link with a session is a fact, its session is not."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import JsonValue

from pgssi_probe.model.outcome import Observation
from pgssi_probe.redact import UNLINKED, Redactor, without_secrets

MAX_NAME = 2048
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+|/[^\s\"'<>?]*\?[^\s\"'<>]+", re.IGNORECASE)


def fit_to_print(observation: Observation, redactor: Redactor | None = None) -> Observation:
    """The same observation with the addresses of its subject and facts marked, and what is personal or secret in them.
    Its stable id is that of the result: marks are the same in every run.

    The values that `redactor` knows beforehand and the persons that the run has met are marked too.
    """
    known = redactor.unlinked().known if redactor is not None else str
    subject = observation.subject.model_copy(update={"name": _text(known(observation.subject.name))[:MAX_NAME]})
    facts = {name: _value(value, known) for name, value in observation.facts.items()}
    return observation.model_copy(update={"subject": subject, "facts": facts})


def _value(value: JsonValue, known: Callable[[str], str]) -> JsonValue:
    if isinstance(value, str):
        return _text(known(value))
    if isinstance(value, list):
        return [_value(item, known) for item in value]
    if isinstance(value, dict):
        return {name: _value(item, known) for name, item in value.items()}
    return value


def _text(text: str) -> str:
    return UNLINKED.text(_ADDRESS.sub(lambda match: without_secrets(match[0]), text))
