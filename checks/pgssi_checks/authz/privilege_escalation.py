"""`authz.privilege-escalation`: what only the higher role was shown, asked for by the lower one (AA1).

The proof is the page of the higher role in the hands of the lower: the same answer, with strings that neither the lower
account nor anybody was ever shown. The higher role asks again at the same time, as control.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pydantic import JsonValue

from pgssi_checks.authz.choosing import Chosen, candidates, is_only_words
from pgssi_checks.authz.comparing import SHARE, Shows, is_refused, is_same
from pgssi_checks.authz.failing import failed, not_evaluated
from pgssi_checks.authz.lines import headings, lines_of
from pgssi_checks.authz.of_role import Openness, of_role_alone, openness
from pgssi_checks.authz.redirected import SENT, own_witnesses, sent_all_the_same, told_once
from pgssi_checks.authz.telling import compared, subject_of
from pgssi_checks.authz.viewers import Lost, Stage, nothing, why_not
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import location
from pgssi_probe.inventory.model import ANONYMOUS
from pgssi_probe.inventory.templates import template


@dataclass(frozen=True)
class Judged:
    """What became of one request: a slug, `refused`, `other`, `open` to everybody or `unknown`; "" when there was
    nothing to ask for. `failing` and `open` are the templates of these."""

    kind: str = ""
    found: Observation | None = None
    why: Reason | None = None
    failing: str = ""
    open: str = ""


@dataclass
class Climb:
    """What became of the requests."""

    seen: Counter[str] = field(default_factory=Counter)
    found: list[Observation] = field(default_factory=list)
    why: Reason | None = None
    failing: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def add(self, judged: Judged) -> None:
        self.why = self.why or judged.why
        self.seen.update([judged.kind] if judged.kind else [])
        self.failing += [judged.failing] if judged.failing else []
        self.open += [judged.open] if judged.open else []
        self.found += [judged.found] if judged.found is not None else []


async def observe(ctx: CheckContext) -> list[Observation]:
    done = Climb()
    try:
        stage = await Stage.of(ctx, "low", "high")
        await own_witnesses(stage)
        for judged in (*await _climbed(stage), *await _described(stage)):
            done.add(judged)
    except Lost as lost:
        return nothing(ctx, lost.reason)
    merged = list({(one.slug, one.subject): one for one in reversed(done.found)}.values())
    found = told_once(merged, ctx.target.site)
    return found or _concluded(ctx, done)


async def _climbed(stage: Stage) -> list[Judged]:
    ctx, high = stage.ctx, stage.viewers["high"]
    only = of_role_alone(stage.inventory)
    chosen = candidates(only, high.visit, ctx.setting("requests_max"), ctx.setting("per_template"))

    async def one(item: Chosen) -> Judged:
        return await _one(stage, item)

    return await stage.watched(chosen, ("low", "high"), one)


async def _one(stage: Stage, chosen: Chosen) -> Judged:
    endpoint, found = chosen
    low, high = stage.viewers["low"], stage.viewers["high"]
    enough = int(stage.ctx.setting("reserved_strings"))
    original = await high.ask(endpoint)
    if original.status != 200:
        was = high.visit.answer_to(endpoint.url, endpoint.headers)
        gone = Reason.UNSTABLE_TARGET if was is not None else None
        return Judged(why=why_not(original) if original.response is None else gone)
    reserved = await stage.reserved(high, low, original)
    answer = await low.ask(endpoint)
    shows = await stage.shows(low, high, endpoint, answer, original)
    if shows is Shows.UNKNOWN:
        return Judged("unknown", why=why_not(answer), failing=template(endpoint, found) if failed(answer) else "")
    if shows is Shows.NOTHING and await sent_all_the_same(stage, high, low, original, answer):
        answer = await low.ask(endpoint)
        sent = await sent_all_the_same(stage, high, low, original, answer)
        told = _told(stage, SENT, chosen, (original, answer), sent) if sent else None
        return Judged(SENT if sent else "refused", told)
    if shows is Shows.NOTHING or len(await lines_of(answer) & reserved) < enough:
        return Judged("refused" if shows is Shows.NOTHING else "other")
    again = await high.ask(endpoint)
    answer = await low.ask(endpoint)
    shared = await lines_of(answer) & reserved
    if len(shared) < enough or (await stage.shows(low, high, endpoint, answer, original)) is Shows.NOTHING:
        return Judged("other")
    # The page under its own heading, most of it left out: what a role may not do is not shown to it.
    if headings(original) & shared and len(shared) < SHARE * len(reserved):
        return Judged("other")
    # A record that staff alone were offered may be meant for all: it is named, and no function of the role.
    whole = is_same(answer, original, again) and is_only_words(endpoint, found)
    nobody = stage.viewers[ANONYMOUS]
    open_to_all = await openness(await nobody.ask(endpoint), await stage.reserved(high, nobody, original), enough)
    if open_to_all is Openness.FUNCTION:  # no session is asked for: said elsewhere, and nothing is known of roles
        return Judged("open", open=template(endpoint, found))
    if open_to_all is Openness.PUBLIC:
        return Judged("other")
    slug = "reserved-page" if whole and open_to_all is Openness.CLOSED else "reserved-strings"
    return Judged(slug, _told(stage, slug, chosen, (original, answer), len(shared)))


async def _described(stage: Stage) -> list[Judged]:
    """What a description counts among the functions of administration: no page offers it, and every account that reads
    the description may try. That it answers the lower role as it answers the higher one, and nobody, is a hint: the
    words of a description are no decision."""
    told = (one for one in stage.inventory.seen_by("high") if one.for_staff and not one.record_parts)
    nobody = stage.viewers[ANONYMOUS].visit
    tried = (one for one in told if "low" in one.seen_by and nobody.answer_to(one.url) is None)
    chosen = candidates(tried, stage.viewers["high"].visit, stage.ctx.setting("described_max"), 1)

    async def one(item: Chosen) -> Judged:
        return await _function(stage, item)

    return await stage.watched(chosen, ("low", "high"), one)


async def _function(stage: Stage, chosen: Chosen) -> Judged:
    endpoint, _ = chosen
    low, high, nobody = stage.viewers["low"], stage.viewers["high"], stage.viewers[ANONYMOUS]
    original = await high.ask(endpoint)
    if original.status != 200:
        return Judged(why=why_not(original) if original.response is None else None)
    answer = await low.ask(endpoint)
    if is_refused(answer, low.sign_in_paths, location(answer)):
        return Judged("refused")
    if answer.response is None or answer.status == 429 or (answer.status or 0) >= 500:
        return Judged("unknown", why=why_not(answer), failing=template(endpoint, chosen[1]) if failed(answer) else "")
    again = await high.ask(endpoint)
    shared = await lines_of(answer) & await lines_of(original)
    if not is_same(answer, original, again) or len(shared) < int(stage.ctx.setting("reserved_strings")):
        return Judged("other")
    open_to_all = await nobody.ask(endpoint)
    if not is_refused(open_to_all, nobody.sign_in_paths, location(open_to_all)):
        return Judged("other")  # open to everybody: another check's business
    return Judged("described-function", _told(stage, "described-function", chosen, (original, answer), len(shared)))


def _told(stage: Stage, slug: str, chosen: Chosen, answers: tuple[Exchange, Exchange], shared: int) -> Observation:
    ctx, (endpoint, found) = stage.ctx, chosen
    name = template(endpoint, found)
    original, answer = answers
    facts = compared(endpoint, name, "high", "low", original, answer)
    kept = (
        ctx.keep(original, excerpt=None, title="high"),
        ctx.keep(answer, excerpt=None, title="low"),
        ctx.keep_facts("compared", {**facts, "reserved_strings": shared}),
    )
    said: dict[str, JsonValue] = {"request": name, "strings": shared, "word": endpoint.for_staff}
    return Observation(slug=slug, subject=subject_of(ctx.target, name), facts=said, evidence=kept)


def _concluded(ctx: CheckContext, done: Climb) -> list[Observation]:
    site = ctx.target.site
    asked, refused = done.seen.total(), done.seen["refused"]
    unknown = done.seen["unknown"]
    untold = not_evaluated(ctx, done.failing, unknown, asked)
    # What opens without a session is a deviation of sessions; whether roles are told apart there stays unknown.
    opened = [inconclusive(subject_of(ctx.target, name), Reason.OTHER_DEVIATION) for name in dict.fromkeys(done.open)]
    if untold is None or not refused:
        return opened or [inconclusive(site, done.why or Reason.NO_SAMPLE, asked=asked, refused=refused)]
    facts: dict[str, JsonValue] = {"asked": asked - unknown, "refused": refused}
    return [Observation(slug="refused", subject=site, facts=facts), *untold, *opened]
