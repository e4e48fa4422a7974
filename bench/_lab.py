"""The demonstration portal in a process of its own, which counts what it is asked."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from starlette.requests import Request

from pgssi_probe.lab import running_lab


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests received since the last time one asked, and how many different paths they were for."""

    requests: int
    paths: int


@dataclass(frozen=True, slots=True)
class Portal:
    https_url: str
    http_url: str
    ca_file: str
    _pipe: Connection

    def asked(self) -> Asked:
        self._pipe.send("asked")
        paths: list[str] = self._pipe.recv()
        return Asked(len(paths), len(set(paths)))


async def _serve(weak: str, pipe: Connection) -> None:
    paths: list[str] = []

    async def note(request: Request) -> None:
        paths.append(request.url.path)

    async with running_lab({weak} if weak else ()) as lab:
        lab.blueprint.interceptors.insert(0, note)
        pipe.send((lab.https_url, lab.http_url, lab.ca_file))
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, pipe.recv) == "asked":
            pipe.send(list(paths))
            paths.clear()


def _main(weak: str, pipe: Connection) -> None:
    asyncio.run(_serve(weak, pipe))


@contextmanager
def portal(weak: str = "") -> Iterator[Portal]:
    """The hardened portal, or the one with a weakness id, `demo` or `all`."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_main, args=(weak, theirs), daemon=True)
    process.start()
    try:
        https_url, http_url, ca_file = ours.recv()
        yield Portal(https_url, http_url, ca_file, ours)
    finally:
        process.kill()
        process.join()
