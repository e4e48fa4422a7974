"""Logs that nginx and Apache wrote during a real run, compared with the time-line of that run."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.cli.app import run
from pgssi_probe.cli.exits import Exit
from pgssi_probe.history.reading import read_report
from pgssi_probe.model.verdict import Verdict

pytestmark = pytest.mark.tools


@pytest.fixture
def folder(real_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGSSI_LANG", "fr")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Path(shutil.copytree(real_run.folder, tmp_path / "run"))


def match(
    capsys: pytest.CaptureFixture[str], folder: Path, *logs: Path, options: tuple[str, ...] = ()
) -> tuple[int, Any]:
    capsys.readouterr()
    words = ["traces", "match", str(folder), *map(str, logs), "--json", "--no-seal", "-f", "json", *options]
    code = run(words)
    return code, json.loads(capsys.readouterr().out)


def slugs(data: Any) -> set[str]:
    return {outcome["slug"] for outcome in data["outcomes"] if outcome["check"] == "assist.trace-crosscheck"}


def test_the_run_knows_what_it_did(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["traces", "expected", str(folder), "-o", "t.json", "--json"]) == Exit.OK
    made = json.loads(capsys.readouterr().out)
    kinds = {event["kind"] for event in made["events"]}
    assert {"sign_in", "sign_out", "forged_address", "read"} <= kinds
    announced = {event["forwarded_for"] for event in made["events"] if event["kind"] == "forged_address"}
    assert announced == {"203.0.113.77"}
    assert Path("t.json.p7s").exists()
    assert Path("t.txt.p7s").exists()
    text = Path("t.txt").read_text()
    assert all(event["id"] in text for event in made["events"])
    assert run(["verify", "t.json"]) == Exit.OK
    assert run(["verify", str(folder)]) != Exit.INTERNAL


@pytest.mark.parametrize("log", ["nginx-id.log", "nginx.json", "syslog.log", "nginx-combined.log"])
def test_every_event_is_found_in_every_format(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str], log: str
) -> None:
    _, data = match(capsys, folder, real_run.logs / log)
    assert all(event["found"] for event in data["events"])
    assert all(abs(event["late"]) <= 2 for event in data["events"])
    (read,) = data["logs"]
    assert read["clock_by"] == ("alignment" if log == "nginx-combined.log" else "ids")
    assert abs(read["clock"]) <= 2
    assert read["zone"] == 0
    # Nobody is named by an access log, and that is all that is wrong with it.
    assert slugs(data) == {"complete", "address-not-fooled", "author-missing"}
    assert all(event["address"] == "right" for event in data["events"])


def test_a_log_that_believes_a_forged_address_fails(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, data = match(capsys, folder, real_run.logs / "apache-fooled.log")
    assert code == Exit.DEVIATIONS
    assert "forged-address" in slugs(data)
    verdicts = {part.part: part.verdict for rule in read_report(folder).verdicts for part in rule.parts}
    assert verdicts["TR2.1"] is Verdict.NON_COMPLIANT
    assert verdicts["TR1.1"] is Verdict.NO_DEVIATION


def test_apache_with_its_virtual_host_and_without_ids(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, data = match(capsys, folder, real_run.logs / "apache-vhost.log")
    assert {"complete", "address-not-fooled"} <= slugs(data)


def test_a_raw_token_in_a_log_is_found_and_not_repeated(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, data = match(capsys, folder, real_run.logs / "nginx-leaking.log")
    assert "secret-logged" in slugs(data)
    for path in [folder / "traces.json", folder / "report.json", folder / "journal.jsonl", *folder.glob("evidence/*")]:
        assert "k7Jd0QzV3mXw9sLpTb5RhYcN2gFa8uEi" not in path.read_text()


def test_without_the_key_tokens_are_not_recognised(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tokens.key").unlink()
    _, data = match(capsys, folder, real_run.logs / "nginx-leaking.log")
    assert "secret-logged" not in slugs(data)


def test_a_password_in_a_log_is_found_with_the_engagement(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PW", "Valombre-2026-soleil")
    Path("e.toml").write_text('[accounts.a]\nusername = "alice"\npassword = { env = "PW" }\n')
    started = read_report(folder).run.started
    Path("app.log").write_text(
        (real_run.logs / "nginx-id.log").read_text()
        + f'{started.isoformat()} DEBUG login form={{"p":"Valombre-2026-soleil"}}\n'
    )
    _, data = match(capsys, folder, Path("app.log"), options=("-e", "e.toml"))
    leak = next(outcome for outcome in data["outcomes"] if outcome["slug"] == "secret-logged")
    assert leak["facts"]["passwords"] == 1
    assert "soleil" not in (folder / "traces.json").read_text() + json.dumps(data)


def test_a_log_in_another_zone_packed_and_late_is_put_right(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """CSV without a zone, two hours and five minutes ahead."""
    rows = ["horodatage;methode;chemin;statut;adresse_ip;utilisateur;evenement"]
    for line in (real_run.logs / "nginx.json").read_text().splitlines():
        one = json.loads(line)
        late = datetime.fromtimestamp(datetime.fromisoformat(one["time"]).timestamp() + 7500, UTC)
        rows.append(f"{late:%d/%m/%Y %H:%M:%S};{one['method']};{one['uri']};{one['status']};127.0.0.1;alice;requete")
    Path("app.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    _, data = match(capsys, folder, Path("app.csv.gz"))
    (read,) = data["logs"]
    assert read["zone"] == 7200
    assert 295 <= read["clock"] <= 305
    assert all(event["found"] and abs(event["late"]) <= 2 for event in data["events"])
    assert slugs(data) == {"complete", "clock-off", "well-filled", "address-not-fooled"}


def test_what_is_missing_is_named_and_makes_the_rule_non_compliant(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (real_run.logs / "nginx-id.log").read_text().splitlines()
    Path("partial.log").write_text("\n".join(line for line in lines if "POST" not in line))
    code, data = match(capsys, folder, Path("partial.log"))
    assert code == Exit.DEVIATIONS
    missing = next(outcome for outcome in data["outcomes"] if outcome["slug"] == "events-missing")
    assert "sign_in" in missing["facts"]["kinds"]
    rules = {rule.rule: rule.verdict for rule in read_report(folder).verdicts}
    assert rules["TR1"] is Verdict.NON_COMPLIANT
    again = match(capsys, folder, real_run.logs / "nginx-id.log")[1]  # another comparison replaces the first
    assert "events-missing" not in slugs(again)


def test_the_log_of_something_else_concludes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.log").write_text('192.0.2.9 - - [01/Jan/2020:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"\n' * 20)
    _, data = match(capsys, folder, Path("other.log"))
    assert slugs(data) == {"inconclusive"}
    assert {rule.rule: rule.verdict for rule in read_report(folder).verdicts}["TR1"] is Verdict.TO_JUSTIFY


def test_the_report_made_again_is_sealed_with_the_traces(
    real_run: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["traces", "match", str(folder), str(real_run.logs / "nginx-id.log")])
    assert "Ce que disent les journaux" in capsys.readouterr().out
    listed = {line["path"] for line in json.loads((folder / "manifest.json").read_bytes())["files"]}
    assert "traces.json" in listed
    assert "tokens.key" not in listed
    assert run(["verify", str(folder)]) == Exit.OK
    run(["traces", "match", str(folder), str(real_run.logs / "nginx-id.log"), "--no-seal"])
    assert "report.json.p7s" in capsys.readouterr().err
    run(["verify", str(folder), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert not said["intact"]
    assert not [one for one in said["files"] if one["state"] == "altered"]


@pytest.mark.parametrize("content", [None, b"\x1f\x8b\x08\x00broken"])
def test_a_log_that_cannot_be_read_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        Path("bad.log").write_bytes(content)
    assert run(["traces", "match", str(folder), "bad.log", "--no-seal"]) == Exit.USAGE
    assert "bad.log" in capsys.readouterr().err
