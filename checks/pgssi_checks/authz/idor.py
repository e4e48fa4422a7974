"""`authz.idor`: a record of one test account, asked for by the other (AA2, DT3).

One factor changes: the session. Only addresses that an account was shown are asked for, never a neighbour's. The
owner asks first, so that the record is known to be there, and again when the other got it; a refusal, an address that
nobody has and a page of the asker's own are told apart by `comparing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from pgssi_checks.authz.comparing import Shows, held
from pgssi_checks.authz.viewers import Lost, Stage, Viewer, candidates, curl, excerpt, nothing, template, why_not
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Source
from pgssi_probe.inventory.references import Form, Reference, references
from pgssi_probe.inventory.requests import parameters_of

SLUGS = {Shows.RECORD: "other-record", Shows.TRACES: "traces-of-other", Shows.SAME: "same-answer"}


@dataclass
class Crossing:
    """What became of the requests of one direction."""

    seen: Counter[Shows] = field(default_factory=Counter)
    found: list[Observation] = field(default_factory=list)
    why: Reason | None = None


async def observe(ctx: CheckContext) -> list[Observation]:
    try:
        stage = await Stage.of(ctx, "a", "b")
        crossings = [await _crossed(stage, owner, asker) for owner, asker in (("a", "b"), ("b", "a"))]
    except Lost as lost:
        return nothing(ctx, lost.reason)
    found = _merged([one for crossing in crossings for one in crossing.found])
    return found or _concluded(stage, crossings)


async def _crossed(stage: Stage, owner_label: str, asker_label: str) -> Crossing:
    ctx = stage.ctx
    owner, asker = stage.viewers[owner_label], stage.viewers[asker_label]
    own = (one for one in stage.inventory.seen_by(owner_label) if asker_label not in one.seen_by)
    done = Crossing()
    await owner.stand()
    await asker.stand()
    await _already_shown(stage, owner, asker, done)
    for endpoint, found in candidates(own, owner.visit, ctx.setting("requests_max"), ctx.setting("per_template")):
        if found:
            await _one(stage, owner, asker, endpoint, found, done)
    await asker.stand()
    return done


async def _already_shown(stage: Stage, owner: Viewer, asker: Viewer, done: Crossing) -> None:
    """Pages of the asker's own that show a declared value of the owner: a list that forgets whose records it lists."""
    declared = stage.marks(owner, asker).declared
    for answer in asker.visit.answers:
        if held(declared, answer) and answer.request.method == "GET":
            parameters = parameters_of(answer.url)
            endpoint = Endpoint("GET", answer.url, Source.LINK, frozenset({asker.label}), parameters)
            again = await asker.ask(endpoint)
            if held(declared, again):
                done.seen[Shows.RECORD] += 1
                seen = (owner, answer), (asker, again)
                done.found.append(_told(stage, "other-record", *seen, endpoint, references(endpoint)))


async def _one(
    stage: Stage, owner: Viewer, asker: Viewer, endpoint: Endpoint, found: Sequence[Reference], done: Crossing
) -> None:
    original = await owner.ask(endpoint)
    if original.status != 200:
        done.why = done.why or (why_not(original) if original.response is None else Reason.UNSTABLE_TARGET)
        return
    answer = await asker.ask(endpoint)
    shows = await stage.shows(asker, owner, answer, original)
    if shows in SLUGS:  # once more before anybody is accused, and between two answers to the owner
        again = await owner.ask(endpoint)
        answer = await asker.ask(endpoint)
        shows = await stage.shows(asker, owner, answer, original, again)
    if shows is Shows.SAME and await _is_everybodys(stage, endpoint, original):
        shows = Shows.OTHER
    if shows is Shows.UNKNOWN:
        done.why = done.why or why_not(answer)
    done.seen[shows] += 1
    if shows in SLUGS:
        done.found.append(_told(stage, SLUGS[shows], (owner, original), (asker, answer), endpoint, found))


async def _is_everybodys(stage: Stage, endpoint: Endpoint, original: Exchange) -> bool:
    """What is shown to nobody in particular is nobody's record."""
    nobody = stage.viewers[ANONYMOUS]
    answer = await nobody.ask(endpoint)
    return await stage.shows(nobody, nobody, answer, original) is Shows.SAME


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
    facts: dict[str, JsonValue] = {
        "owner": owner[0].label,
        "asker": asker[0].label,
        "changed": "session",
        "request": name,
        "identifiers": ", ".join(sorted({each.form.value for each in found})),
        "same_body": _hash(owner[1]) == _hash(asker[1]),
        "sha256_owner": _hash(owner[1]),
        "sha256_asker": _hash(asker[1]),
        "curl": curl(endpoint, asker[0].label),
    }
    kept = (
        ctx.keep(owner[1], excerpt=excerpt(values, owner[1]), title=f"The record, for account {owner[0].label}"),
        ctx.keep(asker[1], excerpt=excerpt(values, asker[1]), title=f"Same request, account {asker[0].label}"),
        ctx.keep_facts("One factor changed: the session", facts),
    )
    subject = Subject(kind="url", name=f"{ctx.target.origin}{name.partition(' ')[2]}"[:2000])
    said: dict[str, JsonValue] = {
        "request": name,
        "owner": owner[0].label,
        "asker": asker[0].label,
        "forms": ", ".join(sorted({each.form.value for each in found})),
    }
    return Observation(slug=slug, subject=subject, facts=said, evidence=kept)


def _hash(exchange: Exchange) -> str:
    return exchange.response.sha256 if exchange.response else ""


def _merged(found: Sequence[Observation]) -> list[Observation]:
    """One for each template and slug: the direction does not make another weakness."""
    return list({(one.slug, one.subject): one for one in reversed(found)}.values())


def _concluded(stage: Stage, crossings: Sequence[Crossing]) -> list[Observation]:
    site = stage.ctx.target.site
    seen: Counter[Shows] = sum((crossing.seen for crossing in crossings), Counter())
    why = next((crossing.why for crossing in crossings if crossing.why), None)
    refused = seen[Shows.NOTHING] + seen[Shows.OWN]
    if not seen:
        return [inconclusive(site, why or Reason.NO_SAMPLE)]
    if seen[Shows.UNKNOWN] or not refused:
        return [inconclusive(site, why or Reason.NO_SAMPLE, asked=seen.total(), refused=refused)]
    facts: dict[str, JsonValue] = {"asked": seen.total(), "refused": refused}
    concluded = [Observation(slug="refused", subject=site, facts=facts)]
    gap = _gap(stage)
    if gap is not None:
        concluded.append(Observation(slug="sequential", subject=site, facts={"gap": gap[1], "request": gap[0]}))
    return concluded


def _gap(stage: Stage) -> tuple[str, int] | None:
    """The smallest distance between a number of the one account and one of the other in the same request."""
    numbers: dict[str, dict[str, set[int]]] = {}
    for label in ("a", "b"):
        own = stage.inventory.seen_by(label)
        for endpoint, found in candidates(own, stage.viewers[label].visit, 200, 50):
            for each in found:
                if each.form is Form.NUMBER and len(each.value) <= 12:
                    numbers.setdefault(template(endpoint, found), {}).setdefault(label, set()).add(int(each.value))
    gaps = [
        (min(abs(one - other) for one in seen["a"] for other in seen["b"]), name)
        for name, seen in numbers.items()
        if "a" in seen and "b" in seen and not seen["a"] & seen["b"]
    ]
    return (min(gaps)[1], min(gaps)[0]) if gaps else None
