"""`scan`, `report`, `--dry-run`, `engagement check`, `demo`: what they leave, what they say, what they send."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from docs import generate
from pgssi_probe.cli.exits import Exit
from pgssi_probe.lab import Lab
from pgssi_probe.lab.hostile import HOSTILE_STRINGS
from pgssi_probe.model.result import RunResult
from pgssi_probe.net.journal import head_of, verify_chain
from tests.cli.conftest import Probe, Target, address_of  # type: ignore[import-not-found]

SCHEMA = json.loads((Path(generate.__file__).parent / "reference" / "report.schema.json").read_text(encoding="utf-8"))
FEW = ("--only", "headers,cookie", "--rate", "500")


def engagement(folder: Path, target: str, **changes: str) -> Path:
    """A mandate that is complete and valid today."""
    today = datetime.now(UTC).date()
    mandate = {
        "reference": '"CONV-1"',
        "organisation": '"CH de Valombre"',
        "signatory": '"La directrice"',
        "signed": str(today),
        "valid_from": str(today - timedelta(days=1)),
        "valid_until": str(today + timedelta(days=1)),
        "hours": '"00:00-24:00"',
        "source_addresses": '["127.0.0.1"]',
        "hosting_agreement": '"H-1"',
        "emergency_contact": '"+33 1 99 00 00 00"',
        "levels": '["passive", "active"]',
        **changes,
    }
    lines = [f"{name} = {value}" for name, value in mandate.items()]
    path = folder / "engagement.toml"
    path.write_text("\n".join(["[mandate]", *lines, "[scope]", f'target = "{target}"', ""]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(hardened: Lab, settings: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """A passive run of everything on the hardened portal, sealed by the local key."""
    from pgssi_probe.cli.app import run

    folder = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(settings))
        code = run(["scan", *address_of(hardened), "--out", str(folder), "--quiet", "--lang", "fr"])
    return code, folder


def report_of(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return data


def test_a_hardened_portal_has_no_deviation(whole: tuple[int, Path]) -> None:
    code, folder = whole
    report = report_of(folder)
    assert [one["id"] for one in report["outcomes"] if one["status"] == "fail"] == []
    assert {one["state"] for one in report["checks"]} == {"completed", "not_run"}
    assert code == Exit.OK


def test_the_report_is_what_the_published_schema_says(whole: tuple[int, Path]) -> None:
    report = report_of(whole[1])
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert len(report["verdicts"]) == 65
    assert report["run"]["command_line"][:2] == ["pgssi-probe", "scan"]


def test_the_folder_is_readable_by_nobody_else_and_the_journal_is_whole(whole: tuple[int, Path]) -> None:
    folder = whole[1]
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert {path.name for path in folder.iterdir()} == {
        "run.json",
        "plan.json",
        "tokens.key",
        "journal.jsonl",
        "outcomes.jsonl",
        "evidence",
        "report.json",
        "report.html",
        "report.json.p7s",
        "report.html.p7s",
        "engagement.json",
        "manifest.json",
        "manifest.json.p7s",
        "dossier.asice",
    }
    assert verify_chain(folder / "journal.jsonl") is None
    assert head_of(folder / "journal.jsonl")


def test_deviations_set_the_exit_code_from_the_gravity_asked_for(probe: Probe, weak: Lab) -> None:
    address = address_of(weak)
    assert probe("scan", *address, "--only", "headers.csp", "--out", "a").code == Exit.DEVIATIONS
    assert probe("scan", *address, "--only", "headers.csp", "--out", "b", "--fail-on", "critical").code == Exit.OK
    assert probe("scan", *address, "--only", "headers.csp", "--out", "c", "--fail-on", "never").code == Exit.OK
    done = probe("scan", *address, "--only", "headers.csp", "--out", "d", "--lang", "en", "--no-seal")
    assert done.code == Exit.DEVIATIONS
    assert "The most serious" in done.out
    assert not list(Path("d").glob("*.p7s"))


def test_strict_wants_every_check_that_was_asked_for(probe: Probe, web: Target, tmp_path: Path) -> None:
    quiet = ("--fail-on", "never", "--quiet", "--no-seal", "--rate", "500")
    settled = ("scan", web.url, "--only", "headers.referrer", *quiet)
    assert probe(*settled, "--out", "a", "--strict").code == Exit.OK
    without_mandate = ("scan", web.url, "--only", "headers.referrer,http.methods", *quiet)
    assert probe(*without_mandate, "--out", "b", "--strict").code == Exit.NOT_EVALUATED
    assert probe(*without_mandate, "--out", "c").code == Exit.OK
    inconclusive = ("scan", web.url, "--only", "content.cgu", *quiet)
    assert probe(*inconclusive, "--out", "d", "--strict").code == Exit.NOT_EVALUATED
    assert probe(*inconclusive, "--out", "e").code == Exit.OK


def test_json_lines_and_nothing_else(probe: Probe, web: Target) -> None:
    done = probe("scan", web.url, *FEW, "--out", "run", "--json", "--fail-on", "never")
    assert done.code == Exit.OK
    assert done.err == ""
    events = [json.loads(line) for line in done.out.splitlines()]
    assert events[-1]["event"] == "report"
    assert {"planned", "started", "finished"} <= {event["event"] for event in events}
    assert Path(events[-1]["files"][0]).name == "report.json"


def test_in_a_pipe_there_is_one_line_an_event(probe: Probe, web: Target) -> None:
    done = probe("scan", web.url, "--only", "headers.csp,headers.referrer", "--out", "run", "--fail-on", "never")
    assert all(line[2] == line[5] == ":" for line in done.err.splitlines())
    assert "headers.csp : terminé" in done.err
    assert "faute de mandat" not in done.err  # every check that was chosen runs
    assert not any("\x1b" in text or "\r" in text for text in (done.out, done.err))
    assert "run/report.html" in done.out


def test_what_a_missing_mandate_holds_back_is_said(probe: Probe, web: Target) -> None:
    done = probe("scan", web.url, "--only", "headers.referrer,http.methods", "--out", "run", "--no-seal")
    assert "1 contrôle ne sera pas exécuté, faute de mandat" in done.err


def test_quiet_says_the_summary_only(probe: Probe, web: Target) -> None:
    done = probe("scan", web.url, *FEW, "--out", "run", "--quiet")
    assert done.err == ""
    assert "Règles du guide" in done.out


def test_the_folder_has_a_name_of_its_own(probe: Probe, web: Target, tmp_path: Path) -> None:
    assert probe("scan", web.url, *FEW, "--quiet", "--no-seal", "--fail-on", "never").code == Exit.OK
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("127.0.0.1-20")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_dry_run_sends_nothing(probe: Probe, web: Target, tmp_path: Path, lang: str) -> None:
    file = engagement(tmp_path, web.url)
    done = probe("scan", web.url, "--dry-run", "-e", file, "--lang", lang)
    assert done.code == Exit.OK
    assert ("Rien n'a été envoyé." if lang == "fr" else "Nothing was sent.") in done.out
    plan = json.loads(probe("scan", web.url, "--dry-run", "-e", file, "--json").out)
    assert {entry["check"] for entry in plan["entries"] if entry["runs"]} > {"http.methods", "headers.csp"}
    assert plan["requests_max"] > 100
    assert web.seen == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["engagement.toml"]


def test_engagement_check_names_the_line_that_is_missing(probe: Probe, tmp_path: Path) -> None:
    file = engagement(tmp_path, "https://portail.exemple/", emergency_contact='""')
    done = probe("engagement", "check", file)
    assert done.code == Exit.OK
    assert "Niveau passif : autorisé" in done.out
    assert "Niveau actif : refusé, la ligne mandate.emergency_contact manque" in done.out
    levels = json.loads(probe("engagement", "check", file, "--json").out)["levels"]
    assert (levels["active"]["allowed"], levels["active"]["line"]) == (False, "mandate.emergency_contact")
    english = probe("engagement", "check", engagement(tmp_path, "https://portail.exemple/"), "--lang", "en")
    assert "Level active: allowed now." in english.out


def test_a_report_is_rendered_in_the_other_language(probe: Probe, whole: tuple[int, Path]) -> None:
    folder = whole[1]
    french = (folder / "report.html").read_text(encoding="utf-8")
    data = (folder / "report.json").read_bytes()
    assert probe("report", folder, "--lang", "en").code == Exit.OK
    english = (folder / "report.html").read_text(encoding="utf-8")
    assert ('lang="fr"' in french, 'lang="en"' in english) == (True, True)
    assert (folder / "report.json").read_bytes() == data
    assert probe("verify", folder).code == Exit.OK
    assert probe("report", folder).code == Exit.OK


def test_a_report_of_what_is_no_finished_run(probe: Probe, tmp_path: Path, whole: tuple[int, Path]) -> None:
    (tmp_path / "report.json").write_text('{"run": 3}')
    assert probe("report", tmp_path).code == Exit.USAGE
    begun = tmp_path / "begun"
    begun.mkdir()
    (begun / "run.json").write_bytes((whole[1] / "run.json").read_bytes())
    done = probe("report", begun)
    assert done.code == Exit.USAGE
    assert "--resume" in done.err


def test_a_rendering_that_fails_takes_nothing_away(
    probe: Probe, web: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgssi_reports.html import HtmlReporter

    def broken(*_: object) -> bytes:
        raise ValueError("secret of the target")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HtmlReporter, "render", broken)
        done = probe("scan", web.url, *FEW, "--out", "run")
        assert done.code == Exit.INTERNAL
        assert "secret" not in done.out + done.err
        assert (tmp_path / "run" / "report.json.p7s").exists()
        assert probe("report", "run").code == Exit.INTERNAL
    assert probe("report", "run").code == Exit.OK
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize("name", ["report.json", "report.html", "plan.json", "outcomes.jsonl", "journal.jsonl"])
def test_a_full_disk_is_said_in_one_sentence(
    probe: Probe, web: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Nothing can be written to this file any more; the others are whole."""
    real_open, real_fsync, real_write = os.open, os.fsync, os.write
    full = OSError(errno.ENOSPC, "No space left on device")

    def of(descriptor: int) -> str:
        return Path(f"/proc/self/fd/{descriptor}").readlink().name

    def opened(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        if name == "outcomes.jsonl" and str(path).endswith(name):
            return real_open("/dev/full", os.O_WRONLY)
        return real_open(path, flags, mode, **more)

    def fsync(descriptor: int) -> None:
        if of(descriptor) == name or (of(descriptor).startswith(".writing-") and writing[-1:] == [name]):
            raise full
        real_fsync(descriptor)

    def write(descriptor: int, data: bytes) -> int:
        if of(descriptor) == name and b'"kind":"request"' in data:
            raise full
        return real_write(descriptor, data)

    from pgssi_probe.engine.folder import RunFolder

    writing: list[str] = []
    real = RunFolder.write

    def remembered(self: RunFolder, given: str, content: Any) -> Path:
        writing.append(given)
        return real(self, given, content)

    monkeypatch.setattr(RunFolder, "write", remembered)
    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "write", write)
    done = probe("scan", web.url, *FEW, "--out", "run", "--fail-on", "never")
    assert done.code == Exit.INTERNAL
    assert "plus de place sur le disque" in done.err
    assert not list((tmp_path / "run").glob(".writing-*"))
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert verify_chain(tmp_path / "run" / "journal.jsonl") is None
    assert probe("scan", "--resume", "run", "--fail-on", "never", "--no-seal").code == Exit.OK


