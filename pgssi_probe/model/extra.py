"""What a rendering says when a part that it needs is not on this machine."""

from __future__ import annotations


class ExtraMissing(Exception):
    """An optional part is absent. `extra` is the name to install (`pgssi-probe[pdf]`).

    `library` is set when the Python packages are there and a library of the system is not.
    """

    def __init__(self, extra: str, library: str = "") -> None:
        super().__init__(extra)
        self.extra = extra
        self.library = library
