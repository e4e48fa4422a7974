"""`headers.csp`: what the content security policy of each page still lets through (RECOWEB R13 to R20, R37)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from pgssi_checks.headers.csp_evaluation import Weakness, allows_inline, evaluate, has_nonce_or_hash
from pgssi_checks.headers.csp_policy import Policy, parse_header, parse_meta
from pgssi_checks.headers.responses import Kind, Sample, answered, html_only, tally
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.net.exchange import Exchange

MAX_SOURCES = 12


@dataclass(frozen=True, slots=True)
class Applied:
    """The policies that a browser would apply to one answer."""

    sample: Sample
    enforced: tuple[Policy, ...]
    reported: tuple[Policy, ...]
    from_meta: bool

    @property
    def nonces(self) -> frozenset[str]:
        return frozenset(nonce for policy in (*self.enforced, *self.reported) for nonce in policy.nonces)


def applied(sample: Sample) -> Applied:
    """Header lines and meta tags of an answer; a meta tag cannot be report-only."""
    response = sample.response
    header = parse_header(response.all("content-security-policy"))
    metas = sample.document.metas if sample.document else ()
    meta = parse_meta(m.content for m in metas if m.source == "http-equiv" and m.name == "content-security-policy")
    reported = parse_header(response.all("content-security-policy-report-only"), report_only=True)
    return Applied(sample, (*header, *meta), tuple(reported), bool(meta) and not header)


def judge(answers: Iterable[Applied]) -> dict[str, list[tuple[Applied, Weakness]]]:
    """Slug -> the answers that show it. An answer without weakness is under "restrictive"."""
    found: dict[str, list[tuple[Applied, Weakness]]] = defaultdict(list)
    for answer in answers:
        for weakness in _judge_one(answer):
            found[weakness.slug].append((answer, weakness))
    if found.get("missing") and "missing-on-errors" in found:
        found["missing"] += found.pop("missing-on-errors")
    return found


def _judge_one(answer: Applied) -> list[Weakness]:
    if not answer.enforced:
        if answer.reported:
            return [Weakness("report-only")]
        return [Weakness("missing-on-errors" if answer.sample.kind is Kind.ERROR else "missing")]
    return evaluate(answer.enforced) or [Weakness("restrictive")]


def notes(answers: Iterable[Applied]) -> dict[str, list[Applied]]:
    """What is worth knowing and is no deviation, by slug."""
    found: dict[str, list[Applied]] = defaultdict(list)
    for answer in answers:
        policies = answer.enforced
        if not policies:
            continue
        if answer.from_meta:
            found["meta-only"].append(answer)
        if not any("frame-ancestors" in policy.directives for policy in policies):
            found["no-frame-ancestors"].append(answer)
        scripts = [policy.effective("script-src-elem") for policy in policies]
        if any(t and "'unsafe-hashes'" in t for t in scripts):
            found["unsafe-hashes"].append(answer)
        if not all(allows_inline(t, script=True) for t in scripts) and any(
            t and "'unsafe-inline'" in t and has_nonce_or_hash(t) for t in scripts
        ):
            found["inline-tolerated"].append(answer)
    return found


def reused_nonces(answers: Iterable[Applied]) -> list[Applied]:
    """Answers whose nonce was already given to another answer: whoever reads one page can sign scripts for the next."""
    first: dict[str, Applied] = {}
    concerned: dict[int, Applied] = {}
    for answer in answers:
        for nonce in answer.nonces:
            other = first.setdefault(nonce, answer)
            if other.sample.exchange is not answer.sample.exchange:
                concerned[id(other)], concerned[id(answer)] = other, answer
    return list(concerned.values())


def one_per_source(found: Sequence[tuple[Applied, Weakness]]) -> list[JsonValue]:
    tokens: dict[JsonValue, None] = dict.fromkeys(token[:200] for _, weakness in found for token in weakness.sources)
    return [*tokens][:MAX_SOURCES]


async def _again(ctx: CheckContext, answers: Sequence[Applied]) -> list[Applied]:
    """The first page that carries a nonce, asked once more when nothing else allows a comparison."""
    bearing = [answer for answer in answers if answer.nonces]
    if len(bearing) != 1:
        return []
    again = await ctx.get(bearing[0].sample.url)
    if again.response is None:
        return []
    return [applied(Sample(bearing[0].sample.kind, again, again.response))]


async def observe(ctx: CheckContext) -> list[Observation]:
    answers = [applied(sample) for sample in html_only(await answered(ctx))]
    if not answers:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    observations = [
        _observation(ctx, slug, [a for a, _ in found], sources=one_per_source(found))
        for slug, found in judge(answers).items()
    ]
    observations += [_observation(ctx, slug, concerned) for slug, concerned in notes(answers).items()]
    if reused := reused_nonces([*answers, *await _again(ctx, answers)]):
        observations.append(_observation(ctx, "nonce-reused", reused))
    return observations


def _observation(
    ctx: CheckContext, slug: str, concerned: Sequence[Applied], *, sources: Sequence[JsonValue] = ()
) -> Observation:
    kept: Exchange = concerned[0].sample.exchange
    return Observation(
        slug=slug,
        subject=ctx.target.site,
        facts={**tally([answer.sample for answer in concerned]), "sources": list(sources)},
        evidence=(ctx.keep(kept),),
    )
