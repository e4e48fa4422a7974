"""`authz.idor`: a record of one test account, asked for by the other (AA2, DT3).

One factor changes: the session. Only requests that an account was shown are made, never with a neighbour's identifier.
The owner asks first, so that the record is known to be there, and again when the other got it; a refusal, an address
that nobody has and a page of the asker's own are told apart by `comparing`. Both sessions are looked at all along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from pgssi_checks.authz.account_lists import accounts_named, names_one_of, tells_of_accounts
from pgssi_checks.authz.choosing import Chosen, candidates, is_offered_elsewhere, is_only_words, values_by_template
from pgssi_checks.authz.comparing import Shows, held, is_same, is_same_file
from pgssi_checks.authz.controlled import controlled
from pgssi_checks.authz.failing import failed, not_evaluated
from pgssi_checks.authz.tally import FEW, Judged, Tally
from pgssi_checks.authz.telling import compared, excerpt, subject_of
from pgssi_checks.authz.viewers import Lost, Stage, Viewer, nothing, why_not
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Source
from pgssi_probe.inventory.references import Form, Reference, references
from pgssi_probe.inventory.requests import parameters_of
from pgssi_probe.inventory.templates import bears_a_right, template

MANY = 3
"""Accounts from which on a list is one: the test accounts, and somebody else."""
HINTS = frozenset({Shows.SAME, Shows.TRACES})
SLUGS = {Shows.RECORD: "other-record", Shows.TRACES: "traces-of-other", Shows.SAME: "same-answer"}


Offered = Mapping[str, Mapping[str, frozenset[tuple[str, ...]]]]


async def observe(ctx: CheckContext) -> list[Observation]:
    done = Tally()
    try:
        stage = await Stage.of(ctx, "a", "b")
        offered = {label: values_by_template(stage.inventory, label) for label in ("a", "b")}
        for owner, asker in (("a", "b"), ("b", "a")):
            for judged in await _lists(stage, stage.viewers[asker], stage.viewers[owner]):
                done.add(judged)
            for judged in await _crossed(stage, stage.viewers[owner], stage.viewers[asker], offered):
                done.add(judged)
    except Lost as lost:
        return nothing(ctx, lost.reason)
    return done.merged() or _concluded(stage, done)


async def _crossed(stage: Stage, owner: Viewer, asker: Viewer, offered: Offered) -> list[Judged]:
    ctx = stage.ctx
    own = (one for one in stage.inventory.seen_by(owner.label) if asker.label not in one.shown_to)
    chosen = [one for one in candidates(own, owner.visit, 10_000, ctx.setting("per_template")) if one[1]]

    async def one(item: Chosen) -> Judged:
        return await _one(stage, owner, asker, item, offered)

    shown = await _already_shown(stage, owner, asker)
    both = (owner.label, asker.label)
    return shown + await stage.watched(chosen[: ctx.setting("requests_max")], both, one)


async def _already_shown(stage: Stage, owner: Viewer, asker: Viewer) -> list[Judged]:
    """Pages of the asker's own that show a declared value of the owner: a list that forgets whose records it lists."""
    declared = stage.marks(owner, asker).declared
    found = []
    for answer in asker.visit.answers:
        if held(declared, answer) and answer.request.method == "GET":
            label = frozenset({asker.label})
            endpoint = Endpoint("GET", answer.url, Source.LINK, label, parameters_of(answer.url))
            again = await asker.ask(endpoint)
            if held(declared, again):
                seen = (owner, answer), (asker, again)
                told = _told(stage, "other-record", *seen, endpoint, references(endpoint))
                found.append(Judged(Shows.RECORD, told))
    return found


async def _lists(stage: Stage, asker: Viewer, owner: Viewer) -> list[Judged]:
    """The first answer to an ordinary account that lists accounts, the other test account among them, and that nobody
    gets without one: that is said elsewhere."""
    ctx = stage.ctx
    username = ctx.accounts[owner.label].username
    if username == ctx.accounts[asker.label].username:
        return []
    for answer in asker.visit.answers:
        if answer.request.method != "GET" or not _lists_accounts(answer, username):
            continue
        endpoint = Endpoint("GET", answer.url, Source.LINK, frozenset({asker.label}), parameters_of(answer.url))
        again = await asker.ask(endpoint)
        open_to_all = await stage.viewers[ANONYMOUS].ask(endpoint)
        if not _lists_accounts(again, username) or accounts_named(_body(open_to_all)):
            continue
        name = template(endpoint, ())
        said: dict[str, JsonValue] = {
            "request": name,
            "owner": owner.label,
            "asker": asker.label,
            "count": accounts_named(_body(again)),
        }
        kept = ctx.keep(again, excerpt=None, title="account-list", account=asker.label)
        told = Observation(slug="account-list", subject=subject_of(ctx.target, name), facts=said, evidence=(kept,))
        return [Judged(None, told)]
    return []


def _lists_accounts(answer: Exchange, username: str) -> bool:
    body = _body(answer)
    many = accounts_named(body) >= MANY
    return many and names_one_of(body, [username]) and tells_of_accounts(body)


def _body(answer: Exchange) -> bytes:
    response = answer.response
    listed = response is not None and response.status == 200 and "json" in response.media_type
    return response.body if response is not None and listed else b""


