"""Standard output and error: neither a reader that leaves early nor an alphabet too small is a failure."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO


def out(text: str) -> None:
    """Write to standard output, whole. OSError when the disk behind it is full."""
    _write(sys.stdout, text)


def err(text: str) -> None:
    """Write to standard error; when even that is impossible there is nobody left to tell."""
    with suppress(OSError):
        _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        to_nowhere(stream)


def to_nowhere(stream: TextIO) -> None:
    """Whoever read has left (`| head`): what follows goes nowhere, and the run goes on to its report."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def program() -> str:
    """How the person calls this command again: by its name, or by its path where the shell does not find it."""
    import shutil

    called = Path(sys.argv[0])
    return "pgssi-probe" if called.name != "pgssi-probe" or shutil.which(called.name) else shlex.quote(str(called))


def any_alphabet() -> None:
    """What the terminal's encoding cannot write is replaced, not an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
