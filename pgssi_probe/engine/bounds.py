"""What a run may reach, how fast and for how long: the scope and the limits of its gate, from the engagement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pgssi_probe.check.context import Target
from pgssi_probe.engagement import Engagement
from pgssi_probe.engine.address import bracketed
from pgssi_probe.model.outcome import Level
from pgssi_probe.model.result import Plan
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.scope import Scope
from pgssi_probe.registry import RegisteredCheck

LONGEST_RUNG = 1.6
"""A declared delay is watched for half as long again (`session.timeout-idle`), and the run goes on a little after."""


def scope_of(target: Target, engagement: Engagement) -> Scope:
    """The origin of the target, the plain-HTTP port of the same host, and what the engagement declares."""
    endpoints = [target.url]
    plain = target.plain_http_url or (f"http://{bracketed(target.host)}:80/" if target.port == 443 else None)
    if plain:
        endpoints.append(plain)
    endpoints += [host if ":" in host or host.endswith("*") else f"{host}:443" for host in engagement.scope.hosts]
    return Scope.of(
        *endpoints,
        addresses=engagement.scope.addresses,
        excluded=engagement.scope.excluded_paths,
        probed=(target.host,) if engagement.scope.ports else (),
    )


def limits_of(engagement: Engagement) -> Limits:
    own = engagement.limits
    return Limits(
        rate_per_host=own.requests_per_second,
        burst_per_host=max(1, int(own.requests_per_second)),
        concurrency_per_host=own.concurrency,
        connect_rate=own.connections_per_second,
        connect_burst=max(1, int(own.connections_per_second)),
        max_requests=own.max_requests,
        max_connections=own.max_connections,
        max_seconds=own.max_seconds,
        request_timeout=own.request_seconds,
        connect_timeout=min(own.request_seconds, Limits().connect_timeout),
    )


def with_time_to_wait(
    limits: Limits, engagement: Engagement, plan: Plan, known: Mapping[str, RegisteredCheck]
) -> Limits:
    """The same, with time for the longest waits of the plan and of what is declared, unless the engagement says how
    long the run may last: a budget must not cut short the wait that was asked for."""
    if "max_seconds" in engagement.limits.model_fields_set:
        return limits
    timed = [known[entry.check].metadata for entry in plan.entries if entry.runs and entry.check in known]
    waits = [metadata.sends.seconds for metadata in timed if "time" in metadata.needs]
    if not waits:
        return limits
    minutes = [value for name, value in engagement.told.items() if name.endswith("-minutes")]
    declared = [60.0 * value for value in minutes if isinstance(value, (int, float)) and not isinstance(value, bool)]
    longest = max([*waits, *(LONGEST_RUNG * seconds for seconds in declared)])
    return replace(limits, max_seconds=limits.max_seconds + longest)


def within_the_window(limits: Limits, engagement: Engagement, level: Level, now: datetime) -> Limits:
    """The same, ending with the hours or the dates of the mandate: what it allows at `now`, it does not allow after."""
    end = engagement.mandate.window_end(now) if engagement.mandate and level is not Level.PASSIVE else None
    if end is None:
        return limits
    return replace(limits, max_seconds=min(limits.max_seconds, max(0.0, (end - now).total_seconds())))
