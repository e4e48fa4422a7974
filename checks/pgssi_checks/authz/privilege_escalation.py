"""`authz.privilege-escalation`: what only the higher role was shown, asked for by the lower one (AA1).

The proof is the page of the higher role in the hands of the lower: the same answer, with strings that neither the lower
account nor anybody was ever shown. The higher role asks again at the same time, as control.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from pgssi_checks.authz.comparing import Shows, is_same
from pgssi_checks.authz.viewers import Lost, Stage, candidates, curl, lines, nothing, template, why_not
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint
from pgssi_probe.inventory.references import Reference


@dataclass
class Climb:
    """What became of the requests."""

    seen: Counter[str] = field(default_factory=Counter)
    found: list[Observation] = field(default_factory=list)
    why: Reason | None = None


async def observe(ctx: CheckContext) -> list[Observation]:
    try:
        stage = await Stage.of(ctx, "low", "high")
        done = await _climbed(stage)
    except Lost as lost:
        return nothing(ctx, lost.reason)
    found = list({(one.slug, one.subject): one for one in reversed(done.found)}.values())
    return found or _concluded(ctx, done)


async def _climbed(stage: Stage) -> Climb:
    ctx, low, high = stage.ctx, stage.viewers["low"], stage.viewers["high"]
    only = (one for one in stage.inventory.seen_by("high") if not one.seen_by & {"low", "a", "b", ANONYMOUS})
    ordinary = await lines([*low.visit.answers, *stage.viewers[ANONYMOUS].visit.answers])
    done = Climb()
    await low.stand()
    await high.stand()
    for endpoint, found in candidates(only, high.visit, ctx.setting("requests_max"), ctx.setting("per_template")):
        await _one(stage, endpoint, found, ordinary, done)
    await low.stand()
    return done


async def _one(
    stage: Stage, endpoint: Endpoint, found: Sequence[Reference], ordinary: frozenset[str], done: Climb
) -> None:
    low, high = stage.viewers["low"], stage.viewers["high"]
    original = await high.ask(endpoint)
    if original.status != 200:
        done.why = done.why or (why_not(original) if original.response is None else Reason.UNSTABLE_TARGET)
        return
    reserved = await lines([original]) - ordinary
    answer = await low.ask(endpoint)
    shows = await stage.shows(low, high, answer, original)
    reached = shows in {Shows.SAME, Shows.RECORD, Shows.TRACES, Shows.OTHER, Shows.OWN}
    shared = await lines([answer]) & reserved if reached else frozenset()
    if reached and len(shared) >= stage.ctx.setting("reserved_strings"):
        again = await high.ask(endpoint)
        answer = await low.ask(endpoint)
        shared = await lines([answer]) & reserved
        if len(shared) >= stage.ctx.setting("reserved_strings"):
            slug = "reserved-page" if is_same(answer, original, again) else "reserved-strings"
            done.seen[slug] += 1
            done.found.append(_told(stage.ctx, slug, endpoint, found, (original, answer), len(shared)))
            return
    if shows is Shows.UNKNOWN:
        done.why = done.why or why_not(answer)
    done.seen["unknown" if shows is Shows.UNKNOWN else "refused" if shows is Shows.NOTHING else "other"] += 1


def _told(
    ctx: CheckContext,
    slug: str,
    endpoint: Endpoint,
    found: Sequence[Reference],
    answers: tuple[Exchange, Exchange],
    shared: int,
) -> Observation:
    name = template(endpoint, found)
    original, answer = answers
    facts: dict[str, JsonValue] = {
        "owner": "high",
        "asker": "low",
        "changed": "session",
        "request": name,
        "reserved_strings": shared,
        "sha256_owner": original.response.sha256 if original.response else "",
        "sha256_asker": answer.response.sha256 if answer.response else "",
        "curl": curl(endpoint, "low"),
    }
    kept = (
        ctx.keep(original, excerpt=None, title="The page, for account high"),
        ctx.keep(answer, excerpt=None, title="The same request, for account low"),
        ctx.keep_facts("One factor changed: the session", facts),
    )
    subject = Subject(kind="url", name=f"{ctx.target.origin}{name.partition(' ')[2]}"[:2000])
    return Observation(slug=slug, subject=subject, facts={"request": name, "strings": shared}, evidence=kept)


def _concluded(ctx: CheckContext, done: Climb) -> list[Observation]:
    site = ctx.target.site
    asked, refused = done.seen.total(), done.seen["refused"]
    if not refused or done.seen["unknown"]:
        return [inconclusive(site, done.why or Reason.NO_SAMPLE, asked=asked, refused=refused)]
    return [Observation(slug="refused", subject=site, facts={"asked": asked, "refused": refused})]
