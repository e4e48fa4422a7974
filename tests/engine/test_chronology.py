"""The chronology: when each check began and ended, and codes that people read as words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgssi_probe.check.context import Target
from pgssi_probe.cli.watching import in_words
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, run_scan
from pgssi_probe.history.reading import read_report
from tests.cli.conftest import web_server  # type: ignore[import-not-found]


async def test_each_check_has_its_start_and_its_end(tmp_path: Path) -> None:
    with web_server() as target:
        selection = Selection(None, ("headers.referrer", "headers.csp"), ())
        scanned = await run_scan(Scan(Target(target.url), selection=selection), lambda _: tmp_path / "run")
    result = read_report(tmp_path / "run")
    assert result == scanned.result
    told = [(event.subject, event.detail) for event in result.chronology if event.kind == "check"]
    for check in ("headers.referrer", "headers.csp"):
        assert told.index((check, "begun")) < told.index((check, "completed"))
    assert len(told) == 4
    by_id = {check.id: check for check in result.checks}
    begun = next(event.at for event in result.chronology if event.detail == "begun")
    assert begun in {by_id["headers.referrer"].started, by_id["headers.csp"].started}
    assert by_id["tls.config"].started is None
    assert result.run.started <= begun <= result.run.finished


@pytest.mark.parametrize("code", ["late_wait", "rate_limited", "unstable_target", "begun", "completed", "error"])
def test_no_code_is_left_to_people(code: str) -> None:
    for lang in ("fr", "en"):
        said = in_words(code, lang)  # type: ignore[arg-type]
        assert said != code
        assert "_" not in said
    assert in_words("20261122T080000Z-1a2b3c", "fr") == "20261122T080000Z-1a2b3c"
