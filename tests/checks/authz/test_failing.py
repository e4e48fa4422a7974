"""Which failures of the server are of one address, and which are of the whole application."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pgssi_checks.authz.failing import MOST_TOLD, failed, not_evaluated
from pgssi_probe.check import Reason, Target
from pgssi_probe.check.harness import exchange, page

CTX: Any = SimpleNamespace(target=Target("https://portal.example/"))
URL = "https://portal.example/r/17"


def told(failing: list[str], unknown: int, asked: int) -> list[str] | None:
    outcomes = not_evaluated(CTX, failing, unknown, asked)
    assert outcomes is None or {one.reason for one in outcomes} <= {Reason.SERVER_ERROR}
    return None if outcomes is None else [one.subject.name.partition(".example")[2] for one in outcomes]


def test_a_few_addresses_that_fail_are_told_and_void_nothing() -> None:
    assert told([], 0, 8) == []
    assert told(["GET /a/{id}", "GET /a/{id}"], 2, 8) == ["/a/{id}"]


def test_many_failures_or_a_brake_void_the_whole() -> None:
    assert told(["GET /a/{id}"] * 3, 3, 8) is None
    assert told(["GET /a/{id}"], 2, 8) is None, "one was braked or not answered"
    assert told([], 1, 8) is None


def test_what_is_told_is_bounded() -> None:
    assert len(told([f"GET /a{number}" for number in range(30)], 30, 200) or ()) == MOST_TOLD


@pytest.mark.parametrize(("status", "fails"), [(500, True), (503, True), (429, False), (403, False), (200, False)])
def test_the_server_fails_from_500_on(status: int, fails: bool) -> None:
    answer = exchange(URL, page("x", status=status))
    assert failed(answer) is fails
    assert not failed(replace(answer, response=None))