def test_a_resumed_run_keeps_its_rate_its_contact_and_its_choice(probe: Probe, web: Target, tmp_path: Path) -> None:
    first = probe("scan", web.url, "--only", "headers", "--rate", "77", "--contact", "rssi@exemple.fr", "--out", "run")
    assert first.code == Exit.DEVIATIONS
    (tmp_path / "run" / "outcomes.jsonl").unlink()
    before = len(web.seen)
    assert probe("scan", "--resume", "run", "--json").code == Exit.DEVIATIONS
    assert len(web.seen) > before
    report = report_of(tmp_path / "run")
    assert "rssi@exemple.fr" in report["run"]["user_agent"]
    assert report["engagement"]["limits"]["requests_per_second"] == 77
    assert {one["id"].split(".")[0] for one in report["checks"] if one["state"] == "completed"} == {"headers"}


def test_a_mandate_that_has_expired_since_is_not_resumed_at_its_level(
    probe: Probe, web: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = engagement(tmp_path, web.url)
    active = ("scan", web.url, "-e", file, "--only", "http.methods,headers.referrer", "--out", "run", "--rate", "500")
    probe(*active, "--no-seal")
    assert report_of(tmp_path / "run")["run"]["level"] == "active"
    (tmp_path / "run" / "outcomes.jsonl").unlink()
    from pgssi_probe.clock import SystemClock

    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: now(self) + timedelta(days=3))
    probe("scan", "--resume", "run", "--no-seal")
    report = report_of(tmp_path / "run")
    assert report["run"]["level"] == "passive"
    states = {one["id"]: (one["state"], one["reason"]) for one in report["checks"]}
    assert states["http.methods"] == ("not_run", "mandate_missing")
    assert states["headers.referrer"] == ("completed", None)


