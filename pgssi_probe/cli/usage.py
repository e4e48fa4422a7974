"""A command line that cannot be understood, said in the language of the person."""

from __future__ import annotations

import re
from typing import Any

from pgssi_probe.cli.exits import close_names
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

QUOTED = re.compile(r"'([^']*)'|\(([^()]*)\)$")


def usage(error: Any, lang: Lang) -> str:
    """A usage error in the language of the person: the library speaks English only, so its kind is what counts."""
    said = error.format_message()
    quoted = QUOTED.search(said)
    name = next((text for text in quoted.groups() if text), "") if quoted else ""
    match type(error).__name__:
        case "NoSuchOption":
            return say(lang, "usage.no_option", name=error.option_name, close=close_names(lang, close_to(error)))
        case "BadOptionUsage":
            return say(lang, "usage.value", name=error.option_name)
        case "MissingParameter":
            return say(lang, "usage.missing", name=name)
        case "BadParameter":
            return say(lang, "usage.bad_value", name=name)
        case "UsageError" if said.startswith("No such command"):
            return say(lang, "usage.no_command", name=name)
        case "UsageError" if "extra argument" in said:
            return say(lang, "usage.extra", name=name)
    return str(said)


def close_to(error: Any) -> tuple[str, ...]:
    return tuple(sorted(error.possibilities or ()))
