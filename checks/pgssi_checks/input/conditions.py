"""Paired conditions: values that mean true and false to a database, and what the answers to each show. Pure.

Only conditions joined by AND are written: they can narrow what a query reads, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pgssi_checks.disclosure.reading import readable
from pgssi_probe.check import Response

SHORTEST: Final = 3
MAX_DEPTH: Final = 12


@dataclass(frozen=True, slots=True)
class Style:
    """How a value ends and a condition begins. `{v}` is the value, `{n}` and `{m}` numbers: equal for true. `broken`
    has the same words and no meaning to a database."""

    name: str
    condition: str
    broken: str
    numbers_only: bool = False

    def true(self, value: str, n: int) -> str:
        return self.condition.format(v=value, n=n, m=n)

    def false(self, value: str, n: int) -> str:
        return self.condition.format(v=value, n=n, m=n + 1)

    def senseless(self, value: str, n: int) -> str:
        return self.broken.format(v=value, n=n, m=n)


STYLES: Final = (
    Style("number", "{v} AND {n}={m}", "{v} AND {n} {m}=", numbers_only=True),
    Style("number-in-brackets", "{v}) AND ({n}={m}", "{v}) AND {n}(={m}", numbers_only=True),
    Style("text", "{v}' AND '{n}'='{m}", "{v}' AND ='{n}' '{m}"),
    Style("pattern", "{v}%' AND '{n}%'='{m}", "{v}%' AND ='{n}%' '{m}"),
    Style("text-in-brackets", "{v}') AND ('{n}'='{m}", "{v}') AND (='{n}' '{m}"),
    Style("double-quoted", '{v}" AND "{n}"="{m}', '{v}" AND ="{n}" "{m}'),
)


def styles(value: str) -> list[Style]:
    return [style for style in STYLES if value.isdigit() or not style.numbers_only]


def lines(response: Response, sent: str, value: str) -> frozenset[str]:
    """What an answer shows, line by line, as if the value had been sent untouched: an echo makes no difference."""
    if "json" in response.media_type:
        try:
            said = "\n".join(_leaves(json.loads(response.body), ""))
        except (ValueError, RecursionError):
            said = response.text
    else:
        said = readable(response)
    said = said.replace(sent, value)
    return frozenset(one for line in said.splitlines() if len(one := " ".join(line.split())) >= SHORTEST)


def _leaves(value: Any, path: str, depth: int = 0) -> Iterable[str]:
    if isinstance(value, dict) and depth < MAX_DEPTH:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}", depth + 1)
    elif isinstance(value, list) and depth < MAX_DEPTH:
        for inner in value:
            yield from _leaves(inner, f"{path}[]", depth + 1)
    else:
        yield f"{path} {value}"


@dataclass(frozen=True, slots=True)
class Round:
    """What one round shows: the untouched value, the true and the false condition."""

    untouched: frozenset[str]
    true: frozenset[str]
    false: frozenset[str]


def obeyed(rounds: Sequence[Round], senseless: frozenset[str]) -> frozenset[str]:
    """The lines that obey the condition: always there untouched and when true, never when false nor senseless.

    Lines that repeat the value in a way of their own show the untouched one only: the same are gone each time, whatever
    the condition. Empty when anything else differs between untouched and true, or changes by itself.
    """
    always = frozenset.intersection(*(one.untouched for one in rounds))
    repeating = always - rounds[0].true
    if any(always - one.true != repeating or repeating & one.false for one in rounds) or repeating & senseless:
        return frozenset()
    gone = (always - repeating).difference(*(one.false for one in rounds))
    return gone - senseless
