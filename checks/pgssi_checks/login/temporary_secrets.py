"""`login.temporary-secrets` (AA6): what samples of reset links or temporary passwords prove against their making.

Few samples prove a weakness, never randomness. No sample is sent, nor leaves this module; only a link that was used,
or is past its time, is asked for when the operator gives one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from pgssi_checks.login.samples import Sample, by_sequence, by_time, from_address, read_samples, repeated, strength_bits
from pgssi_checks.login.spent_links import spent_links
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive


def judge(
    samples: Sequence[Sample], addresses: Sequence[str], link_bits: float, password_bits: float
) -> dict[str, int]:
    """Slug -> how many samples show it. Pure."""
    found = {
        "sent-in-clear": sum(sample.clear for sample in samples),
        "repeated": repeated(samples),
        "address-derived": sum(from_address(sample, addresses) for sample in samples),
        "uuid-v1": sum(sample.uuid_version == 1 for sample in samples),
        "sequence": len(samples) if by_sequence(samples) else 0,
        "time-based": sum(by_time(sample) for sample in samples),
    }
    weak = {slug: count for slug, count in found.items() if count}
    if not set(weak) - {"sent-in-clear"}:
        wanted = [
            (strength_bits(sample, samples), link_bits if sample.is_link else password_bits) for sample in samples
        ]
        short = sum(bits < needed for bits, needed in wanted)
        weak |= {"short": short} if short else {}
    return weak


async def observe(ctx: CheckContext) -> list[Observation]:
    site = ctx.target.site
    samples = read_samples(ctx.declared.get("login.samples"))
    spent = await spent_links(ctx)
    if not samples:
        return spent or [inconclusive(site, Reason.UNDECLARED, declare="login.samples")]
    address = ctx.declared.get("login.sample-address")
    addresses = [account.username for account in ctx.accounts.values()] + (
        [address] if isinstance(address, str) else []
    )
    link_bits, password_bits = float(ctx.setting("link_bits")), float(ctx.setting("password_bits"))
    found = judge(samples, addresses, link_bits, password_bits)
    least = min(strength_bits(sample, samples) for sample in samples)
    facts: dict[str, JsonValue] = {
        "samples": len(samples),
        "links": sum(sample.is_link for sample in samples),
        "bits": round(least, 1),
    }
    kept = (ctx.keep_facts("samples", {**facts, **found}),)
    slugs = found or {"no-weakness-seen": len(samples)}
    made = [
        Observation(slug=slug, subject=site, facts={**facts, "count": count}, evidence=kept)
        for slug, count in slugs.items()
    ]
    return [*made, *spent]