async def _one(stage: Stage, owner: Viewer, asker: Viewer, chosen: Chosen, offered: Offered) -> Judged:
    endpoint, found = chosen
    original = await owner.ask(endpoint)
    if original.status != 200:
        was = owner.visit.answer_to(endpoint.url, endpoint.headers)
        gone = Reason.UNSTABLE_TARGET if was is not None else None
        return Judged(why=why_not(original) if original.response is None else gone)
    answer = await asker.ask(endpoint)
    shows = await stage.shows(asker, owner, endpoint, answer, original)
    if shows is Shows.NOTHING and answer.status == 200 and (await owner.absence(original, endpoint)).absent:
        return Judged()  # the owner itself is shown nothing there
    again = None
    if shows in SLUGS:  # once more before anybody is accused, and between two answers to the owner
        again = await owner.ask(endpoint)
        answer = await asker.ask(endpoint)
        shows = await stage.shows(asker, owner, endpoint, answer, original, again)
    elsewhere = shows in HINTS and is_offered_elsewhere(stage.inventory, asker.label, endpoint, found)
    if shows in HINTS and (elsewhere or _may_be_shared(endpoint, found, owner, asker, offered)):
        shows = Shows.OTHER
    if shows in HINTS:
        shows = await controlled(stage, owner, asker, chosen, (original, again or original, answer), shows)
    doubted = shows in HINTS and not stage.is_each_ones_own(template(endpoint, found), original)
    if doubted and await _is_everybodys(stage, endpoint, original, again):
        shows = Shows.OTHER
    if shows is Shows.UNKNOWN:
        return Judged(shows, why=why_not(answer), failing=template(endpoint, found) if failed(answer) else "")
    if shows not in SLUGS:
        return Judged(shows)
    told = _told(stage, SLUGS[shows], (owner, original), (asker, answer), endpoint, found)
    return Judged(shows, told)


def _may_be_shared(
    endpoint: Endpoint, found: Sequence[Reference], owner: Viewer, asker: Viewer, offered: Offered
) -> bool:
    """Whether what resembles is shared by design: both were offered some of the same records of this kind (a directory,
    of which each walk saw a part), or it is named by words alone, as pages are."""
    name = template(endpoint, found)
    common = offered[owner.label].get(name, frozenset()) & offered[asker.label].get(name, frozenset())
    return bool(common) or is_only_words(endpoint, found)


async def _is_everybodys(stage: Stage, endpoint: Endpoint, original: Exchange, again: Exchange | None) -> bool:
    """What is shown to nobody in particular is nobody's record."""
    answer = await stage.viewers[ANONYMOUS].ask(endpoint)
    return is_same(answer, original, again) or is_same_file(answer, original, again)


def _told(
    stage: Stage,
    slug: str,
    owner: tuple[Viewer, Exchange],
    asker: tuple[Viewer, Exchange],
    endpoint: Endpoint,
    found: Sequence[Reference],
) -> Observation:
    ctx, known = stage.ctx, stage.marks(owner[0], asker[0])
    values = known.proofs | known.telling
    name = template(endpoint, found)
    plain = [each for each in found if each.form is not Form.SLUG] or found
    forms: list[JsonValue] = [*sorted({each.form.value for each in plain})]
    facts = compared(endpoint, name, owner[0].label, asker[0].label, owner[1], asker[1])
    kept = (
        ctx.keep(owner[1], excerpt=excerpt(values, owner[1]), title="owner", account=owner[0].label),
        ctx.keep(asker[1], excerpt=excerpt(values, asker[1]), title="asker", account=asker[0].label),
        ctx.keep_facts("compared", {**facts, "identifiers": forms}),
    )
    said: dict[str, JsonValue] = {
        "request": name,
        "owner": owner[0].label,
        "asker": asker[0].label,
        "forms": forms,
    }
    return Observation(slug=slug, subject=subject_of(ctx.target, name), facts=said, evidence=kept)


def _concluded(stage: Stage, done: Tally) -> list[Observation]:
    site, seen = stage.ctx.target.site, done.seen
    refused = seen[Shows.NOTHING] + seen[Shows.OWN]
    if not seen:
        return [inconclusive(site, done.why or Reason.NO_SAMPLE)]
    untold = not_evaluated(stage.ctx, done.failing, seen[Shows.UNKNOWN], seen.total())
    asked = seen.total() - seen[Shows.UNKNOWN]
    if untold is None or not refused or _is_too_little(stage, asked):
        return [inconclusive(site, done.why or Reason.NO_SAMPLE, asked=seen.total(), refused=refused)]
    facts: dict[str, JsonValue] = {"asked": asked, "refused": refused}
    concluded = [Observation(slug="refused", subject=site, facts=facts), *untold]
    gap = _gap(stage)
    if gap is not None:
        concluded.append(Observation(slug="sequential", subject=site, facts={"gap": gap[1], "request": gap[0]}))
    return concluded


def _is_too_little(stage: Stage, asked: int) -> bool:
    """Whether a pass would rest on hardly anything: a few requests, of an application of which a walk left the more
    part. Where both walks were whole, a few requests are all there are."""
    whole = all(stage.viewers[label].visit.complete for label in ("a", "b"))
    return asked < FEW and not whole


def _gap(stage: Stage) -> tuple[str, int] | None:
    """The smallest distance between a number of the one account and one of the other in the same request."""
    numbers: dict[str, dict[str, set[int]]] = {}
    for label in ("a", "b"):
        for endpoint in stage.inventory.seen_by(label):
            found = references(endpoint)
            if not endpoint.reads or endpoint.held is not None or bears_a_right(endpoint, found):
                continue
            for each in found:
                if each.form is Form.NUMBER and len(each.value) <= 12:
                    numbers.setdefault(template(endpoint, found), {}).setdefault(label, set()).add(int(each.value))
    gaps = [
        (min(abs(one - other) for one in seen["a"] for other in seen["b"]), name)
        for name, seen in numbers.items()
        if "a" in seen and "b" in seen and not seen["a"] & seen["b"]
    ]
    return (min(gaps)[1], min(gaps)[0]) if gaps else None
