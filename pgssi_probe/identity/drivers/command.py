"""Signing in by a program of the operator: it is told the account on its standard input, and prints as JSON the cookies
and headers of a session. No shell; nothing that it prints is kept or shown."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from contextlib import suppress
from typing import Any, Final

from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.judging import Judgement, SignInState, judge_status
from pgssi_probe.net.exchange import Request

SECONDS: Final = 60.0
MAX_OUTPUT: Final = 256_000
MAX_ITEMS: Final = 50
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


class Printed(Exception):
    """What the program did wrong: a key of the catalogue under `identity.signal`."""


async def by_command(attempt: Attempt) -> Judgement:
    told = {
        "account": attempt.label,
        "username": attempt.username,
        "password": attempt.password.reveal(),
        "url": attempt.plan.url,
    }
    if attempt.totp is not None:
        told["code"] = await attempt.code(attempt.totp)
    try:
        data = await _printed(attempt, json.dumps(told).encode() + b"\n")
        cookies, headers = cookies_of(data), headers_of(data)
        if not cookies and not headers:
            raise Printed("command_empty")
    except Printed as wrong:
        return Judgement(SignInState.UNKNOWN, str(wrong))
    url = attempt.plan.url
    attempt.session.jar.store(url, cookies, attempt.session.clock.now())
    if headers:
        attempt.carry(headers, url)
    return judge_status(await attempt.follow(Request("GET", url)))


async def _printed(attempt: Attempt, told: bytes) -> Any:
    """The JSON that the program prints. Raises Printed."""
    try:
        process = await asyncio.create_subprocess_exec(
            *attempt.plan.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            limit=MAX_OUTPUT,
        )
    except (OSError, ValueError):
        raise Printed("command_missing") from None
    try:
        async with asyncio.timeout(SECONDS):
            output = await _spoken(process, told)
            code = await process.wait()
    except TimeoutError:
        raise Printed("command_slow") from None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it may have started too
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]
    if code != 0:
        attempt.facts["exit_code"] = code
        raise Printed("command_failed")
    if len(output) > MAX_OUTPUT:
        raise Printed("command_not_json")
    try:
        return json.loads(output)
    except (ValueError, RecursionError):
        raise Printed("command_not_json") from None


async def _spoken(process: asyncio.subprocess.Process, told: bytes) -> bytes:
    assert process.stdin is not None  # noqa: S101 (narrowing)
    assert process.stdout is not None  # noqa: S101 (narrowing)
    with suppress(ConnectionError):
        process.stdin.write(told)
        await process.stdin.drain()
    process.stdin.close()
    output = b""
    while len(output) <= MAX_OUTPUT and (more := await process.stdout.read(65_536)):
        output += more
    return output


def cookies_of(data: Any) -> tuple[str, ...]:
    """`cookies` as lines of Set-Cookie: an object of names and values, or a list of objects as browsers export them."""
    given = data.get("cookies") if isinstance(data, dict) else None
    if isinstance(given, dict):
        given = [{"name": name, "value": value, "path": "/"} for name, value in given.items()]
    if given is None:
        return ()
    if not isinstance(given, list):
        raise Printed("command_not_json")
    return tuple(_cookie(each) for each in given[:MAX_ITEMS])


def _cookie(each: Any) -> str:
    name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (None, None)
    if (
        not isinstance(name, str)
        or not _NAME.fullmatch(name)
        or not isinstance(value, str)
        or _unsafe(value)
        or ";" in value
    ):
        raise Printed("command_not_json")
    path, domain = each.get("path") or "/", each.get("domain")
    line = f"{name}={value}; Path={path if isinstance(path, str) and not _unsafe(path) else '/'}"
    if isinstance(domain, str) and domain.startswith(".") and not _unsafe(domain):
        line += f"; Domain={domain}"  # without the dot a browser's export means this host only
    return line + ("; Secure" if each.get("secure") is True else "")


def headers_of(data: Any) -> tuple[tuple[str, str], ...]:
    given = data.get("headers") if isinstance(data, dict) else None
    if given is None:
        return ()
    if not isinstance(given, dict):
        raise Printed("command_not_json")
    pairs = tuple(list(given.items())[:MAX_ITEMS])
    for name, value in pairs:
        if not _NAME.fullmatch(name) or not isinstance(value, str) or _unsafe(value):
            raise Printed("command_not_json")
    return pairs


def _unsafe(value: str) -> bool:
    return len(value) > 16_384 or any(char in "\r\n\0" for char in value)
