"""A run, whatever happens on the way: crashes, hangs, interruptions, resumption, a disk that fills."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe import collectors
from pgssi_probe.check import CheckContext, Collector, Level, Observation, Reason, Subject, Target, inconclusive
from pgssi_probe.collectors import declared
from pgssi_probe.engagement import Engagement
from pgssi_probe.engine import run as run_module
from pgssi_probe.engine.folder import Finished, FolderError, RunFolder
from pgssi_probe.engine.plan import Selection
from pgssi_probe.engine.scan import Scan, Scanned, Unreachable, resume, run_scan
from pgssi_probe.model.result import CheckRun, RunResult
from pgssi_probe.model.verdict import Verdict
from pgssi_probe.net.journal import verify_chain
from tests.engine.conftest import Observe, fake, web  # type: ignore[import-not-found]

SITE = Subject(kind="site", name="x")


def saying(slug: str, *, fetch: str | None = None) -> Observe:
    async def observe(ctx: CheckContext) -> list[Observation]:
        evidence: tuple[str, ...] = ()
        if fetch is not None:
            evidence = (ctx.keep(await ctx.get(ctx.target.origin + fetch)),)
        return [Observation(slug=slug, subject=ctx.target.site, facts={"n": 1}, evidence=evidence)]

    return observe


async def crash(ctx: CheckContext) -> list[Observation]:
    raise RuntimeError("secret-of-the-target")


async def undeclared(ctx: CheckContext) -> list[Observation]:
    return [Observation(slug="never-declared", subject=SITE)]


async def forever(ctx: CheckContext) -> list[Observation]:
    await asyncio.sleep(3600)
    return []


@asynccontextmanager
async def ssh() -> AsyncIterator[str]:
    """What answers on port 22: a banner at once, a complaint about anything else, the end."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        await reader.read(100)
        writer.write(b"Invalid SSH identification string.\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"//127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def scan(url: str, folder: Path, **options: Any) -> Scanned:
    return await run_scan(Scan(Target(url), **options), lambda _: folder)


def state(result: RunResult, check: str) -> CheckRun:
    return next(run for run in result.checks if run.id == check)


async def test_a_crash_is_an_error_in_the_report_and_takes_nothing_else_down(tmp_path: Path, install: Any) -> None:
    install(fake("a.crash", crash), fake("b.fine", saying("fine", fetch="/")), fake("c.slug", undeclared))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run")
    crashed = state(scanned.result, "a.crash")
    assert (crashed.state, crashed.reason) == ("error", Reason.CHECK_FAILED)
    assert "RuntimeError" in (crashed.diagnostics or "")
    assert "secret-of-the-target" not in scanned.folder.report_json.read_text()
    assert "never-declared" in (state(scanned.result, "c.slug").diagnostics or "")
    assert state(scanned.result, "b.fine").state == "completed"
    assert state(scanned.result, "b.fine").requests == 1
    assert [outcome.check for outcome in scanned.result.outcomes] == ["b.fine"]
    assert scanned.result.run.state == "completed"


async def test_the_folder_is_private_and_the_journal_is_a_whole_chain(tmp_path: Path, install: Any) -> None:
    install(fake("b.fine", saying("bad", fetch="/?token=abcdef123456")))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run")
    folder = scanned.folder
    assert folder.path.stat().st_mode & 0o777 == 0o700
    files = [path for path in folder.path.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert verify_chain(folder.journal) is None
    assert scanned.result.run.journal_head
    assert not any("abcdef123456" in path.read_text() for path in files)
    evidence = scanned.result.evidence[0]
    assert evidence.id in scanned.result.outcomes[0].evidence
    assert "GET /?token=" in (evidence.request or "")


async def test_a_check_cannot_send_more_than_it_declares(tmp_path: Path, install: Any) -> None:
    seen: list[str | None] = []

    async def greedy(ctx: CheckContext) -> list[Observation]:
        seen.extend([(await ctx.get(ctx.target.url)).failure for _ in range(8)])
        return []

    install(fake("a.greedy", greedy, requests=3))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run")
    assert [failure is None for failure in seen] == [True] * 3 + [False] * 5
    assert state(scanned.result, "a.greedy").requests == 3


async def test_a_check_that_hangs_is_ended(tmp_path: Path, install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "PATIENCE_FLOOR", 0.05)
    monkeypatch.setattr(run_module, "PATIENCE", 0.01)
    install(fake("a.forever", forever), fake("b.fine", saying("fine")))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run")
    assert (state(scanned.result, "a.forever").state, state(scanned.result, "a.forever").reason) == (
        "error",
        Reason.TIMEOUT,
    )
    assert state(scanned.result, "b.fine").state == "completed"


async def test_a_check_after_everything_sees_what_the_others_sent(tmp_path: Path, install: Any) -> None:
    async def count(ctx: CheckContext) -> list[Observation]:
        seen = [exchange for exchange in ctx.transcript() if exchange.url.endswith("/marked")]
        return [Observation(slug="fine", subject=SITE, facts={"n": len(seen)})]

    install(fake("a.last", count, after_everything=True), fake("z.first", saying("fine", fetch="/marked")))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run")
    assert next(one for one in scanned.result.outcomes if one.check == "a.last").facts == {"n": 1}


async def test_a_collection_is_gathered_once_and_its_failure_reaches_all_who_ask(
    tmp_path: Path, install: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered = 0

    async def gather(ctx: Any) -> int:
        nonlocal gathered
        gathered += 1
        await ctx.get(ctx.target.url)
        return 41 + gathered

    async def broken(ctx: Any) -> int:
        raise ValueError("no")

    shared, wrong = Collector("shared", gather, requests=1), Collector("wrong", broken)

    async def ask(ctx: CheckContext) -> list[Observation]:
        return [Observation(slug="fine", subject=SITE, facts={"n": await ctx.collect(shared)})]

    async def ask_wrong(ctx: CheckContext) -> list[Observation]:
        await ctx.collect(wrong)
        return []

    known = {**declared(), "shared": declared()["site"]}
    monkeypatch.setattr(collectors, "declared", lambda: known)
    named = [fake(name, ask, collects=("shared",)) for name in ("a.one", "b.two")]
    install(*named, fake("c.three", ask_wrong), fake("d.four", ask_wrong))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run")
    assert gathered == 1
    assert [one.facts for one in scanned.result.outcomes] == [{"n": 42}, {"n": 42}]
    assert state(scanned.result, "a.one").requests == 0
    assert {state(scanned.result, name).state for name in ("c.three", "d.four")} == {"error"}


async def test_a_collection_that_sends_and_that_no_check_declares_is_refused(tmp_path: Path, install: Any) -> None:
    async def gather(ctx: Any) -> None:
        await ctx.get(ctx.target.url)

    async def ask(ctx: CheckContext) -> list[Observation]:
        await ctx.collect(Collector("secret", gather, requests=1))
        return []

    install(fake("a.one", ask))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run")
    assert state(scanned.result, "a.one").state == "error"
    assert scanned.result.run.requests == 1, "the first look at the target, and nothing after it"


async def test_an_interrupted_run_is_usable_and_resumes_only_what_is_missing(tmp_path: Path, install: Any) -> None:
    calls: list[str] = []

    def counted(name: str, then: Observe) -> Observe:
        async def observe(ctx: CheckContext) -> list[Observation]:
            calls.append(name)
            return await then(ctx)

        return observe

    async def stop_the_run(ctx: CheckContext) -> list[Observation]:
        conductor.stop(Reason.INTERRUPTED)
        await asyncio.sleep(3600)
        return []

    conductor: Any = None
    original = run_module.Conductor.conduct

    async def remember(self: Any, *arguments: Any) -> Any:
        nonlocal conductor
        conductor = self
        return await original(self, *arguments)

    slow_then_stop = counted("b.stops", stop_the_run)

    async def wait_for_a(ctx: CheckContext) -> list[Observation]:
        while "a.done" not in conductor.gathered.runs:  # noqa: ASYNC110 (nothing to wait on)
            await asyncio.sleep(0)
        return await slow_then_stop(ctx)

    install(
        fake("a.done", counted("a.done", saying("bad", fetch="/"))),
        fake("b.stops", wait_for_a),
        fake("c.last", counted("c.last", saying("fine")), after_everything=True),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module.Conductor, "conduct", remember)
        async with web() as url:
            scanned = await scan(url, tmp_path / "run")
            assert scanned.result.run.state == "interrupted"
            assert state(scanned.result, "a.done").state == "completed"
            assert state(scanned.result, "b.stops").state == "interrupted"
            assert state(scanned.result, "c.last").state == "not_run"
            assert len(scanned.result.verdicts) == 65
            assert scanned.folder.report_json.exists()

            install(
                fake("a.done", counted("a.done", saying("bad", fetch="/"))),
                fake("b.stops", counted("b.stops", saying("fine"))),
                fake("c.last", counted("c.last", saying("fine")), after_everything=True),
            )
            again = await resume(tmp_path / "run")
    assert calls == ["a.done", "b.stops", "b.stops", "c.last"]
    assert again.result.run.state == "completed"
    assert again.result.run.id == scanned.result.run.id
    assert again.result.run.requests > scanned.result.run.requests, "the totals are those of the whole run"
    earlier = scanned.result.chronology
    assert again.result.chronology[: len(earlier)] == earlier
    assert [event.kind for event in again.result.chronology].count("started") == 2
    assert {run.state for run in again.result.checks} == {"completed"}
    found = next(outcome for outcome in again.result.outcomes if outcome.slug == "bad")
    assert {piece.id for piece in again.result.evidence} >= set(found.evidence)
    assert verify_chain(tmp_path / "run" / "journal.jsonl") is None


async def test_a_torn_last_line_of_outcomes_only_costs_that_check(tmp_path: Path, install: Any) -> None:
    install(fake("a.one", saying("fine")), fake("b.two", saying("fine")))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run")
        path = scanned.folder.path / "outcomes.jsonl"
        path.write_bytes(path.read_bytes()[:-20])
        assert len(list(scanned.folder.finished())) == 1
        again = await resume(scanned.folder.path)
    assert len(again.result.outcomes) == 2


async def test_a_disk_that_fills_stops_the_run_with_a_clear_error(
    tmp_path: Path, install: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: RunFolder, finished: Finished) -> None:
        raise FolderError("unwritable", self.path, "No space left on device")

    monkeypatch.setattr(RunFolder, "add_finished", full)
    install(fake("a.one", saying("fine")), fake("b.two", forever))
    async with web() as url:
        with pytest.raises(FolderError):
            await scan(url, tmp_path / "run")


async def test_what_was_gathered_survives_a_resume_with_another_engagement(tmp_path: Path, install: Any) -> None:
    install(fake("a.one", saying("fine")))
    file = tmp_path / "e.toml"
    file.write_text('[scope]\nexcluded_paths = ["/x"]\n')
    from pgssi_probe.engagement import load_engagement

    async with web() as url:
        await scan(url, tmp_path / "run", engagement=load_engagement(file), engagement_file=file)
        file.write_text("[scope]\n")
        with pytest.raises(FolderError) as caught:
            await resume(tmp_path / "run")
    assert caught.value.code == "engagement_changed"


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://does-not-exist.invalid/", "unknown_host"), ("http://127.0.0.1:1/", "refused")],
)
async def test_an_unreachable_target_leaves_no_folder(url: str, code: str, tmp_path: Path, install: Any) -> None:
    install(fake("a.one", saying("fine")))
    with pytest.raises(Unreachable) as caught:
        await scan(url, tmp_path / "run")
    assert caught.value.code == code
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("scheme", "code"), [("https", "not_tls"), ("http", "not_http")])
async def test_another_protocol_is_named(scheme: str, code: str, tmp_path: Path, install: Any) -> None:
    install(fake("a.one", saying("fine")))
    async with ssh() as address:
        with pytest.raises(Unreachable) as caught:
            await scan(f"{scheme}:{address}", tmp_path / "run")
    assert caught.value.code == code


async def test_a_sick_target_pauses_then_aborts_and_says_so(tmp_path: Path, install: Any) -> None:
    async def insist(ctx: CheckContext) -> list[Observation]:
        answers = [await ctx.get(f"{ctx.target.origin}/{n}") for n in range(200)]
        if any(answer.failure for answer in answers):
            return [inconclusive(ctx.target.site, Reason.SERVER_ERROR)]
        return [Observation(slug="fine", subject=SITE, facts={"n": 1})]

    install(fake("a.insist", insist, requests=300), fake("b.after", saying("fine"), after_everything=True))
    from pgssi_probe.clock import SystemClock

    class Hurried(SystemClock):
        """Time jumps over every wait."""

        skipped = 0.0

        def monotonic(self) -> float:
            return super().monotonic() + self.skipped

        async def sleep(self, seconds: float) -> None:
            self.skipped += seconds
            await asyncio.sleep(0)

    engagement = Engagement.model_validate({"limits": {"requests_per_second": 1000}})
    async with web(then=b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n", after=30) as url:
        scanned = await run_scan(Scan(Target(url), engagement=engagement), lambda _: tmp_path / "run", clock=Hurried())
    result = scanned.result
    assert result.run.state == "aborted"
    assert state(result, "a.insist").state == "interrupted"
    assert state(result, "b.after").state == "not_run"
    kinds = [event.kind for event in result.chronology]
    assert "paused" in kinds
    assert kinds[-1] == "aborted"
    assert not any(verdict.verdict in {Verdict.COMPLIANT, Verdict.NO_DEVIATION} for verdict in result.verdicts)


async def test_selection_is_kept_in_the_report(tmp_path: Path, install: Any) -> None:
    install(fake("a.one", saying("fine")), fake("b.two", saying("fine")))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run", selection=Selection(level=Level.PASSIVE, skip=("b",)))
    assert state(scanned.result, "b.two").reason is Reason.DESELECTED
    data = json.loads(scanned.folder.report_json.read_text())
    assert RunResult.model_validate(data) == scanned.result
