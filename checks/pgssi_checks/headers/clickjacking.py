"""`headers.clickjacking`: may another site show this page in a frame (RECOWEB R17, R18, R56)?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pgssi_checks.headers.csp_evaluation import opens_to_all
from pgssi_checks.headers.csp_policy import parse_header
from pgssi_checks.headers.responses import Kind, Sample, answered, html_only, tally
from pgssi_probe.check import CheckContext, Observation, Reason, Response, inconclusive
from pgssi_probe.discovery.site import Document

DRAWN_BELOW = 160
"""Characters of text below which a page without links is the shell of an application [ours]."""
FRAMED_KINDS = frozenset({Kind.PAGE, Kind.LOGIN})
"""An error page offers nothing to click on."""


def judge_response(response: Response) -> str:
    """The slug of one HTML answer. frame-ancestors, when present, is all that a browser looks at (CSP3 §6.4.2.2)."""
    lists = [
        policy.directives["frame-ancestors"]
        for policy in parse_header(response.all("content-security-policy"))
        if "frame-ancestors" in policy.directives
    ]
    if lists:
        wide = all(opens_to_all(tuple(t.lower() for t in tokens) or ("'none'",)) for tokens in lists)
        return "ancestors-too-wide" if wide else "protected"
    return judge_frame_options(response.all("x-frame-options"))


def judge_frame_options(values: Iterable[str]) -> str:
    """HTML Living Standard, "process X-Frame-Options": the set of values, where a conflict refuses and junk allows."""
    options = {part.strip().lower() for value in values for part in value.split(",")} - {""}
    if not options:
        return "missing"
    if len(options) > 1:
        return "protected" if options & {"deny", "sameorigin", "allowall"} else "xfo-obsolete"
    return "protected" if options <= {"deny", "sameorigin"} else "xfo-obsolete"


def judge(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """Slug -> pages and login pages that show it. Pages where nothing is at stake are told apart (RECOWEB R17)."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.kind in FRAMED_KINDS:
            found[judge_response(sample.response)].append(sample)
    if found.get("missing") and not any(acts(sample) for sample in found["missing"]):
        found["missing-on-ordinary"] = found.pop("missing")
    return found


def acts(sample: Sample) -> bool:
    """Does a click there do something: a sign-in, a form that sends data, or whatever scripts draw in an empty page?"""
    if sample.kind is Kind.LOGIN or sample.document is None:
        return sample.kind is Kind.LOGIN
    return any(form.method == "POST" for form in sample.document.forms) or is_drawn(sample.document, sample.url)


def is_drawn(document: Document, url: str) -> bool:
    """Whether scripts draw the page: it has some, and next to nothing to read, to follow or to fill in."""
    has_code = any(resource.tag == "script" for resource in document.resources)
    asks = any(form.fields for form in document.forms)
    leads = any(link.url.partition("#")[0] != url for link in document.links)
    return has_code and not asks and not leads and len(document.text.strip()) < DRAWN_BELOW


def shown_values(samples: Iterable[Sample]) -> list[str]:
    return sorted({value[:120] for sample in samples for value in sample.response.all("x-frame-options")})


async def observe(ctx: CheckContext) -> list[Observation]:
    found = judge(html_only(await answered(ctx)))
    if not found:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    return [
        Observation(
            slug=slug,
            subject=ctx.target.site,
            facts={**tally(concerned), "values": list(shown_values(concerned))},
            evidence=(ctx.keep(concerned[0].exchange),),
        )
        for slug, concerned in found.items()
    ]
