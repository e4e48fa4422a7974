"""`headers.referrer`: the policy that the browser would apply, from the header and the meta tag (RECOWEB R21, R22)."""

from __future__ import annotations

from collections.abc import Iterable

from pgssi_probe.check import CheckContext, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page

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


def applied_policy(values: Iterable[str]) -> str | None:
    """The last known token of the comma-separated values (Referrer Policy §8.1); None when there is none."""
    known = [token for value in values for token in (part.strip().lower() for part in value.split(","))]
    return next((token for token in reversed(known) if token in POLICIES), None)


def policy_of(page: Page) -> str | None:
    """The policy of a page: a meta tag with a known value overrides the header."""
    metas = [meta.content for meta in page.document.metas if meta.source == "name" and meta.name == "referrer"]
    response = page.exchange.response
    return applied_policy(metas) or applied_policy(response.all("referrer-policy") if response else ())


def judge(pages: Iterable[Page]) -> list[tuple[str, Page, str | None]]:
    """Slug, page and policy of each page."""
    verdicts = []
    for page in pages:
        policy = policy_of(page)
        slug = "missing" if policy is None else "leaky" if policy in LEAKY else "protective"
        verdicts.append((slug, page, policy))
    return verdicts


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    judged = judge(site.pages)
    if not judged:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    observations = []
    for slug in ("missing", "leaky"):
        concerned = [(page, policy) for found, page, policy in judged if found == slug]
        if concerned:
            page, policy = concerned[0]
            observations.append(
                Observation(
                    slug=slug,
                    subject=Subject(kind="site", name=ctx.target.origin),
                    facts={"count": len(concerned), "policy": policy, "urls": [page.url for page, _ in concerned[:20]]},
                    evidence=(ctx.keep(page.exchange),),
                )
            )
    if not observations:
        policies: list[str] = sorted({policy for _, _, policy in judged if policy})
        observations.append(
            Observation(
                slug="protective", subject=ctx.target.site, facts={"count": len(judged), "policies": list(policies)}
            )
        )
    return observations
