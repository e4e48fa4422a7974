"""`authz.forced-browsing`: what signed-in visitors were shown, asked for without a session (GA1).

Pages, documents and API alike. What is shown to two accounts and to nobody alike is public, and no weakness.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from pgssi_checks.authz.comparing import Shows
from pgssi_checks.authz.viewers import Lost, Stage, Viewer, candidates, curl, excerpt, lines, nothing, template, why_not
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import find_logout
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint
from pgssi_probe.inventory.references import Reference

SLUGS = {Shows.RECORD: "open-record", Shows.TRACES: "open-traces", Shows.SAME: "open-page"}
ACCOUNTS = ("a", "b", "high", "low")


@dataclass
class Walk:
    """What became of the addresses."""

    seen: Counter[Shows] = field(default_factory=Counter)
    public: int = 0
    found: list[Observation] = field(default_factory=list)
    why: Reason | None = None


async def observe(ctx: CheckContext) -> list[Observation]:
    labels = [label for label in ACCOUNTS if label in ctx.accounts]
    try:
        stage = await Stage.of(ctx, *labels)
        done = Walk()
        asked: set[str] = set()
        for label in labels:
            await _asked_by_nobody(stage, stage.viewers[label], done, asked)
    except Lost as lost:
        return nothing(ctx, lost.reason)
    found = list({(one.slug, one.subject): one for one in reversed(done.found)}.values())
    return found or _concluded(ctx, done)


async def _asked_by_nobody(stage: Stage, owner: Viewer, done: Walk, asked: set[str]) -> None:
    private = (one for one in stage.inventory.seen_by(owner.label) if ANONYMOUS not in one.seen_by)
    most, each = stage.ctx.setting("requests_max"), stage.ctx.setting("per_template")
    await owner.stand()
    for endpoint, found in candidates(private, owner.visit, most, each):
        if endpoint.url not in asked and len(asked) < most:
            asked.add(endpoint.url)
            await _one(stage, owner, endpoint, found, done)


async def _one(stage: Stage, owner: Viewer, endpoint: Endpoint, found: Sequence[Reference], done: Walk) -> None:
    nobody = stage.viewers[ANONYMOUS]
    answer = await nobody.ask(endpoint)
    original = owner.visit.answer_to(endpoint.url) if endpoint.method == "GET" else None
    if original is None:
        original = await owner.ask(endpoint)
    shows = await stage.shows(nobody, owner, answer, original)
    if shows in SLUGS:  # once more before anybody is accused
        original, again = await owner.ask(endpoint), await owner.ask(endpoint)
        answer = await nobody.ask(endpoint)
        shows = await stage.shows(nobody, owner, answer, original, again)
    if shows is Shows.SAME and await _is_public(stage, owner, endpoint, found, (original, answer)):
        done.public += 1
        return
    if shows is Shows.UNKNOWN:
        done.why = done.why or why_not(answer)
    done.seen[shows] += 1
    if shows in SLUGS:
        done.found.append(_told(stage, SLUGS[shows], owner, endpoint, found, (original, answer)))


async def _is_public(
    stage: Stage,
    owner: Viewer,
    endpoint: Endpoint,
    found: Sequence[Reference],
    answers: tuple[Exchange, Exchange],
) -> bool:
    """Whether the same answer to nobody is meant: another account gets it too, or it bears no sign of a session.

    With one account only, a page is suspected when it offers to sign out, and data or a document when it is named by
    an identifier.
    """
    original, answer = answers
    others = [one for label, one in stage.viewers.items() if label not in {ANONYMOUS, owner.label}]
    if others:
        await others[0].stand()
        same = await others[0].ask(endpoint)
        if await stage.shows(others[0], owner, same, original) is not Shows.SAME:
            return False
        # Two pages of one shape are not one page: what each account reads of its own is folded by the likeness.
        theirs, open_ = await lines([same]), await lines([answer])
        return len(theirs ^ open_) <= float(stage.ctx.setting("noise")) * len(theirs | open_)
    page = await parse_page(answer)
    return find_logout(page.document) is None if page is not None else not found


def _told(
    stage: Stage,
    slug: str,
    owner: Viewer,
    endpoint: Endpoint,
    found: Sequence[Reference],
    answers: tuple[Exchange, Exchange],
) -> Observation:
    ctx, known = stage.ctx, stage.marks(owner, stage.viewers[ANONYMOUS])
    values = known.proofs | known.telling
    name = template(endpoint, found)
    original, answer = answers
    facts: dict[str, JsonValue] = {
        "owner": owner.label,
        "asker": "nobody",
        "changed": "session",
        "request": name,
        "sha256_owner": original.response.sha256 if original.response else "",
        "sha256_asker": answer.response.sha256 if answer.response else "",
        "curl": curl(endpoint, ""),
    }
    kept = (
        ctx.keep(original, excerpt=excerpt(values, original), title=f"The page, for account {owner.label}"),
        ctx.keep(answer, excerpt=excerpt(values, answer), title="The same request, without a session"),
        ctx.keep_facts("One factor changed: the session", facts),
    )
    subject = Subject(kind="url", name=f"{ctx.target.origin}{name.partition(' ')[2]}"[:2000])
    return Observation(slug=slug, subject=subject, facts={"request": name, "owner": owner.label}, evidence=kept)


def _concluded(ctx: CheckContext, done: Walk) -> list[Observation]:
    site = ctx.target.site
    asked = done.seen.total() + done.public
    refused = done.seen[Shows.NOTHING]
    if done.seen[Shows.UNKNOWN] or not refused:
        return [inconclusive(site, done.why or Reason.NO_SAMPLE, asked=asked, refused=refused)]
    return [
        Observation(slug="refused", subject=site, facts={"asked": asked, "refused": refused, "public": done.public})
    ]
