"""Switches and shipped checks agree: a switch is a declared failure, a failure has a switch or a reason."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml

from pgssi_probe.lab.weaknesses import registered

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


def declared() -> dict[str, str]:
    """`check/slug` -> status, for every shipped check."""
    found: dict[str, str] = {}
    for family in files("pgssi_checks").iterdir():
        if not family.is_dir():
            continue
        for file in family.iterdir():
            if file.name.endswith(".yaml"):
                data = yaml.safe_load(file.read_text(encoding="utf-8"))
                if isinstance(data, dict) and "outcomes" in data:
                    found |= {f"{data['id']}/{slug}": each["status"] for slug, each in data["outcomes"].items()}
    return found


DECLARED = declared()
CHECKS = {name.partition("/")[0] for name in DECLARED}
SWITCHES = [weakness for weakness in registered().values() if weakness.is_weakness]


@pytest.mark.parametrize("weakness", [each for each in SWITCHES if each.check in CHECKS], ids=lambda each: each.id)
def test_switch_is_a_declared_failure(weakness) -> None:
    assert DECLARED.get(weakness.id) == "fail"


def excused(name: str) -> bool:
    return name in NO_SWITCH or (name not in registered() and name.partition("/")[0] + "/*" in NO_SWITCH)


@pytest.mark.parametrize("name", [name for name, status in DECLARED.items() if status == "fail"])
def test_failure_has_a_switch_or_a_reason(name: str) -> None:
    assert (name in registered()) != excused(name), f"{name}: add a switch, or say in NO_SWITCH why there is none"


def test_excuses_are_not_stale() -> None:
    failures = {name for name, status in DECLARED.items() if status == "fail"}
    for name in NO_SWITCH:
        assert name in failures or (name.endswith("/*") and name[:-2] in CHECKS)
