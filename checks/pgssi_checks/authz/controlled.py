"""What a likeness between two answers owes to the identifier that was asked for, by asking for other records.

Only requests that an account was shown are made, each by the account that was shown it.
"""

from __future__ import annotations

from typing import Final

from pgssi_checks.authz.choosing import Chosen
from pgssi_checks.authz.comparing import Shows, is_file, is_same_file
from pgssi_checks.authz.dependence import Beside, labels_of, names_a_person, others_of_its_kind, same_but_for
from pgssi_checks.authz.viewers import Stage, Viewer
from pgssi_probe.check import Exchange
from pgssi_probe.inventory.references import references

MOST_CONTROLS: Final = 2
"""Records tried until one is there to compare with."""


async def controlled(
    stage: Stage,
    owner: Viewer,
    asker: Viewer,
    chosen: Chosen,
    answers: tuple[Exchange, Exchange, Exchange],
    shows: Shows,
) -> Shows:
    """What remains of a suspicion once it is known what the answer owes to the identifier.

    The asker asks for a record of its own of the same kind: what it reads there as well tells nothing of the owner's.
    Where it was offered none, the owner asks for another of its own: two records that are one page are no records.
    """
    endpoint, found = chosen
    original, again, answer = answers
    own = [one for one in stage.inventory.seen_by(asker.label) if owner.label not in one.shown_to]
    for other in others_of_its_kind(own, endpoint, found)[:MOST_CONTROLS]:
        mine = await asker.ask(other)
        if mine.status != 200:
            continue
        if is_file(answer) and is_same_file(mine, original, again):
            return Shows.OTHER
        labels = labels_of(found, references(other))
        if names_a_person(endpoint, found):
            labels |= await stage.name_words(owner, asker) | await stage.name_words(asker, owner)
        return await stage.shows(asker, owner, endpoint, answer, original, again, Beside(mine, labels))
    others = [one for one in stage.inventory.seen_by(owner.label) if asker.label not in one.shown_to]
    for other in others_of_its_kind(others, endpoint, found)[:MOST_CONTROLS]:
        second = await owner.ask(other)
        if second.status == 200:
            labels = labels_of(found, references(other))
            one = is_same_file(second, original, again) if is_file(original) else None
            one_page = same_but_for(original, again, second, labels) if one is None else one
            return Shows.OTHER if one_page else shows
    return shows
