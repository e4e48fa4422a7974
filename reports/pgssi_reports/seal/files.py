"""Reading what is sealed, and writing seals: streamed, whole or not at all, never through a link."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from pgssi_reports.seal.codes import Refusal, refuse

BLOCK: Final = 1 << 20


def open_regular(path: Path, *, follow: bool = True) -> BufferedReader:
    """OSError for anything but a regular file: a pipe would block for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return os.fdopen(descriptor, "rb")


def digests(path: Path, *names: str) -> dict[str, bytes]:
    """The digests of a file to seal, in one streaming read. SealError when it cannot be read."""
    hashers = {name: hashlib.new(name) for name in names}
    try:
        with open_regular(path) as file:
            while block := file.read(BLOCK):
                for hasher in hashers.values():
                    hasher.update(block)
    except FileNotFoundError:
        raise refuse(Refusal.CONTENT_MISSING, path=str(path)) from None
    except OSError:
        raise refuse(Refusal.CONTENT_UNREADABLE, path=str(path)) from None
    return {name: hasher.digest() for name, hasher in hashers.items()}


@contextlib.contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends well, 0600. SealError when it cannot be written."""
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        try:
            descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w+b", buffering=BLOCK) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError:
        raise refuse(Refusal.SIGNATURE_UNWRITABLE, path=str(path)) from None


def write(path: Path, data: bytes) -> None:
    """`data` in place of what was at `path`."""
    with written(path) as file:
        file.write(data)
