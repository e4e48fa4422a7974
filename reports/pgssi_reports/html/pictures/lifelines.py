"""The life of the sessions that were followed: idle, active, signed out, doubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgssi_reports.html.pictures.axis import Linear, Tick
from pgssi_reports.html.pictures.facts import evidence_data, items, number, outcomes, table
from pgssi_reports.html.source import Source

WIDTH, LEFT, RIGHT, TOP, LANE, FOOT = 720, 176, 96, 26, 30, 34
SESSIONS_MAX: Final = 16


@dataclass(frozen=True)
class Life:
    """One session: looked at `end` (in the unit of its panel), where it was open or closed."""

    name: str
    end: float
    open: bool
    start: float = 0.0
    expected: bool = True
    """Whether the state at the end is the one that is wanted."""


@dataclass(frozen=True)
class Lane:
    name: str
    y: int
    x: float
    width: float
    end: float
    open: bool
    expected: bool
    state: str
    time: str


@dataclass(frozen=True)
class Panel:
    """`mark` is the declared delay: (x, its word), None when nothing was declared."""

    code: str
    title: str
    caption: str
    unit: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    mark: Tick | None


def lifelines(source: Source) -> tuple[Panel, ...]:
    """One panel for each kind of life that was followed."""
    panels = (_idle(source), _absolute(source), _logout(source), _concurrent(source))
    return tuple(panel for panel in panels if panel is not None)


def _idle(source: Source) -> Panel | None:
    data = next(evidence_data(source, "session.timeout-idle", "sessions"), None)
    if data is None:
        return None
    declared = number(data.get("declared_minutes"))
    lives = []
    for row in items(data["sessions"], SESSIONS_MAX):
        minutes, alive = number(table(row).get("idle_minutes")), table(row).get("in")
        if minutes is not None and isinstance(alive, bool):
            wanted = declared is None or alive == (minutes <= declared)
            name = source.words.say("html.picture.sessions.one", number=len(lives) + 1)
            lives.append(Life(name, minutes, alive, expected=wanted))
    return _panel("idle", lives, declared, "minute", source)


def _absolute(source: Source) -> Panel | None:
    for outcome in outcomes(source, "session.timeout-absolute"):
        minutes, declared = number(outcome.facts.get("minutes")), number(outcome.facts.get("declared"))
        if minutes is not None:
            name = source.words.say("html.picture.sessions.active")
            life = Life(name, minutes, outcome.failed, expected=not outcome.failed)
            return _panel("absolute", [life], declared, "minute", source)
    return None


def _logout(source: Source) -> Panel | None:
    for outcome in outcomes(source, "session.logout"):
        seconds = number(outcome.facts.get("seconds"))
        if seconds is None or outcome.slug not in ("still-valid", "ended"):
            continue
        name = source.words.say("html.picture.sessions.copy")
        return _panel(
            "logout", [Life(name, seconds, outcome.failed, expected=not outcome.failed)], None, "second", source
        )
    return None


def _concurrent(source: Source) -> Panel | None:
    words = source.words
    for outcome in outcomes(source, "session.concurrent"):
        facts = outcome.facts
        seconds = number(facts.get("seconds", facts.get("both_open_after_seconds")))
        if seconds is None:
            continue
        both, refused = "open" in outcome.slug or outcome.slug in ("several-declared", "inconclusive"), outcome.slug in (
            "second-refused", "locked-out",
        )  # fmt: skip
        first = Life(words.say("html.picture.sessions.first"), seconds, both, expected=outcome.slug != "several-open")
        second = Life(words.say("html.picture.sessions.second"), seconds, not refused)
        if refused:
            first = Life(first.name, seconds, outcome.slug == "locked-out", expected=outcome.slug != "locked-out")
        return _panel("concurrent", [first, second], None, "second", source)
    return None


def _panel(code: str, lives: Sequence[Life], declared: float | None, unit: str, source: Source) -> Panel | None:
    if not lives:
        return None
    words = source.words
    longest = max(max(life.end for life in lives), (declared or 0) * 1.1, 1.0)
    axis = Linear(longest, LEFT, WIDTH - LEFT - RIGHT)
    lanes = tuple(
        Lane(
            name=life.name,
            y=TOP + index * LANE,
            x=axis.at(life.start),
            width=round(max(3.0, axis.at(life.end) - axis.at(life.start)), 1),
            end=max(axis.at(life.end), LEFT + 3.0),
            open=life.open,
            expected=life.expected,
            state=words.say(f"html.picture.sessions.{'open' if life.open else 'closed'}"),
            time=words.say(f"html.picture.unit.{unit}", value=words.number(round(life.end, 1))),
        )
        for index, life in enumerate(lives)
    )
    bottom = TOP + LANE * len(lanes) + 2
    mark = None
    if declared is not None:
        said = words.say(f"html.picture.unit.{unit}", value=words.number(declared))
        mark = Tick(axis.at(declared), words.say("html.picture.sessions.declared", time=said))
    return Panel(
        code=code,
        title=words.say(f"html.picture.sessions.{code}.title"),
        caption=words.say(f"html.picture.sessions.{code}.caption"),
        unit=words.say(f"html.picture.unit.{unit}s"),
        width=WIDTH, height=bottom + FOOT, left=LEFT, right=WIDTH - RIGHT, top=TOP - 8, bottom=bottom,
        lanes=lanes,
        ticks=tuple(Tick(axis.at(step), words.number(step)) for step in axis.steps()),
        mark=mark,
    )  # fmt: skip
