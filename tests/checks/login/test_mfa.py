"""`login.mfa`: a code that is asked for is seen; its absence accuses only what was declared."""

import pytest

from pgssi_checks.login.mfa import offers_sms
from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.lab import Lab
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Status, Strength


async def test_a_second_factor_is_seen(signed) -> None:
    (only,) = await signed("login.mfa", "mode/second-factor")
    assert only.slug == "asked"


async def test_a_second_factor_is_seen_when_the_account_passes_it(jumping, lab_answers) -> None:
    lab = Lab(["mode/second-factor"], clock=jumping)
    own = lab.accounts["a"]
    account = Account("a", own.username, Secret(own.password), Secret(own.totp_secret))
    (only,) = await run_check(
        "login.mfa", lab_answers(lab), url=lab.https_url + "/", clock=jumping, accounts={"a": account}
    )
    lab.close()
    assert only.slug == "asked"


async def test_codes_by_sms_are_a_hint(signed) -> None:
    outcomes = await signed("login.mfa", "login.mfa/sms")
    assert slugs(outcomes) == {"asked", "sms"}
    assert {one.strength.value for one in outcomes if one.failed} == {"hint"}


async def test_absence_accuses_only_what_was_declared(signed) -> None:
    (silent,) = await signed("login.mfa")
    assert (silent.slug, silent.status, silent.strength) == ("not-seen", Status.PASS, Strength.HINT)
    (broken,) = await signed("login.mfa", declared={"login.second-factor": True})
    assert (broken.slug, broken.strength.value) == ("declared-not-asked", "proof")
    (admitted,) = await signed("login.mfa", declared={"login.second-factor": False})
    assert (admitted.slug, admitted.strength.value) == ("not-asked", "hint")


async def test_a_refused_sign_in_concludes_nothing() -> None:
    form = "<form method=post action=/login><input name=user><input type=password name=pass></form>"
    account = Account("a", "alice", Secret("x"))
    (only,) = await run_check(
        "login.mfa",
        lambda _: page(form + "<p>Mot de passe incorrect</p>"),
        accounts={"a": account},
        declared={"login.second-factor": True},
    )
    assert only.reason is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Recevoir le code par SMS", True), ("Code sent to your phone", True), ("Code de votre application", False)],
)
def test_sms(text: str, expected: bool) -> None:
    assert offers_sms([text]) is expected
