"""What the application offers and to whom: the annex, from the inventory of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pgssi_probe.model.inventory import ListedRequest, VisitSummary
from pgssi_reports.html.source import Source

SHOWN_MAX: Final = 150


@dataclass(frozen=True)
class Row:
    method: str
    template: str
    count: int
    parameters: str
    seen_by: str
    told_to: str
    source: str
    held: str


@dataclass(frozen=True)
class Visitor:
    name: str
    pages: str
    answers: str
    state: str


@dataclass(frozen=True)
class Listing:
    """`hidden` counts the lines that only the JSON report has, or that were beyond the cap."""

    visitors: tuple[Visitor, ...]
    rows: tuple[Row, ...]
    hidden: int
    described_by: tuple[str, ...]


def listed_requests(source: Source) -> Listing | None:
    told = source.result.inventory
    if told is None or not told.requests:
        return None
    rows = tuple(_row(one, source) for one in told.requests[:SHOWN_MAX])
    hidden = told.hidden + max(0, len(told.requests) - SHOWN_MAX)
    return Listing(tuple(_visitor(one, source) for one in told.visits), rows, hidden, told.described_by)


def _row(one: ListedRequest, source: Source) -> Row:
    words = source.words
    return Row(
        one.method,
        one.template,
        one.count,
        ", ".join(one.parameters),
        ", ".join(_name(label, source) for label in one.seen_by),
        ", ".join(_name(label, source) for label in one.told_to),
        words.say(f"html.inventory.sources.{one.source}"),
        words.say(f"html.inventory.reasons.{one.held}") if one.held else "",
    )


def _visitor(one: VisitSummary, source: Source) -> Visitor:
    words = source.words
    state = "out" if one.why and one.why != "lost" else "lost" if one.why else "whole" if one.complete else "partial"
    return Visitor(
        _name(one.label, source),
        words.number(one.pages),
        words.number(one.answers),
        words.say(f"html.inventory.{state}"),
    )


def _name(label: str, source: Source) -> str:
    return source.words.say("html.inventory.nobody") if label == "nobody" else label
