"""A portal with chosen weaknesses, and the same portal listening on loopback over real HTTPS."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from starlette.types import ASGIApp

from pgssi_probe.clock import Clock, SystemClock
from pgssi_probe.lab.blueprint import Blueprint, LabAddresses
from pgssi_probe.lab.certificates import server_context, write_authority
from pgssi_probe.lab.listening import Headers, loopback_sockets, serving
from pgssi_probe.lab.portal import access, api, public, recovery, space, staff
from pgssi_probe.lab.portal.plain import PlainPort
from pgssi_probe.lab.portal.site import Portal
from pgssi_probe.lab.portal.unreadable import unreadable_request
from pgssi_probe.lab.synthetic import Account
from pgssi_probe.lab.weaknesses import chosen, resolve

ROUTES = (*public.ROUTES, *access.ROUTES, *recovery.ROUTES, *space.ROUTES, *staff.ROUTES, *api.ROUTES)
UNBOUND = LabAddresses(https_url="https://localhost:8443", http_url="http://localhost:8080")


class Lab:
    """The demonstration portal. `weak` holds weakness ids, `demo` or `all`: nothing else differs from the hardened one.

    Raises UnknownWeakness or IncompatibleWeaknesses.
    """

    def __init__(
        self,
        weak: Iterable[str] = (),
        *,
        clock: Clock | None = None,
        seed: int = 0,
        addresses: LabAddresses = UNBOUND,
    ) -> None:
        self.weak = resolve(weak)
        self.clock = clock or SystemClock()
        self.addresses = addresses
        self.blueprint = Blueprint(addresses=addresses, seed=seed)
        for weakness in chosen(self.weak):
            weakness.apply(self.blueprint)
        self.portal = Portal(self.blueprint, ROUTES, self.clock)
        self.application: ASGIApp = self.portal
        self.plain_application: ASGIApp = PlainPort(self.blueprint, self.portal)

    @property
    def https_url(self) -> str:
        """Origin of the portal: `https://localhost:PORT`."""
        return self.addresses.https_url

    @property
    def http_url(self) -> str:
        """Origin of the plain HTTP port."""
        return self.addresses.http_url

    @property
    def ca_file(self) -> str:
        """PEM file of the authority that a client must trust."""
        return self.addresses.ca_file

    @property
    def accounts(self) -> Mapping[str, Account]:
        """Accounts by engagement label: a, b, low, sacrifice (patients), high (staff)."""
        return self.portal.accounts

    def close(self) -> None:
        self.portal.close()


@asynccontextmanager
async def running_lab(
    weak: Iterable[str] = (),
    *,
    clock: Clock | None = None,
    seed: int = 0,
    directory: Path | None = None,
    port: int = 0,
    http_port: int | None = 0,
) -> AsyncIterator[Lab]:
    """Serve a lab on loopback, in the caller's event loop, until the block ends.

    Port 0 takes a free one; `http_port` None leaves the plain port closed, and `http_url` then names a port where
    nothing listens. Certificates are written to `directory`, or to a temporary one.
    Raises UnknownWeakness, IncompatibleWeaknesses, or OSError when a port is taken.
    """
    async with AsyncExitStack() as stack:
        folder = directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pgssi-lab-")))
        folder.mkdir(parents=True, exist_ok=True)
        secure = _kept(stack, port)
        plain = _kept(stack, http_port or 0)
        addresses = LabAddresses(
            https_url=f"https://localhost:{secure[0].getsockname()[1]}",
            http_url=f"http://localhost:{plain[0].getsockname()[1]}",
            ca_file=str(write_authority(folder)),
        )
        lab = Lab(weak, clock=clock, seed=seed, addresses=addresses)
        stack.callback(lab.close)

        def refusal() -> tuple[Headers, bytes]:
            return unreadable_request(lab.portal)

        context = server_context(lab.blueprint.tls, folder)
        await stack.enter_async_context(
            serving(lab.application, secure, clock=lab.clock, context=context, refusal=refusal)
        )
        if http_port is not None:
            await stack.enter_async_context(
                serving(lab.plain_application, plain, clock=lab.clock, refusal=lambda: ([], b""))
            )
        yield lab


def _kept(stack: AsyncExitStack, port: int) -> list[socket.socket]:
    found = loopback_sockets(port)
    for each in found:
        stack.callback(each.close)
    return found
