"""`headers.security`: what the general headers of pages, errors, APIs and files tell the browser (RECOWEB R6, R46)."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable

from pydantic import JsonValue

from pgssi_checks.headers.responses import HTML_KINDS, Kind, Sample, answered, tally
from pgssi_probe.check import CheckContext, Observation, Reason, Response, inconclusive

META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=", re.IGNORECASE)
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")
NOTED = "nosniff-missing-on-errors"
MAX_JSON = 1_000_000
SNIFFED = 1024
"""Bytes in which a browser looks for a declared encoding (HTML Living Standard, prescan)."""


def nosniff(response: Response) -> bool:
    """Fetch standard, "determine nosniff": only the first value of all the lines counts."""
    values = ",".join(response.all("x-content-type-options")).split(",")
    return values[0].strip().lower() == "nosniff"


def charset_known(response: Response) -> bool:
    declared = response.header("content-type") or ""
    if re.search(r"charset\s*=\s*\S", declared, re.IGNORECASE):
        return True
    return response.body.startswith(BYTE_ORDER_MARKS) or bool(META_CHARSET.search(response.body[:SNIFFED]))


def charset_owed(sample: Sample) -> bool:
    """Whether an encoding must be told. An error page in plain ASCII, as servers write them, reads alike in all."""
    return sample.kind is not Kind.ERROR or not sample.response.body.isascii()


def is_json_as_html(response: Response) -> bool:
    """Data for programs that a browser would read as a page."""
    start = response.body.lstrip()[:1]
    if response.media_type != "text/html" or start not in {b"{", b"["} or len(response.body) > MAX_JSON:
        return False
    try:
        json.loads(response.body)
    except (ValueError, RecursionError):
        return False
    return True


def opener_policy(response: Response) -> str:
    """The token of Cross-Origin-Opener-Policy without its parameters; "" when absent."""
    return (response.header("cross-origin-opener-policy") or "").split(";")[0].strip().strip('"').lower()


def weaknesses_of(sample: Sample) -> list[str]:
    """Slugs of one answer. Some headers mean something on pages only."""
    response, found = sample.response, []
    html = sample.kind in HTML_KINDS
    if response.header("content-type") is None:
        found.append("content-type-missing")
    elif html and charset_owed(sample) and not charset_known(response):
        found.append("charset-missing")
    if is_json_as_html(response):
        found.append("content-type-inconsistent")
    if not nosniff(response):
        found.append("nosniff-missing")
    if any(value.strip().startswith("1") for value in response.all("x-xss-protection")):
        found.append("xss-protection-on")
    if html and response.status < 400:
        if not (response.header("permissions-policy") or "").strip():
            found.append("permissions-policy-missing")
        # A browser ignores the opener policy of a page that did not come over HTTPS.
        if sample.exchange.secure and opener_policy(response) in {"", "unsafe-none"}:
            found.append("coop-missing")
    return found


def judge(sampled: Iterable[Sample]) -> dict[str, list[Sample]]:
    """Slug -> the answers that show it. Where nosniff is missing makes three different things."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for sample in sampled:
        for slug in weaknesses_of(sample):
            found[slug].append(sample)
    kinds = {sample.kind for sample in found.get("nosniff-missing", ())}
    if kinds == {Kind.ERROR}:
        found[NOTED] = found.pop("nosniff-missing")
    elif kinds and kinds <= {Kind.ERROR, Kind.FILE}:
        found["nosniff-missing-on-files"] = found.pop("nosniff-missing")
    return found


def isolation(sampled: Iterable[Sample]) -> list[JsonValue]:
    """Values of the two optional isolation headers seen on pages: information, since most sites need neither."""
    names = ("cross-origin-resource-policy", "cross-origin-embedder-policy")
    seen = {
        f"{name}: {v[:60]}" for s in sampled if s.kind in HTML_KINDS for name in names for v in s.response.all(name)
    }
    return [*sorted(seen)]


async def observe(ctx: CheckContext) -> list[Observation]:
    sampled = await answered(ctx)
    if not sampled:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    found = judge(sampled)
    observations = [
        Observation(
            slug=slug,
            subject=ctx.target.site,
            facts=tally(concerned),
            evidence=(ctx.keep(concerned[0].exchange),),
        )
        for slug, concerned in found.items()
    ]
    if not found.keys() - {NOTED}:
        facts = {**tally(sampled), "isolation": isolation(sampled)}
        observations.append(Observation(slug="complete", subject=ctx.target.site, facts=facts))
    return observations
