"""The demonstration portal without sockets, for tests of checks: what is on trips its check, what is off does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from pgssi_probe.check.harness import Script, drive, run_check
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.lab.portal.refusals import NoAnswer
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome
from pgssi_probe.net.exchange import Failure, Request, Response

OnLab = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


def lab_script(lab: Lab, loop: asyncio.AbstractEventLoop) -> Script:
    """Answers of the portal, HTTPS and plain, as a scripted site: no cookie is kept, no redirect is followed."""

    async def fetch(request: Request) -> Response | Failure:
        application = lab.application if request.parts.scheme == "https" else lab.plain_application
        # Proxies come from addresses of their own, as real ones do: one from .2, two from .3.
        client_address = (f"127.0.0.{1 + len(request.via)}", 40000)
        transport = httpx.ASGITransport(application, client=client_address)
        async with httpx.AsyncClient(transport=transport) as client:
            client.headers.clear()
            try:
                got = await client.send(
                    client.build_request(request.method, request.url, headers=[*request.headers], content=request.body)
                )
            except NoAnswer:
                return Failure.RESET
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in got.headers.raw)
        return Response(got.status_code, "", "HTTP/1.1", headers, got.content, len(got.content))

    return lambda request: asyncio.run_coroutine_threadsafe(fetch(request), loop).result(10)


@pytest.fixture(scope="session")
def portal_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The portal answers from a loop of its own: a scripted site is asked without awaiting."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture
def lab_answers(portal_loop: asyncio.AbstractEventLoop) -> Callable[[Lab], Script]:
    """The answers of a portal that a test made itself, as a scripted site."""
    return lambda lab: lab_script(lab, portal_loop)


@pytest.fixture
def on_lab(portal_loop: asyncio.AbstractEventLoop) -> OnLab:
    """`await on_lab("headers.csp", "headers.csp/missing")`: the outcomes of a check with these switches on."""

    async def run(check: str, *weak: str, **options: Any) -> tuple[Outcome, ...]:
        with closing(Lab(weak, clock=VirtualClock())) as lab:  # the time of a scripted run
            options = {"url": lab.https_url + "/", "plain_http_url": lab.http_url, **options}
            return await run_check(check, lab_script(lab, portal_loop), **options)

    return run


SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


@pytest.fixture
def signed_in(lab_answers: Callable[[Lab], Script]) -> SignedIn:
    """`await signed_in("session.logout", "session.logout/still-valid")`: outcomes of a check that has accounts.

    `answers` may wrap the answers of the portal, to imitate another application. `canaries`: whether the values that
    an account alone may see are declared.
    """

    async def run(
        check: str,
        *weak: str,
        accounts: tuple[str, ...] = ("a",),
        answers: Callable[[Script, VirtualClock], Script] | None = None,
        canaries: bool = False,
        **options: Any,
    ) -> tuple[Outcome, ...]:
        clock = VirtualClock()
        with closing(Lab(weak, clock=clock)) as lab:
            script = lab_answers(lab)
            known = {
                label: Account(
                    label,
                    lab.accounts[label].username,
                    Secret(lab.accounts[label].password),
                    canaries=tuple(map(Secret, lab.accounts[label].canaries)) if canaries else (),
                )
                for label in accounts
            }
            options = {"url": lab.https_url + "/", "plain_http_url": lab.http_url, **options}
            task = asyncio.ensure_future(
                run_check(check, answers(script, clock) if answers else script, accounts=known, clock=clock, **options)
            )
            return await drive(clock, task)

    return run
