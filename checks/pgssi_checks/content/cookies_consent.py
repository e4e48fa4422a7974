"""`content.cookies-consent`: what pages call and keep before anybody chose anything (loi 78-17, art. 82)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import JsonValue

from pgssi_checks.content.trackers import Tracker, called, checked_on, left
from pgssi_probe.browser import RENDERED, Kept, Place, RenderedPage
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive

MAX_SHOWN = 20
LASTING = frozenset({Place.COOKIE, Place.LOCAL, Place.SESSION, Place.DATABASE})


@dataclass
class Seen:
    """A tracker met: by the hosts called for it, and the names it left."""

    tracker: Tracker
    hosts: dict[str, None] = field(default_factory=dict)
    kept: dict[str, None] = field(default_factory=dict)


def met(pages: Iterable[RenderedPage]) -> dict[str, Seen]:
    """The trackers that pages called, or whose marks the browser keeps. Nobody clicked: nobody agreed."""
    found: dict[str, Seen] = {}
    for page in pages:
        for asked in page.asked:
            tracker = called(asked.url)
            if tracker is not None:
                host = asked.url.split("/")[2][:253]
                found.setdefault(tracker.name, Seen(tracker)).hosts[host] = None
        for entry in page.kept.entries:
            tracker = left(entry.name) if entry.place in LASTING else None
            if tracker is not None:
                found.setdefault(tracker.name, Seen(tracker)).kept[entry.name[:80]] = None
    return found


def judge(found: Iterable[Seen]) -> dict[str, list[Seen]]:
    """`set` when something is kept in the browser, `called` when a host learns of the visit all the same, `exemptible`
    for a measure of audience that may do without consent: its settings are not seen from outside."""
    by_slug: dict[str, list[Seen]] = {}
    for seen in found:
        slug = "exemptible" if seen.tracker.exemptible else "set" if seen.kept else "called"
        by_slug.setdefault(slug, []).append(seen)
    return by_slug


async def observe(ctx: CheckContext) -> list[Observation]:
    rendered = await ctx.collect(RENDERED)
    if not rendered.pages:
        return [inconclusive(ctx.target.site, rendered.reason or Reason.NO_SAMPLE)]
    by_slug = judge(met(rendered.pages).values())
    observations = [
        Observation(
            slug=slug,
            subject=ctx.target.site,
            facts=_facts(seen),
            evidence=(ctx.keep_facts("trackers", {"trackers": [_line(one) for one in seen]}),),
        )
        for slug, seen in by_slug.items()
    ]
    if not observations and rendered.reason is not None:
        return [inconclusive(ctx.target.site, rendered.reason)]
    if not {"set", "called"} & by_slug.keys():
        others = _unknown(entry for page in rendered.pages[-1:] for entry in page.kept.of(Place.COOKIE))
        facts: dict[str, JsonValue] = {
            "pages": len(rendered.pages),
            "others": len(others),
            "cookies": [*others[:MAX_SHOWN]],
            "day": checked_on(),
        }
        observations.append(Observation(slug="none", subject=ctx.target.site, facts=facts))
    return observations


def _unknown(entries: Iterable[Kept]) -> list[str]:
    return list(dict.fromkeys(entry.name[:80] for entry in entries if left(entry.name) is None))


def _facts(seen: list[Seen]) -> dict[str, JsonValue]:
    return {
        "count": len(seen),
        "names": _shown(one.tracker.name for one in seen),
        "hosts": _shown(host for one in seen for host in one.hosts),
        "kept": _shown(name for one in seen for name in one.kept),
        "day": checked_on(),
    }


def _shown(words: Iterable[str]) -> list[JsonValue]:
    return [*list(dict.fromkeys(words))[:MAX_SHOWN]]


def _line(seen: Seen) -> JsonValue:
    return {
        "name": seen.tracker.name,
        "purpose": seen.tracker.purpose,
        "hosts": [*list(seen.hosts)[:MAX_SHOWN]],
        "kept": [*list(seen.kept)[:MAX_SHOWN]],
    }