def test_a_resumed_target_that_is_gone_is_named(probe: Probe, tmp_path: Path) -> None:
    from tests.cli.conftest import web_server  # type: ignore[import-not-found]

    with web_server() as target:
        assert probe("scan", target.url, *FEW, "--out", "run", "--no-seal").code == Exit.DEVIATIONS
    done = probe("scan", "--resume", "run")
    assert done.code == Exit.UNREACHABLE
    assert f"{target.url.split('/')[2]} refuse la connexion" in done.err
    assert (tmp_path / "run" / "report.json").exists()


def test_secrets_of_an_address_are_kept_out(probe: Probe, web: Target, tmp_path: Path) -> None:
    done = probe("scan", web.url + "?token=abcdef123456", *FEW, "--out", "run", "--no-seal")
    assert "abcdef123456" not in done.out + done.err
    for name in ("report.json", "report.html", "journal.jsonl", "outcomes.jsonl"):
        assert "abcdef123456" not in (tmp_path / "run" / name).read_text(encoding="utf-8"), name
    assert RunResult.model_validate(report_of(tmp_path / "run")).run.target.endswith("?token=‹secret›")


def test_what_a_target_says_acts_nowhere(probe: Probe, tmp_path: Path) -> None:
    from tests.cli.conftest import web_server  # type: ignore[import-not-found]

    text = "".join(HOSTILE_STRINGS)
    links = "".join(
        f'<a href="/{one}">{one}</a><form action="/{one}"><input name="{one}"></form>' for one in HOSTILE_STRINGS
    )
    body = f"<title>{text}</title><meta name=generator content='{text} 9.9.9'><!-- {text} -->{links}"
    with web_server(body.encode("utf-8", "replace")) as target:
        done = probe("scan", target.url, "--out", "run", "--rate", "500", "--no-seal")
        lines = probe("scan", target.url, "--out", "run2", "--rate", "500", "--no-seal", "--json")
    journal = (tmp_path / "run" / "journal.jsonl").read_text(encoding="utf-8")
    for said in (done.out, done.err, lines.out, lines.err, journal):
        assert not [char for char in said if char != "\n" and (ord(char) < 32 or 127 <= ord(char) < 160)]
        assert not set("\u202e\u2066") & set(said)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "onerror=alert(1)>" not in page.replace("&gt;", "")
    assert not set("\x00\x1b\u202e\u2066") & set(page)


def test_names_are_separated_by_commas_or_given_one_by_one(probe: Probe) -> None:
    def chosen(*options: str) -> set[str]:
        plan = json.loads(probe("scan", "https://portal.example", "--dry-run", "--json", *options).out)
        return {entry["check"] for entry in plan["entries"] if entry["runs"]}

    both = {"headers.referrer", "headers.csp"}
    assert chosen("--only", "headers.referrer,headers.csp") == both
    assert chosen("--only", "headers.referrer", "--only", "headers.csp") == both
    assert chosen("--only", "headers.referrer, headers.csp", "--skip", "headers.csp") == {"headers.referrer"}
