"""Switches and shipped checks agree: a switch is a declared failure, a failure has a switch or a reason."""

from __future__ import annotations

from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Status
from pgssi_probe.registry import checks

NO_SWITCH = {
    "tls.config/*": "fixtures of the TLS tests: Python's own TLS cannot be made that weak",
    "tls.certificate/*": "fixtures of the TLS tests: chains, revocation and transparency",
    "login.password-policy/not-restored": "no weakness: mode/password-history, see the tests of the check",
    "login.mfa/declared-not-asked": "rests on what the engagement declares",
    "login.mfa/not-asked": "rests on what the engagement declares",
    "assist.alert-crosscheck/*": "judged from the operator's alerts: nothing of the portal is looked at",
    "assist.trace-crosscheck/*": "judged from the operator's logs: see tests/traces",
    "compat.proxy/http11-breaks": "the portal speaks nothing but HTTP/1.1: see the tests of the check",
    "exposure.nonproduction/test-name": "the name of the portal is that of the machine: see the tests of the check",
    "exposure.nonproduction/certificate-names": "no certificate without TLS: see the tests of the check",
    "exposure.cohosting/*": "no certificate without TLS, no other name: see the tests of the check",
    "exposure.ports/*": "real ports, that no portal opens: see the tests of the check",
    "login.idp-buttons/not-found": "rests on what the engagement declares",
    "login.user-enumeration/timing-few": "the timing switch behind a harsher brake: see its tests",
}
"""Failures that the lab cannot show, and why. A name ending with `/*` stands for a whole check."""


DECLARED = {
    f"{identifier}/{slug}": outcome.status
    for identifier, check in checks().items()
    for slug, outcome in check.metadata.outcomes.items()
}
FAILURES = {name for name, status in DECLARED.items() if status is Status.FAIL}
SWITCHES = {weakness.id for weakness in registered().values() if weakness.is_weakness and weakness.check in checks()}


def test_switches_are_declared_failures() -> None:
    assert len(SWITCHES) > 200
    assert sorted(SWITCHES - FAILURES) == []


def excused(name: str) -> bool:
    return name in NO_SWITCH or (name not in registered() and name.partition("/")[0] + "/*" in NO_SWITCH)


def test_a_failure_has_a_switch_or_a_reason() -> None:
    """What has neither: add a switch, or say in NO_SWITCH why there is none. What has both: one is too many."""
    assert sorted(name for name in FAILURES if (name in registered()) == excused(name)) == []


def test_excuses_are_not_stale() -> None:
    for name in NO_SWITCH:
        assert name in FAILURES or (name.endswith("/*") and name[:-2] in checks())
