"""What mending each weakness takes: a catalogue by family of checks, refined by check, then by slug."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from pydantic import Field, RootModel

from pgssi_probe.guide.load import read
from pgssi_probe.model.action import Action, Attacker, Delay, Effort
from pgssi_probe.model.outcome import Frozen, Outcome
from pgssi_probe.model.text import Bilingual


class Traits(Frozen):
    """Some fields of an action; what is missing comes from the level above."""

    title: Bilingual | None = None
    attacker: Attacker | None = None
    scenario: Bilingual | None = None
    conditions: Bilingual | None = None
    cost: Effort | None = None
    complexity: Effort | None = None
    delay: Delay | None = None
    unobtrusive: bool | None = None


class CheckTraits(Traits):
    outcomes: dict[str, Traits] = Field(default_factory=dict)


class FamilyTraits(Frozen):
    """The sober defaults of a family: all of them are given."""

    title: Bilingual
    attacker: Attacker
    scenario: Bilingual
    conditions: Bilingual
    cost: Effort
    complexity: Effort
    delay: Delay
    unobtrusive: bool
    checks: dict[str, CheckTraits] = Field(default_factory=dict)


class ActionCatalogue(RootModel[dict[str, FamilyTraits]]):
    """By family. Checks of other packages have families that it does not know."""

    def action(self, check: str, slug: str) -> Action | None:
        """What the catalogue says of a failing slug; None when it does not know the family."""
        family, _, name = check.partition(".")
        found = self.root.get(family)
        if found is None:
            return None
        own = found.checks.get(name or family, CheckTraits())
        levels = (found, own, own.outcomes.get(slug, Traits()))
        fields = {
            field: value
            for level in levels
            for field in Traits.model_fields
            if (value := getattr(level, field)) is not None
        }
        return Action(check=check, slug=slug, **fields)

    def actions(self, outcomes: Iterable[Outcome]) -> tuple[Action, ...]:
        """One for each pair of check and slug that failed, in the order of the outcomes."""
        pairs = dict.fromkeys((outcome.check, outcome.slug) for outcome in outcomes if outcome.failed)
        return tuple(action for pair in pairs if (action := self.action(*pair)) is not None)


@cache
def action_catalogue() -> ActionCatalogue:
    """The shipped catalogue."""
    return read("actions.yaml", ActionCatalogue)
