"""A weak password tried on the sacrificed account: the declared one is back at the end, or the report says so."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs

import pytest

from pgssi_checks.login.password_trial import SUFFIX, bits_of, weak_of
from pgssi_checks.login.wrong_passwords import HARD_CAP
from pgssi_probe.check import Request
from pgssi_probe.check.harness import run_check, scripted
from pgssi_probe.lab import Lab
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Level, Outcome, Reason, Status
from pgssi_probe.net.exchange import Failure
from pgssi_probe.registry import check

NAME = "login.password-policy"
ALLOWED = {"login.password-change": True, "login.unlock-contact": "poste 12"}
TRIED = {"weak-refused", "weak-accepted", "not-restored"}


class Run:
    """The check on a portal, with what became of the account; `breaks` may answer in place of the portal."""

    def __init__(self, lab_answers: Any, clock: Any, *weak: str) -> None:
        self.clock = clock
        self.lab = Lab(weak, clock=clock)
        self.script = lab_answers(self.lab)
        self.changes: list[str] = []
        self.wrong = 0
        self.breaks: Any = lambda _run, _request: None

    def answer(self, request: Request) -> Any:
        if request.method == "POST" and request.parts.path == "/profil/mot-de-passe":
            self.changes.append(parse_qs(request.body.decode())["nouveau"][0])
        if (failure := self.breaks(self, request)) is not None:
            return failure
        failed = len([one for one in self.lab.portal.database.events() if one["kind"] == "connexion-refusee"])
        answered = self.script(request)
        after = len([one for one in self.lab.portal.database.events() if one["kind"] == "connexion-refusee"])
        self.wrong += after - failed
        return answered

    def accounts(self, labels: tuple[str, ...] = ("a", "sacrifice")) -> dict[str, Account]:
        own = self.lab.accounts
        return {label: Account(label, own[label].username, Secret(own[label].password)) for label in labels}

    async def outcomes(self, **options: Any) -> tuple[Outcome, ...]:
        options = {"declared": ALLOWED, "accounts": self.accounts(), "clock": self.clock, **options}
        return await run_check(NAME, self.answer, url=self.lab.https_url + "/", **options)

    def is_restored(self) -> bool:
        own = self.lab.accounts["sacrifice"]
        return self.lab.portal.database.password_is(own.username, own.password)

    def holds(self, password: str) -> bool:
        return self.lab.portal.database.password_is(self.lab.accounts["sacrifice"].username, password)


class _Labs:
    def __init__(self, lab_answers: Any, clock: Any) -> None:
        self.lab_answers, self.clock = lab_answers, clock
        self.runs: list[Run] = []

    def __call__(self, *weak: str) -> Run:
        self.runs.append(Run(self.lab_answers, self.clock, *weak))
        return self.runs[-1]

    def close(self) -> None:
        """Whatever happened, no more wrong passwords than the run allows."""
        for run in self.runs:
            run.lab.close()
            assert run.wrong <= HARD_CAP


@pytest.fixture
def on(lab_answers, jumping):
    """`on("mode/password-history")`: a run of the check on a portal."""
    with closing(_Labs(lab_answers, jumping)) as labs:
        yield labs


def tried(outcomes: tuple[Outcome, ...]) -> set[str]:
    return {one.slug for one in outcomes} & TRIED


async def test_a_portal_that_checks_passwords_refuses_the_weak_one(on) -> None:
    run = on()
    outcomes = await run.outcomes()
    assert tried(outcomes) == {"weak-refused"}
    assert {one.status for one in outcomes} == {Status.PASS}
    own = run.lab.accounts["sacrifice"].password
    assert run.changes == [own + SUFFIX, own, weak_of(own)]
    assert run.is_restored()
    assert run.wrong <= 2


async def test_a_portal_that_does_not_is_proved_and_left_as_it_was(on) -> None:
    run = on("login.password-policy/weak-accepted")
    outcomes = await run.outcomes()
    assert tried(outcomes) == {"weak-accepted"}
    (found,) = (one for one in outcomes if one.slug == "weak-accepted")
    assert (found.facts["length"], found.strength.value) == (7, "proof")
    assert run.is_restored()
    assert run.wrong <= 3


async def test_no_password_is_told(on) -> None:
    run = on("login.password-policy/weak-accepted", "mode/password-history")
    told = repr([one.model_dump() for one in await run.outcomes()])
    own = run.lab.accounts["sacrifice"].password
    assert own not in told
    assert weak_of(own) not in told


@pytest.mark.parametrize("mode", ["mode/password-history", "mode/password-once-a-day"])
async def test_a_password_that_is_not_taken_back_is_said_and_the_account_is_left_with_a_strong_one(
    mode: str, on
) -> None:
    run = on(mode, "login.password-policy/weak-accepted")
    outcomes = await run.outcomes()
    (said,) = (one for one in outcomes if one.slug == "not-restored")
    assert said.failed
    assert "suivi de" in said.sentence.fr
    own = run.lab.accounts["sacrifice"].password
    assert run.holds(own + SUFFIX)
    assert weak_of(own) not in run.changes  # never tried where the way back is not open


async def test_a_connection_lost_after_each_change_is_looked_through(on) -> None:
    run = on("mode/password-change-drops", "login.password-policy/weak-accepted")
    assert tried(await run.outcomes()) == {"weak-accepted"}
    assert run.is_restored()


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
async def test_a_change_that_is_lost_on_its_way_leaves_the_declared_password(lost: int, on) -> None:
    """The nth request never arrives."""
    run = on("login.password-policy/weak-accepted")
    run.breaks = lambda run, request: (
        Failure.RESET if request.parts.path == "/profil/mot-de-passe" and len(run.changes) == lost else None
    )
    outcomes = await run.outcomes()
    assert run.is_restored()
    assert "not-restored" not in tried(outcomes)


@pytest.mark.parametrize("after", [1, 2, 3, 4])
async def test_an_outage_in_the_middle_is_waited_out(after: int, on) -> None:
    """Everything fails for five minutes after the nth change was taken."""
    run = on("login.password-policy/weak-accepted")
    began: list[float] = []

    def out(run: Run, request: Request) -> Any:
        if began and run.clock.monotonic() - began[0] < 300:
            return Failure.RESET
        if not began and len(run.changes) == after and request.parts.path != "/profil/mot-de-passe":
            began.append(run.clock.monotonic())
            return Failure.RESET
        return None

    run.breaks = out
    outcomes = await run.outcomes()
    assert run.is_restored()
    assert "not-restored" not in tried(outcomes)


async def test_an_outage_that_lasts_is_said_aloud(on) -> None:
    run = on("login.password-policy/weak-accepted")
    run.breaks = lambda run, _request: Failure.RESET if len(run.changes) >= 3 else None
    outcomes = await run.outcomes()
    (said,) = (one for one in outcomes if one.slug == "not-restored")
    assert "inconnu" in said.sentence.fr


async def test_a_run_that_is_stopped_puts_the_password_back(on) -> None:
    run = on("login.password-policy/weak-accepted")
    made = scripted(
        check(NAME).metadata, run.answer, url=run.lab.https_url + "/", declared=ALLOWED, accounts=run.accounts(),
        clock=run.clock,
    )  # fmt: skip
    task = asyncio.ensure_future(check(NAME).observe()(made.context))

    def stop(run: Run, _request: Request) -> None:
        if len(run.changes) == 3 and not task.cancelling():
            task.cancel()

    run.breaks = stop
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.is_restored()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"declared": {}}, None),
        ({"declared": {"login.password-change": "yes"}}, None),
        ({"declared": {"login.password-change": True}}, Reason.UNDECLARED),
        ({"level": Level.ACTIVE}, Reason.LEVEL_EXCLUDED),
        ({"declared": {**ALLOWED, "login.failures-max": 5}}, Reason.BUDGET_EXHAUSTED),
    ],
)
async def test_nothing_is_changed_unless_all_is_allowed(options: dict[str, Any], reason: Reason | None, on) -> None:
    run = on()
    outcomes = await run.outcomes(**options)
    assert run.changes == []
    assert run.wrong == 0
    assert {one.reason for one in outcomes if one.reason} == ({reason} if reason else set())


async def test_an_account_that_is_no_other_is_wanted(on) -> None:
    run = on()
    same = run.lab.accounts["a"]
    for accounts in (
        run.accounts(("a",)),
        {**run.accounts(("a",)), "sacrifice": Account("sacrifice", same.username, Secret(same.password))},
    ):
        outcomes = await run.outcomes(accounts=accounts)
        assert Reason.ACCOUNT_MISSING in {one.reason for one in outcomes}
    assert run.changes == []


def test_a_weak_password_is_weak() -> None:
    assert bits_of(weak_of("Name-pass-2026")) < 50
    assert len(weak_of("Name-pass-2026")) == 7
