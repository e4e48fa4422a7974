from __future__ import annotations

from pathlib import Path

import pytest

from pgssi_probe.model.rendering import FileState, Indication, SealError, Trust
from pgssi_probe.model.text import LANGS, Lang, fields_of
from pgssi_reports.seal import CadesSeal
from pgssi_reports.seal.codes import Refusal, Why
from pgssi_reports.visible import is_visible
from pgssi_reports.words import words

SEAL = CadesSeal()
FIELDS = {"path", "error", "date", "bits", "minimum", "curve", "type"} | {
    "address",
    "count",
    "seconds",
    "status",
    "subject",
    "tsa",
}


@pytest.mark.parametrize("lang", LANGS)
def test_every_code_has_a_sentence(lang: Lang) -> None:
    say = words(lang)
    assert {key.rpartition(".")[2] for key in say if key.startswith("seal.refusal.")} == {*Refusal, "other"}
    said = {key.rpartition(".")[2] for key in say if key.startswith(("seal.why.", "seal.whole."))}
    assert said == set(Why)
    assert {f"seal.state.{state.value}" for state in FileState} <= set(say)
    assert {f"seal.trust.{trust.value}" for trust in Trust} <= set(say)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("code", list(Refusal))
def test_an_error_explains_itself(code: Refusal, lang: Lang) -> None:
    fields = dict.fromkeys(FIELDS, "‹value›")
    sentence = SEAL.explain(SealError(code, fields), lang)
    assert ("‹value›" in sentence) == bool(fields_of(words(lang)[f"seal.refusal.{code}"]))
    assert "{" not in sentence


def test_an_unknown_error_still_explains_itself() -> None:
    assert SEAL.explain(SealError("something_new"), "en") == words("en")["seal.refusal.other"]


def test_what_is_intact_is_said_first(run_folder: Path, reports: list[Path]) -> None:
    summary = SEAL.seal_run(run_folder, reports)
    assert SEAL.describe(summary, "fr")[0].startswith("Une clé locale a été créée")
    french, english = (SEAL.describe(SEAL.verify(run_folder), lang) for lang in LANGS)
    assert french[0].startswith("INTACT\u00a0:")
    assert english[0].startswith("INTACT:")
    assert len(french) == len(english)
    assert any("autosigné" in line for line in french)
    assert any(Indication.INDETERMINATE in line for line in french)


def test_what_is_refused_is_said_first(run_folder: Path, reports: list[Path]) -> None:
    SEAL.seal_run(run_folder, reports)
    reports[1].write_text("x")
    lines = SEAL.describe(SEAL.verify(run_folder), "fr")
    assert lines[0].startswith("REFUSÉ")
    assert any("report.html\u00a0: altéré (TOTAL-FAILED/HASH_FAILURE)" in line for line in lines)


def test_an_unrecognised_signer_is_said_first(authority, run_folder, reports, tmp_path) -> None:
    SEAL.seal_run(run_folder, reports)
    report = SEAL.verify(run_folder, trust=authority.trust_file(tmp_path / "root.pem"))
    assert SEAL.describe(report, "en")[0].startswith("INTACT, BUT THE SIGNER IS NOT RECOGNISED")


def test_names_cannot_move_the_terminal(authority, reports, run_folder, tmp_path: Path) -> None:
    name = "\x1b[2J\u202eCentre \u0007{hospitalier}\r\nINTACT"
    path = authority.p12(tmp_path / "k.p12", name=name)
    summary = SEAL.sign(reports, key=path, password=lambda: "mot de passe éprouvé")
    odd = run_folder / "\x1b[31mx\u202e.txt.p7s"
    odd.write_bytes(b"no")
    lines = [*SEAL.describe(summary, "fr"), *SEAL.describe(SEAL.verify(run_folder), "fr")]
    lines.append(SEAL.explain(SealError(Refusal.PATH_MISSING, {"path": name}), "fr"))
    assert all(is_visible(line) and "\n" not in line for line in lines)
    assert any("⟨U+001B⟩" in line for line in lines)
