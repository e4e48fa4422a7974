"""Whether a run that does not show a finding could have shown it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from pgssi_probe.model.outcome import Outcome, Reason, Status, Subject
from pgssi_probe.model.result import CheckRun, RunResult
from pgssi_probe.net.scope import Scope

_WHOLE = ("site", "host")
_ADDRESSED = ("site", "url", "form", "file")
_NAMED = ("host", "endpoint", "service")


class Why(StrEnum):
    """Why two runs cannot be compared on a finding. The list is closed; the texts are in the catalogues."""

    TARGET = "target"
    SCOPE = "scope"
    LEVEL = "level"
    CHECK_ABSENT = "check_absent"
    CHECK_VERSION = "check_version"
    CHECK_NOT_RUN = "check_not_run"
    INCONCLUSIVE = "inconclusive"


class Obstacle(NamedTuple):
    """`reason` is that of the run which does not show the finding, when it has one."""

    why: Why
    reason: Reason | None = None


def obstacle(finding: Outcome, *, seen_in: RunResult, missing_from: RunResult) -> Obstacle | None:
    """What prevents the absence of a finding from meaning anything; None when it does mean something."""
    check = _check(missing_from, finding.check)
    if check is None:
        return Obstacle(Why.CHECK_ABSENT)
    if check.state != "completed":
        return Obstacle(Why.CHECK_NOT_RUN, check.reason)
    ours = _check(seen_in, finding.check)
    if ours is not None and ours.version != check.version:
        return Obstacle(Why.CHECK_VERSION)
    if not _covers(missing_from, finding.subject):
        return Obstacle(Why.SCOPE)
    # At a higher level the same check sees more: what it adds was not looked for below.
    if missing_from.run.level.rank < seen_in.run.level.rank:
        return Obstacle(Why.LEVEL)
    for outcome in missing_from.outcomes:
        doubtful = outcome.status is Status.INCONCLUSIVE and outcome.check == finding.check
        if doubtful and (outcome.subject == finding.subject or outcome.subject.kind in _WHOLE):
            return Obstacle(Why.INCONCLUSIVE, outcome.reason)
    return None


def _check(result: RunResult, identifier: str) -> CheckRun | None:
    return next((check for check in result.checks if check.id == identifier), None)


def _covers(result: RunResult, subject: Subject) -> bool:
    """Whether the scope of a run holds the address of a subject. Subjects without an address are in every scope."""
    scope = _scope(result)
    if subject.kind in _ADDRESSED and "://" in subject.name:
        return scope.allows_url(subject.name) or _twin(scope, subject.name)
    if subject.kind not in _NAMED:
        return True
    host, _, port = subject.name.rpartition(":")
    if host and port.isascii() and port.isdigit() and len(port) <= 5:
        # Other ports of a host in scope are looked at too.
        return scope.allows(host, int(port)) or host in {name for name, _ in scope.endpoints}
    return subject.name in {name for name, _ in scope.endpoints}


def _twin(scope: Scope, url: str) -> bool:
    """The target on the ordinary port of the other scheme is always looked at, for its redirection to HTTPS."""
    try:
        parts = urlsplit(url)
        ordinary = parts.port in (None, 80, 443)
    except ValueError:
        return False
    return ordinary and parts.hostname == scope.primary and not scope.excludes(parts.path or "/")


def _scope(result: RunResult) -> Scope:
    """What a run could reach, from what its report says. Names that mean nothing are left out."""
    reached = (f"{one.host}:{one.port}" for one in result.run.addresses)
    endpoints = []
    for text in (result.run.target, *result.engagement.hosts, *reached):
        try:
            Scope.of(text)
        except ValueError:
            continue
        endpoints.append(text)
    return Scope.of(*endpoints, excluded=result.engagement.excluded_paths)
