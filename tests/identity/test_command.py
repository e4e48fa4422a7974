"""Signing in by a program of the operator."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.identity import ORACLE, SIGN_IN, Driver, Secret, Session, SignInState, State, sign_in
from pgssi_probe.identity.drivers import command as command_driver

PASSWORD = "Right-1234"
OTHERS = {"login.url": "https://portal.example/space"}


def program(folder: Path, code: str) -> tuple[str, ...]:
    path = folder / "program.py"
    path.write_text("import json, sys, time, os\ntold = json.load(sys.stdin)\n" + code, encoding="utf-8")
    return (sys.executable, "-S", str(path))


GOOD = """
assert told["username"] == "alice" and told["account"] == "a" and told["password"] == "Right-1234"
print("noise", file=sys.stderr)
print(json.dumps({"cookies": {"sid": "from-program"}, "headers": {"X-Extra": "yes"}}))
"""


async def test_its_cookies_are_taken(visit: Any, app: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    it = app()
    it.live.add("from-program")
    ctx = visit(it, declared={"login.driver": "command", "login.command": program(tmp_path, GOOD), **OTHERS})
    plan = await ctx.collect(SIGN_IN)
    assert plan.driver is Driver.COMMAND
    signed = await sign_in(ctx, "a")
    assert signed.signed_in, signed.why
    oracle = await ctx.collect(ORACLE)
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    assert ("X-Extra", "yes") in it.sent[-2].headers
    assert "".join(capfd.readouterr()) == "", "nothing of what it prints is shown"
    assert not it.posts
    assert "from-program" not in repr(signed)


@pytest.mark.parametrize(
    ("code", "signal"),
    [
        ("sys.exit(3)", "command_failed"),
        ("print('not json')", "command_not_json"),
        ("print('{}')", "command_empty"),
        ("print(json.dumps({'cookies': {'sid': 'a\\r\\nX: y'}}))", "command_not_json"),
        ("print(json.dumps({'cookies': {'sid': 'a; Domain=x'}}))", "command_not_json"),
        ("print(json.dumps({'headers': {'A\\nB': 'x'}}))", "command_not_json"),
        ("print(json.dumps({'cookies': 7}))", "command_not_json"),
        ("sys.stdout.write('[' * 300_000)", "command_not_json"),
    ],
)
async def test_what_it_does_wrong_is_said(visit: Any, app: Any, tmp_path: Path, code: str, signal: str) -> None:
    it = app()
    ctx = visit(it, declared={"login.driver": "command", "login.command": program(tmp_path, code), **OTHERS})
    signed = await sign_in(ctx, "a", plan=await ctx.collect(SIGN_IN), confirm=False)
    assert (signed.state, signed.why["signal"]) == (SignInState.UNKNOWN, signal)
    assert not it.sent, "nothing is asked of the application then"


async def test_no_program(visit: Any, app: Any) -> None:
    for command, signal in ((("/nowhere/program",), "command_missing"), ((), "no_command")):
        ctx = visit(app(), declared={"login.driver": "command", "login.command": command})
        assert (await sign_in(ctx, "a", confirm=False)).why["signal"] == signal


async def test_a_slow_one_is_ended_with_its_children(
    visit: Any, app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_driver, "SECONDS", 0.5)
    mark = tmp_path / "alive"
    code = f"""
if os.fork() == 0:
    time.sleep(1.5)
    open({str(mark)!r}, "w").close()
time.sleep(30)
"""
    ctx = visit(app(), declared={"login.driver": "command", "login.command": program(tmp_path, code)})
    began = time.monotonic()
    signed = await sign_in(ctx, "a", confirm=False)
    assert signed.why["signal"] == "command_slow"
    assert time.monotonic() - began < 5
    await asyncio.sleep(1.6)
    assert not mark.exists()


async def test_no_wrong_password_goes_through_it(visit: Any, app: Any, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w').close()"
    ctx = visit(app(), declared={"login.driver": "command", "login.command": program(tmp_path, code)})
    signed = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"), confirm=False)
    assert signed.why["signal"] == "not_ours"
    assert not mark.exists()
