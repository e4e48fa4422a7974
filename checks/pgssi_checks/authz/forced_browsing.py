"""`authz.forced-browsing`: what signed-in visitors were shown, asked for without a session (GA1).

Pages, documents and API alike. What is shown to two accounts and to nobody alike is public, and no weakness.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from pgssi_checks.authz.account_lists import (
    AccountList,
    accounts_named,
    gives_passwords,
    names_one_of,
    open_account_lists,
)
from pgssi_checks.authz.choosing import Chosen, candidates, is_only_words
from pgssi_checks.authz.comparing import Shows, held, is_file, is_same_file
from pgssi_checks.authz.failing import failed, not_evaluated
from pgssi_checks.authz.lines import lines
from pgssi_checks.authz.of_role import HIGHER, opens_as_function
from pgssi_checks.authz.redirected import SENT, own_witnesses, sent_all_the_same, told_once
from pgssi_checks.authz.tally import FEW, Judged, Tally
from pgssi_checks.authz.telling import compared, excerpt, subject_of
from pgssi_checks.authz.viewers import Lost, Stage, Viewer, nothing, why_not
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.compare.marks import SHORTEST
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import find_logout
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Source
from pgssi_probe.inventory.references import Reference, references
from pgssi_probe.inventory.requests import parameters_of
from pgssi_probe.inventory.templates import template

SLUGS = {Shows.RECORD: "open-record", Shows.TRACES: "open-traces", Shows.SAME: "open-page"}
HINTS = frozenset({Shows.TRACES, Shows.SAME})
ACCOUNTS = ("a", "b", "high", "low")


async def observe(ctx: CheckContext) -> list[Observation]:
    listed = [_listing(ctx, one) for one in await open_account_lists(ctx)]
    found = await _walked(ctx)
    told = any(one.slug == "account-list" for one in found)
    return [*([] if told else listed[:1]), *found]


def _listing(ctx: CheckContext, found: AccountList) -> Observation:
    kept = ctx.keep(found.exchange, excerpt=None, title="account-list")
    facts: dict[str, JsonValue] = {"url": found.exchange.url, "software": found.software or "—", "count": found.count}
    return Observation(slug="account-list", subject=ctx.target.site, facts=facts, evidence=(kept,))


async def _walked(ctx: CheckContext) -> list[Observation]:
    done = Tally()
    try:
        stage = await Stage.of_those_in(ctx, *(label for label in ACCOUNTS if label in ctx.accounts))
        labels = [label for label in ACCOUNTS if label in stage.viewers]
        await own_witnesses(stage)
        asked: set[tuple[str, str, bytes]] = set()
        for judged in await _open_already(stage, labels):
            done.add(judged)
        for label in labels:
            for judged in await _asked_by_nobody(stage, stage.viewers[label], asked):
                done.add(judged)
    except Lost as lost:
        return nothing(ctx, lost.reason)
    found = told_once(done.merged(), ctx.target.site)
    whole = all(stage.inventory.visits[label].complete for label in labels)
    return found or _concluded(ctx, done, whole=whole)


async def _open_already(stage: Stage, labels: Sequence[str]) -> list[Judged]:
    """Pages that the walk without an account was shown, with a value that an account alone may see."""
    ctx, nobody = stage.ctx, stage.viewers[ANONYMOUS]
    found = []
    for label in labels:
        declared = [one.reveal() for one in ctx.accounts[label].canaries if len(one.reveal()) >= SHORTEST]
        for answer in nobody.visit.answers:
            if answer.request.method == "GET" and answer.status == 200 and _listed(stage, answer) is not None:
                again = await nobody.ask(Endpoint("GET", answer.url, Source.LINK, frozenset({ANONYMOUS})))
                found.append(Judged(found=_listed(stage, again)))
            if answer.request.method == "GET" and answer.status == 200 and held(declared, answer):
                endpoint = Endpoint("GET", answer.url, Source.LINK, frozenset({ANONYMOUS}), parameters_of(answer.url))
                again = await nobody.ask(endpoint)
                if held(declared, again):
                    named = references(endpoint)
                    told = _told(stage, "open-record", stage.viewers[label], endpoint, named, (answer, again))
                    found.append(Judged(Shows.RECORD, told))
    return found


async def _asked_by_nobody(stage: Stage, owner: Viewer, asked: set[tuple[str, str, bytes]]) -> list[Judged]:
    nobody = stage.inventory.visits[ANONYMOUS]
    private = [one for one in stage.inventory.seen_by(owner.label) if ANONYMOUS not in one.shown_to]
    # What a script told to everybody comes last: most of it was asked for without a session already.
    private.sort(key=lambda one: ANONYMOUS in one.seen_by)
    private = [one for one in private if (seen := nobody.answer_to(one.url)) is None or seen.status != 200]
    most = stage.ctx.setting("requests_max")
    fresh = candidates(private, owner.visit, most, stage.ctx.setting("per_template"))
    fresh = [one for one in fresh if (one[0].method, one[0].url, one[0].body) not in asked][: most - len(asked)]
    asked.update((one.method, one.url, one.body) for one, _ in fresh)

    async def one(item: Chosen) -> Judged:
        return await _one(stage, owner, item)

    return await stage.watched(fresh, (owner.label,), one)


async def _one(stage: Stage, owner: Viewer, chosen: Chosen) -> Judged:
    endpoint, found = chosen
    nobody = stage.viewers[ANONYMOUS]
    original = owner.visit.answer_to(endpoint.url, endpoint.headers) if endpoint.method == "GET" else None
    if original is None:
        original = await owner.ask(endpoint)
        if original.status != 200:
            return Judged(None, why=why_not(original) if original.response is None else None)
    answer = await nobody.ask(endpoint)
    shows, again = await stage.shows(nobody, owner, endpoint, answer, original), None
    if shows in SLUGS:  # once more before anybody is accused
        original, again = await owner.ask(endpoint), await owner.ask(endpoint)
        answer = await nobody.ask(endpoint)
        shows = await stage.shows(nobody, owner, endpoint, answer, original, again)
    if shows is Shows.NOTHING and await sent_all_the_same(stage, owner, nobody, original, answer):
        answer = await nobody.ask(endpoint)
        if await sent_all_the_same(stage, owner, nobody, original, answer):
            return Judged(shows, _told(stage, SENT, owner, endpoint, found, (original, answer)))
    if shows in HINTS and (listed := _listed(stage, answer)) is not None:
        return Judged(shows, listed)
    if shows in HINTS and owner.label == HIGHER:
        strings = await opens_as_function(stage, chosen, original, answer)
        if strings:
            return Judged(
                shows, _told(stage, "open-function", owner, endpoint, found, (original, answer), strings=strings)
            )
    if shows in HINTS and await _is_public(stage, owner, chosen, (original, answer), again):
        return Judged(None, public=True)
    if shows is Shows.UNKNOWN:
        return Judged(shows, why=why_not(answer), failing=template(endpoint, found) if failed(answer) else "")
    if shows not in SLUGS:
        return Judged(shows)
    return Judged(shows, _told(stage, SLUGS[shows], owner, endpoint, found, (original, answer)))


def _listed(stage: Stage, answer: Exchange) -> Observation | None:
    """A list of accounts that everybody is given alike: the test account is among them, or passwords are."""
    body = answer.response.body if answer.response is not None else b""
    count = accounts_named(body)
    usernames = [account.username for account in stage.ctx.accounts.values()]
    listed = count > 1 and (names_one_of(body, usernames) or gives_passwords(body))
    return _listing(stage.ctx, AccountList(answer, "", count)) if listed else None


async def _is_public(
    stage: Stage, owner: Viewer, chosen: Chosen, answers: tuple[Exchange, Exchange], again: Exchange | None
) -> bool:
    """Whether the same answer to nobody is meant: another account gets it too, or it bears no sign of a session.

    An answer that shows the very name of the account is meant for nobody else, nor is a record of a kind of which each
    account is offered its own. With one account only, a page is suspected when it offers to sign out, and data or a
    document when it is named by an identifier.
    """
    endpoint, found = chosen
    original, answer = answers
    if held(stage.marks(owner, stage.viewers[ANONYMOUS]).named, answer):
        return False
    if stage.is_each_ones_own(template(endpoint, found), original):
        return False
    others = [one for label, one in stage.viewers.items() if label not in {ANONYMOUS, owner.label}]
    others = [one for one in others if _name(stage, one) != _name(stage, owner)]
    if others:
        await others[0].stand()
        same = await others[0].ask(endpoint)
        if is_file(original):
            return is_same_file(same, original, again)
        # What is open is public when the other account reads it all; what else each reads there is their own frame.
        open_ = await lines([answer])
        own = open_ - await lines([same]) - await stage.shown(stage.viewers[ANONYMOUS])
        return len(own) <= float(stage.ctx.setting("noise")) * len(open_)
    page = await parse_page(answer)
    return find_logout(page.document) is None if page is not None else is_only_words(endpoint, found)


def _name(stage: Stage, viewer: Viewer) -> str:
    return stage.ctx.accounts[viewer.label].username


def _told(
    stage: Stage,
    slug: str,
    owner: Viewer,
    endpoint: Endpoint,
    found: Sequence[Reference],
    answers: tuple[Exchange, Exchange],
    **more: JsonValue,
) -> Observation:
    ctx, known = stage.ctx, stage.marks(owner, stage.viewers[ANONYMOUS])
    values = known.proofs | known.telling
    name = template(endpoint, found)
    original, answer = answers
    facts = compared(endpoint, name, owner.label, ANONYMOUS, original, answer)
    kept = (
        ctx.keep(original, excerpt=excerpt(values, original), title="owner", account=owner.label),
        ctx.keep(answer, excerpt=excerpt(values, answer), title="nobody"),
        ctx.keep_facts("compared", facts),
    )
    said: dict[str, JsonValue] = {"request": name, "owner": owner.label, **more}
    return Observation(slug=slug, subject=subject_of(ctx.target, name), facts=said, evidence=kept)


def _concluded(ctx: CheckContext, done: Tally, *, whole: bool) -> list[Observation]:
    """`whole`: the walks left nothing out, so that a few addresses are all there are."""
    site = ctx.target.site
    asked = done.seen.total() + done.public
    refused = done.seen[Shows.NOTHING]
    unknown = done.seen[Shows.UNKNOWN]
    untold = not_evaluated(ctx, done.failing, unknown, asked)
    if untold is None or not refused or (asked - unknown < FEW and not whole):
        return [inconclusive(site, done.why or Reason.NO_SAMPLE, asked=asked, refused=refused)]
    facts: dict[str, JsonValue] = {"asked": asked - unknown, "refused": refused, "public": done.public}
    return [Observation(slug="refused", subject=site, facts=facts), *untold]
