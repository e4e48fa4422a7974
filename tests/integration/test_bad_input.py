"""Targets that mean harm, or are ill: a scan of each ends in time, says so, and concludes nothing from silence."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.check import Level, Target
from pgssi_probe.engagement import Engagement
from pgssi_probe.engine import preflight
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, Unreachable, run_scan
from pgssi_probe.lab import running_lab
from pgssi_probe.lab.blueprint import TlsPolicy
from pgssi_probe.lab.certificates import server_context, write_authority
from pgssi_probe.lab.hostile import HOSTILE, hostile
from pgssi_probe.model.outcome import Outcome, Reason, Status, Strength
from pgssi_probe.model.result import RunResult
from pgssi_probe.net.journal import verify_chain
from pgssi_reports.html import HtmlReporter

NO_SITE = {
    "closes-at-once": "no_answer",
    "never-answers": "no_answer",
    "random-bytes": "not_http",
    "smtp-banner": "not_http",
    "ssh-banner": "not_http",
}
UNREADABLE = {
    "conflicting-lengths",
    "cookie-flood",
    "dripping-headers",
    "endless-continue",
    "header-endless",
    "header-flood",
    "header-long",
    "nul-in-header",
    "space-before-colon",
}
"""Their answers are none: nothing can be said of the application."""
HEAVY = (
    "brotli-bomb",
    "endless-body",
    "gzip-bomb",
    "link-flood",
    "nested-tags",
)
"""Scanned by a process of its own, whose memory is measured."""
CUT = {"brotli-bomb", "endless-body", "gzip-bomb", "double-gzip-bomb", "huge-body", "truncated-body"}
"""Their pages are never read to the end."""
LONGEST = 60.0
MOST_MEMORY = 200.0
"""MB, for the whole scanning process."""


def mandate(url: str, *, seconds: float = 8.0, request: float = 0.5) -> Engagement:
    today = datetime.now(UTC).date()
    return Engagement.model_validate(
        {
            "mandate": {
                "reference": "R-1",
                "organisation": "CH de Valombre",
                "signatory": "La directrice",
                "signed": today,
                "valid_from": today - timedelta(days=1),
                "valid_until": today + timedelta(days=1),
                "hours": "00:00-24:00",
                "source_addresses": ["127.0.0.1"],
                "hosting_agreement": "H-1",
                "emergency_contact": "+33 1 99 00 00 00",
                "levels": ["passive", "active"],
            },
            "scope": {"target": url},
            "limits": {
                "requests_per_second": 1000,
                "connections_per_second": 1000,
                "concurrency": 16,
                "request_seconds": request,
                "max_seconds": seconds,
            },
        }
    )


async def scanned(
    url: str, folder: Path, *only: str, ca: str | None = None, level: Level = Level.ACTIVE, **limits: float
) -> RunResult:
    scan = Scan(Target(url, ca), mandate(url, **limits), Selection(level=level, only=only))
    async with asyncio.timeout(LONGEST):
        return (await run_scan(scan, lambda _: folder)).result


def sound(result: RunResult, folder: Path) -> None:
    """What is asked of the report of any target."""
    errors = [(one.id, one.reason, one.diagnostics) for one in result.checks if one.state == "error"]
    assert not errors
    assert result.run.state in {"completed", "aborted"}
    if result.run.state == "aborted":
        assert result.run.stopped_because in {Reason.BUDGET_EXHAUSTED, Reason.UNSTABLE_TARGET}
    assert len(result.verdicts) == 65
    assert RunResult.model_validate_json((folder / "report.json").read_bytes()) == result
    assert verify_chain(folder / "journal.jsonl") is None
    for lang in ("fr", "en"):
        page = HtmlReporter().render(result, lang).decode("utf-8")
        assert page.rstrip().endswith("</html>")
        assert not [char for char in page if (ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160]
        assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068") & set(page)


def concluded(result: RunResult) -> list[Outcome]:
    return [one for one in result.outcomes if one.status in {Status.PASS, Status.FAIL}]


def fair(name: str, result: RunResult) -> None:
    """What is asked of the outcomes for one misbehaviour: nothing rests on silence, nor on half a page."""
    if name in UNREADABLE:
        assert concluded(result) == []
    pieces = {piece.id: piece for piece in result.evidence}
    for one in result.outcomes:
        if one.status is Status.FAIL and one.strength is Strength.PROOF:
            kept = [pieces[identifier] for identifier in one.evidence]
            answered = (piece.kind != "exchange" or "HTTP/" in (piece.response or "") for piece in kept)
            assert any(answered), (one.check, one.slug)
    if name in CUT and result.run.state == "completed":
        notices = {one.check: one.slug for one in result.outcomes if one.check.startswith("content.")}
        notices.pop("content.security-txt")  # judged by how a page begins
        assert set(notices.values()) == {"inconclusive"}


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - set(NO_SITE) - set(HEAVY)))
async def test_a_hostile_server_ends_in_a_report(name: str, tmp_path: Path) -> None:
    async with hostile(name) as url:
        result = await scanned(url, tmp_path / "run", seconds=4)
    sound(result, tmp_path / "run")
    fair(name, result)


@pytest.mark.parametrize(("name", "code"), NO_SITE.items())
async def test_what_is_no_web_site_is_said_and_leaves_no_folder(
    name: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "GREETING_SECONDS", 1.0)
    async with hostile(name) as url:
        with pytest.raises(Unreachable) as caught:
            await scanned(url, tmp_path / "run")
    assert caught.value.code == code
    assert not (tmp_path / "run").exists()


@asynccontextmanager
async def over_tls(name: str, folder: Path, **policy: Any) -> AsyncIterator[tuple[str, str]]:
    """A hostile server behind TLS: its address and the file of its authority."""
    authority = write_authority(folder)
    async with hostile(name, context=server_context(TlsPolicy(**policy), folder)) as url:
        yield url.replace("127.0.0.1", "localhost"), str(authority)


TLS_FEW = ("tls.certificate", "headers", "https", "content.cgu")


@pytest.mark.parametrize("name", ["ssh-banner", "random-bytes", "never-answers", "closes-at-once"])
async def test_tls_in_front_of_what_is_no_web_site(name: str, tmp_path: Path) -> None:
    """TLS answers, so there is a service to report on: of what is behind, nothing is said."""
    async with over_tls(name, tmp_path) as (url, authority):
        result = await scanned(url, tmp_path / "run", *TLS_FEW, ca=authority, seconds=20)
    sound(result, tmp_path / "run")
    assert {one.check for one in concluded(result)} <= {"tls.certificate"}


@pytest.mark.parametrize("weakness", ["expired", "wrong-name", "self-signed"])
async def test_a_certificate_that_is_wrong_does_not_stop_the_scan(weakness: str, tmp_path: Path) -> None:
    async with running_lab([f"tls.certificate/{weakness}"]) as lab:
        few = ("tls.certificate", "headers.referrer")
        result = await scanned(lab.https_url + "/", tmp_path / "run", *few, ca=lab.ca_file, seconds=30)
    sound(result, tmp_path / "run")
    failed = {one.check: one.slug for one in result.outcomes if one.status is Status.FAIL}
    assert failed == {"tls.certificate": weakness}
    assert next(one for one in result.outcomes if one.check == "headers.referrer").status is Status.PASS


async def test_an_authority_that_is_not_given_is_said_and_the_rest_is_examined(tmp_path: Path) -> None:
    async with running_lab() as lab:
        url = lab.https_url + "/"
        without = await scanned(url, tmp_path / "a", "tls.certificate", "headers.referrer", seconds=30)
        given = await scanned(url, tmp_path / "b", "tls.certificate", "headers.referrer", ca=lab.ca_file, seconds=30)
    for result, folder in ((without, "a"), (given, "b")):
        sound(result, tmp_path / folder)
        assert next(one for one in result.outcomes if one.check == "headers.referrer").status is Status.PASS
    assert any(one.status is Status.FAIL for one in without.outcomes)
    assert not any(one.status is Status.FAIL for one in given.outcomes)


async def test_a_server_of_another_age_is_reported_on(tmp_path: Path) -> None:
    """Only TLS 1.0 and 1.1: that is said, and its pages are read all the same."""
    write_authority(tmp_path)
    old = server_context(TlsPolicy(), tmp_path)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    async with hostile("hostile-strings", context=old) as url:
        url = url.replace("127.0.0.1", "localhost")
        result = await scanned(url, tmp_path / "run", "tls", "headers", level=Level.PASSIVE, seconds=30)
    sound(result, tmp_path / "run")
    failed = {one.check for one in result.outcomes if one.status is Status.FAIL}
    assert {"tls.config", "tls.certificate", "headers.csp"} <= failed


def _serve(name: str, ready: Connection) -> None:
    async def forever() -> None:
        async with hostile(name) as url:
            ready.send(url)
            await asyncio.Event().wait()

    asyncio.run(forever())


@contextmanager
def in_another_process(name: str) -> Iterator[str]:
    context = multiprocessing.get_context("fork" if threading.active_count() == 1 else "spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(name, theirs), daemon=True)
    server.start()
    try:
        yield ours.recv()
    finally:
        server.kill()
        server.join()


SCAN = """
import asyncio, sys
from pathlib import Path
from pgssi_probe.check import Target
from pgssi_probe.engagement import Engagement
from pgssi_probe.engine.scan import Scan, run_scan
engagement = Engagement.model_validate_json(sys.argv[2])
result = asyncio.run(run_scan(Scan(Target(sys.argv[1]), engagement), lambda _: Path(sys.argv[3]))).result
status = Path("/proc/self/status").read_text().split()
print(int(status[status.index("VmHWM:") + 1]) / 1000)  # unlike ru_maxrss, this begins with the program itself
"""


@pytest.mark.parametrize("name", HEAVY)
def test_memory_is_bounded_whatever_is_sent(name: str, tmp_path: Path) -> None:
    with in_another_process(name) as url:
        engagement = mandate(url, seconds=6.0, request=1.0).model_dump_json()
        command = [sys.executable, "-c", SCAN, url, engagement, str(tmp_path / "run")]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) <= MOST_MEMORY
    result = RunResult.model_validate_json((tmp_path / "run" / "report.json").read_bytes())
    sound(result, tmp_path / "run")
    fair(name, result)
