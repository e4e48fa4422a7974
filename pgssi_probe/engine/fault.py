"""What is said of a fault of our own. Imports next to nothing: it must work when the rest does not."""

from __future__ import annotations

import traceback
from contextlib import suppress

from pgssi_probe import __version__


def diagnostics(error: BaseException) -> str:
    """Type and places of an exception, for developers. No message: it could hold what the target said."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno}" for frame in frames[-6:]]
    text = f"{type(error).__name__} at {' > '.join(places)}"
    with suppress(Exception):
        from pgssi_probe.check.official import ContractBroken  # its message is ours

        if isinstance(error, ContractBroken):
            text = f"{text}: {error}"
    return f"pgssi-probe {__version__}: {text}"
