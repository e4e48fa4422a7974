"""The life of the sessions that were followed: idle, active, signed out, doubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgssi_reports.html.pictures.axis import Linear, Tick
from pgssi_reports.html.pictures.facts import evidence_data, items, number, outcomes, table
from pgssi_reports.html.source import Source
from pgssi_reports.words import Words

WIDTH, LEFT, RIGHT, TOP, LANE, FOOT = 760, 150, 170, 26, 30, 34
SESSIONS_MAX: Final = 16
SECONDS: Final = {"second": 1, "minute": 60}


@dataclass(frozen=True)
class Life:
    """One session: looked at `end` (in the unit of its panel), where it was open or closed. When it closed before that,
    nobody knows; `ended` tells that the end itself was seen."""

    name: str
    end: float
    open: bool
    ended: bool = False
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
    sure: bool
    """Whether the session is known to have lived up to its end."""

    @property
    def word(self) -> str:
        return f"{self.state}, {self.time}" if self.time else self.state


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
    lives: list[Life] = []
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
        if seconds is not None and outcome.slug in ("still-valid", "ended"):
            return _drawn_logout(seconds, outcome.failed, source)
    return None


def _drawn_logout(seconds: float, alive: bool, source: Source) -> Panel:
    """A sketch, without a scale: the user's session ends at the sign-out, and so should its copy."""
    words = source.words
    axis = Linear(10.0, LEFT, WIDTH - LEFT - RIGHT)
    left = words.say("html.picture.sessions.left")
    if seconds < 1:
        time = words.say("html.picture.sessions.at_once")
    else:
        time = words.say("html.picture.sessions.after", time=words.wait(seconds))
    lives = (
        (Life(words.say("html.picture.sessions.own"), 4.0, False, ended=True), ""),
        (Life(words.say("html.picture.sessions.copy"), 8.0 if alive else 4.0, alive, expected=not alive), time),
    )
    lanes = tuple(_lane(index, life, said, axis, words) for index, (life, said) in enumerate(lives))
    return _framed("logout", lanes, (), Tick(axis.at(4.0), left), "", source)


def _concurrent(source: Source) -> Panel | None:
    """Open both, first closed, second refused: the slug tells which."""
    words = source.words
    for outcome in outcomes(source, "session.concurrent"):
        seconds = number(outcome.facts.get("seconds", outcome.facts.get("both_open_after_seconds")))
        if seconds is None:
            continue
        slug = outcome.slug
        first_open = slug not in ("closed-told", "closed-silently", "second-refused")
        second_open = slug not in ("second-refused", "locked-out")
        lives = [
            Life(words.say("html.picture.sessions.first"), seconds, first_open, expected=not outcome.failed),
            Life(words.say("html.picture.sessions.second"), seconds, second_open),
        ]
        return _panel("concurrent", lives, None, "second", source)
    return None


def _panel(code: str, lives: Sequence[Life], declared: float | None, unit: str, source: Source) -> Panel | None:
    if not lives:
        return None
    words = source.words
    longest = max(max(life.end for life in lives), (declared or 0) * 1.1, 1.0)
    axis = Linear(longest, LEFT, WIDTH - LEFT - RIGHT)

    def said(value: float) -> str:
        return words.wait(value * SECONDS[unit])

    lanes = tuple(_lane(index, life, said(life.end), axis, words) for index, life in enumerate(lives))
    ticks = tuple(Tick(axis.at(step), words.number(step)) for step in axis.steps())
    mark = None
    if declared is not None:
        mark = Tick(axis.at(declared), words.say("html.picture.sessions.declared", time=said(declared)))
    return _framed(code, lanes, ticks, mark, words.say(f"html.picture.unit.{unit}s"), source)


def _lane(index: int, life: Life, time: str, axis: Linear, words: Words) -> Lane:
    x = axis.at(0)
    return Lane(
        name=life.name,
        y=TOP + index * LANE,
        x=x,
        width=round(max(3.0, axis.at(life.end) - x), 1),
        end=max(axis.at(life.end), x + 3.0),
        open=life.open,
        expected=life.expected,
        state=words.say(f"html.picture.sessions.{'open' if life.open else 'ended' if life.ended else 'closed'}"),
        sure=life.open or life.ended,
        time=time,
    )


def _framed(
    code: str, lanes: tuple[Lane, ...], ticks: tuple[Tick, ...], mark: Tick | None, unit: str, source: Source
) -> Panel:
    words = source.words
    bottom = TOP + LANE * len(lanes) + 2
    return Panel(
        code=code,
        title=words.say(f"html.picture.sessions.{code}.title"),
        caption=words.say(f"html.picture.sessions.{code}.caption"),
        unit=unit,
        width=WIDTH,
        height=bottom + (FOOT if ticks else 4),
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP - 8,
        bottom=bottom,
        lanes=lanes,
        ticks=ticks,
        mark=mark,
    )
