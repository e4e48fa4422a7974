"""`headers.referrer`: the policy that the browser would apply, from the header and the meta tag (RECOWEB R21, R22)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from pgssi_checks.headers.responses import Kind, Sample, answered, html_only, tally
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive

POLICIES = frozenset(
    {
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    }
)
LEAKY = frozenset({"unsafe-url", "no-referrer-when-downgrade"})
NAME_IN_CLEAR = frozenset({"origin", "origin-when-cross-origin"})
"""Neither refused nor named among the right ones by RECOWEB R21: the address stays, the site is named over HTTP too."""


DOCUMENT = re.compile(rb"<(?:!doctype|html|head|title|body)\b", re.IGNORECASE)
BEGINNING = 4_096
FORMER = {
    "never": "no-referrer",
    "default": "strict-origin-when-cross-origin",
    "always": "unsafe-url",
    "origin-when-crossorigin": "origin-when-cross-origin",
}
"""Names that a meta tag may still use (HTML Living Standard, §4.2.5.1), and what browsers make of them."""


def applied_policy(values: Iterable[str]) -> str | None:
    """The last known token of the comma-separated values (Referrer Policy §8.1); None when there is none."""
    known = [token for value in values for token in (part.strip().lower() for part in value.split(","))]
    return next((token for token in reversed(known) if token in POLICIES), None)


def policy_of(sample: Sample) -> str | None:
    """The policy of an HTML answer: a meta tag with a known value overrides the header."""
    metas = sample.document.metas if sample.document else ()
    named = [meta.content.strip().lower() for meta in metas if meta.source == "name" and meta.name == "referrer"]
    written = [FORMER.get(value, value) for value in named]
    return applied_policy(written) or applied_policy(sample.response.all("referrer-policy"))


def is_document(sample: Sample) -> bool:
    """Whether the answer is a page and not a piece of one: scripts put pieces into a page, whose policy holds there."""
    return bool(DOCUMENT.search(sample.response.body[:BEGINNING]))


def _slug(policy: str | None) -> str:
    if policy is None:
        return "missing"
    if policy in LEAKY:
        return "leaky"
    return "name-in-clear" if policy in NAME_IN_CLEAR else "protective"


def judge(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """Slug -> the answers that show it. Error pages alone without a policy are only noted: little leaves from them."""
    found: dict[str, list[Sample]] = defaultdict(list)
    judged = [*samples]
    whole = any(is_document(sample) for sample in judged)
    for sample in judged:
        policy = policy_of(sample)
        if policy is not None or not whole or is_document(sample):
            found[_slug(policy)].append(sample)
    if found.get("missing") and all(sample.kind is Kind.ERROR for sample in found["missing"]) and len(found) > 1:
        found["missing-on-errors"] = found.pop("missing")
    return found


async def observe(ctx: CheckContext) -> list[Observation]:
    found = judge(html_only(await answered(ctx)))
    if not found:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    return [_observation(ctx, slug, concerned) for slug, concerned in found.items()]


def _observation(ctx: CheckContext, slug: str, concerned: list[Sample]) -> Observation:
    policies = sorted({policy for sample in concerned if (policy := policy_of(sample))})
    return Observation(
        slug=slug,
        subject=ctx.target.site,
        facts={**tally(concerned), "policies": [*policies]},
        evidence=(ctx.keep(concerned[0].exchange),),
    )
