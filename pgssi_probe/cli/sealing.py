"""`verify`: intact or altered, by whom, trusted or self-signed."""

from __future__ import annotations

from pathlib import Path

from pgssi_probe.cli.exits import Exit, Stop
from pgssi_probe.cli.scanning import seal_for
from pgssi_probe.cli.showing import line, write_json
from pgssi_probe.model.rendering import SealError
from pgssi_probe.model.text import Lang


def verify(path: Path, trust: Path | None, lang: Lang, *, json: bool) -> Exit:
    """0 when every file is intact (and trusted, when `trust` is given), 1 otherwise."""
    seal = seal_for(lang)
    try:
        report = seal.verify(path, trust=trust)
    except SealError as error:
        raise Stop(Exit.USAGE, seal.explain(error, lang)) from None
    if json:
        write_json({**report.model_dump(mode="json"), "intact": report.intact, "accepted": report.accepted})
    else:
        for text in seal.describe(report, lang):
            line(text)
    return Exit.OK if report.accepted else Exit.DEVIATIONS
