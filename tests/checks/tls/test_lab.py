"""The demonstration portal over real TLS: hardened, it is accused of nothing; each switch trips its outcome."""

from dataclasses import replace

import pytest
from gathering import as_fast_as_it_goes, gathered

from pgssi_probe.check.context import Target
from pgssi_probe.check.harness import scripted
from pgssi_probe.check.official import official
from pgssi_probe.clock import SystemClock
from pgssi_probe.lab import running_lab
from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Level, Reason, Status
from pgssi_probe.registry import check
from pgssi_probe.tls import sslyze_pass
from pgssi_probe.tls.collector import TLS, TLS_FULL

pytestmark = pytest.mark.lab
CHECKS = ("tls.config", "tls.certificate", "tls.pqc-readiness")
SWITCHES = sorted(name for name in registered() if name.startswith("tls."))
NEEDS_SSLYZE = {"tls.config/renegotiation-client"}


async def outcomes(tmp_path, *weak, full=False):
    async with running_lab(weak) as lab:
        url = lab.https_url + "/"
        seen, _ = await gathered(url, tmp_path, TLS_FULL if full else TLS, ca_file=lab.ca_file)
        found = {}
        for name in CHECKS:
            registered_check = check(name)
            run = scripted(
                registered_check.metadata,
                {},
                url=url,
                level=Level.ACTIVE if full else Level.PASSIVE,
                collected={"tls": seen, "tls-full": seen},
            )
            context = replace(run.context, clock=SystemClock(), target=Target(url, ca_file=lab.ca_file))
            observations = await registered_check.observe()(context)
            found[name] = [official(registered_check.metadata, observation) for observation in observations]
    return found


async def test_the_hardened_portal_is_accused_of_nothing(tmp_path):
    found = await outcomes(tmp_path)
    for name in CHECKS:
        open_ = [outcome for outcome in found[name] if outcome.status not in (Status.PASS, Status.NOT_APPLICABLE)]
        # Known flaws of the library are looked for with a mandate only.
        expected = [Reason.MANDATE_MISSING] if name == "tls.config" else []
        assert [outcome.reason for outcome in open_] == expected
    assert "trusted-declared" in {outcome.slug for outcome in found["tls.certificate"]}


@pytest.mark.parametrize("switch", SWITCHES)
async def test_a_switch_is_found(tmp_path, switch, monkeypatch):
    monkeypatch.setattr(sslyze_pass, "SslyzeLimits", as_fast_as_it_goes)
    name, _, slug = switch.partition("/")
    found = (await outcomes(tmp_path, switch, full=switch in NEEDS_SSLYZE))[name]
    assert slug in {outcome.slug for outcome in found if outcome.failed}
