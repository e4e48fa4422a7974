"""Measured delays after failed sign-ins, against the guide's example (AA7): two seconds, doubled up to five minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from pgssi_probe.model.outcome import Outcome
from pgssi_reports.html.pictures.axis import Linear, Logarithmic, Tick
from pgssi_reports.html.pictures.facts import evidence_data, items, number, outcomes, table
from pgssi_reports.html.source import Source
from pgssi_reports.words import Words

CHECK: Final = "login.throttling"
FIRST: Final = 2.0
LONGEST: Final = 300.0
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 340, 74, 16, 14, 46
MARKS: Final = (0.1, 1.0, 10.0, 60.0, 300.0, 3600.0, 86_400.0)
FAILURES_MAX: Final = 20
FAILURES_MIN: Final = 10


@dataclass(frozen=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True)
class Bracket:
    """The right password was still refused at `low`, accepted again at `high`; `open` when it never was."""

    x: float
    low: float
    high: float
    open: bool
    word: str


@dataclass(frozen=True)
class Row:
    failure: str
    guide: str
    measured: str
    imposed: str


@dataclass(frozen=True)
class Curve:
    """`guide` and `measured` are points; `path` joins those of the guide in steps."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    guide: tuple[Point, ...]
    path: str
    measured: tuple[Point, ...]
    bracket: Bracket | None
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    caption: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Measure:
    """`delays`: seconds that the answer took, by number of failures in a row."""

    delays: dict[int, float]
    after: int | None
    blocked: float | None
    free: float | None
    in_a_row: int


def guide_delay(failure: int) -> float:
    """Seconds of the guide's example after so many failures in a row: 2, 4, 8… and 300 from the ninth."""
    return float(min(LONGEST, FIRST * 2 ** (failure - 1))) if failure < 9 else LONGEST


def curve(source: Source) -> Curve | None:
    """None when no failed sign-in was measured."""
    outcome = next((one for one in outcomes(source, CHECK) if "delays" in one.facts), None)
    if outcome is None:
        return None
    measure = _measure(outcome, source)
    return _drawn(measure, source.words) if measure.delays or measure.after else None


def _measure(outcome: Outcome, source: Source) -> Measure:
    facts = outcome.facts
    after, in_a_row = number(facts.get("after")), number(facts.get("in_a_row"))
    return Measure(
        delays=_in_a_row(source) or _in_order(facts.get("delays")),
        after=min(int(after), FAILURES_MAX) if after else None,
        blocked=number(facts.get("blocked_seconds")) or None,
        free=number(facts.get("free_seconds")),
        in_a_row=int(in_a_row or 0),
    )


def _in_a_row(source: Source) -> dict[int, float]:
    """The slowest answer for each number of failures in a row: a success begins a new series."""
    rows = next((data["attempts"] for data in evidence_data(source, CHECK, "attempts")), None)
    slowest: dict[int, float] = {}
    failures = 0
    for row in items(rows, 200):
        attempt = _attempt(row)
        if attempt is None:
            return {}
        right, how, seconds = attempt
        if right:
            failures = 0 if how in ("signed_in", "second_factor") else failures
            continue
        failures += 1
        if failures <= FAILURES_MAX:
            slowest[failures] = max(seconds, slowest.get(failures, 0.0))
    return slowest


def _attempt(row: JsonValue) -> tuple[bool, str, float] | None:
    """(right password, how it was answered, seconds) of a row [number, right or wrong, how, status, seconds, wait]."""
    if isinstance(row, list) and len(row) >= 5:
        kind, how, seconds = row[1], row[2], number(row[4])
    else:
        named = table(row)
        kind, how, seconds = named.get("given"), named.get("how"), number(named.get("seconds"))
    return (kind == "right", str(how), seconds) if seconds is not None and kind in ("right", "wrong") else None


def _in_order(delays: JsonValue | None) -> dict[int, float]:
    found: dict[int, float] = {}
    for pair in items(delays, FAILURES_MAX):
        if isinstance(pair, list) and len(pair) == 2:
            failure, seconds = number(pair[0]), number(pair[1])
            if failure and seconds is not None and failure <= FAILURES_MAX:
                found[int(failure)] = seconds
    return found


def _drawn(measure: Measure, words: Words) -> Curve:
    last = max(FAILURES_MIN, measure.after or 0, *measure.delays) if measure.delays else FAILURES_MIN
    longest = max(LONGEST, measure.blocked or 0, measure.free or 0)
    high = next((mark for mark in MARKS[4:] if mark > longest * 1.05), MARKS[-1])
    x = Linear(last + 0.6, LEFT, WIDTH - LEFT - RIGHT)
    y = Logarithmic(MARKS[0], high, TOP, HEIGHT - TOP - BOTTOM)
    guide = tuple(Point(x.at(n), y.at(guide_delay(n))) for n in range(1, last + 1))
    half = (x.at(2) - x.at(1)) / 2
    steps = " ".join(f"L{round(p.x - half, 1)} {p.y} L{round(p.x + half, 1)} {p.y}" for p in guide)
    return Curve(
        width=WIDTH, height=HEIGHT, left=LEFT, right=WIDTH - RIGHT, top=TOP, bottom=HEIGHT - BOTTOM,
        guide=guide,
        path="M" + steps[1:],
        measured=tuple(Point(x.at(n), y.at(seconds)) for n, seconds in sorted(measure.delays.items())),
        bracket=_bracket(measure, x, y, words),
        x_ticks=tuple(Tick(x.at(n), str(n)) for n in range(1, last + 1)),
        y_ticks=tuple(Tick(y.at(mark), words.wait(mark)) for mark in y.among(MARKS)),
        caption=_caption(measure, words),
        rows=_rows(measure, last, words),
    )  # fmt: skip


def _bracket(measure: Measure, x: Linear, y: Logarithmic, words: Words) -> Bracket | None:
    if measure.after is None:
        return None
    low, high = measure.blocked or MARKS[0], measure.free
    return Bracket(
        x=x.at(measure.after),
        low=y.at(low),
        high=y.at(high) if high else y.at(y.high),
        open=high is None,
        word=_imposed(measure, words),
    )


def _imposed(measure: Measure, words: Words) -> str:
    if measure.free is None:
        return words.say("html.picture.throttling.still", low=words.wait(measure.blocked or 0))
    if measure.blocked is None:
        return words.say("html.picture.throttling.at_most", high=words.wait(measure.free))
    return words.say("html.picture.throttling.between", low=words.wait(measure.blocked), high=words.wait(measure.free))


def _caption(measure: Measure, words: Words) -> str:
    if measure.after is not None:
        return words.count("html.picture.throttling.braked", measure.after, wait=_imposed(measure, words))
    return words.count("html.picture.throttling.free", max(measure.in_a_row, 1))


def _rows(measure: Measure, last: int, words: Words) -> tuple[Row, ...]:
    return tuple(
        Row(
            failure=str(n),
            guide=words.wait(guide_delay(n)),
            measured=words.wait(measure.delays[n]) if n in measure.delays else "—",
            imposed=_imposed(measure, words) if n == measure.after else "—",
        )
        for n in range(1, last + 1)
    )


__all__: Sequence[str] = ("Curve", "curve", "guide_delay")
