from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pgssi_reports
from pgssi_probe.model.rendering import FileState, Indication, SealError, Trust, VerificationReport
from pgssi_reports.seal import CadesSeal
from pgssi_reports.seal.cades import sign_files
from pgssi_reports.seal.certificates import load_trusted
from pgssi_reports.seal.codes import Refusal, Why
from pgssi_reports.seal.keys import file_key, local_key
from pgssi_reports.seal.run_folder import seal_run
from pgssi_reports.seal.signing_key import SigningKey
from pgssi_reports.seal.verify import verify_path

SEAL = CadesSeal()


def password() -> str:
    return "mot de passe éprouvé"


def signature_of(path: Path) -> Path:
    return path.with_name(path.name + ".p7s")


def by_name(report: VerificationReport, name: str):
    return next(file for file in report.files if file.name == name)


class TestFolder:
    def test_a_local_seal_is_intact_and_proves_no_identity(self, full_run: Path, reports) -> None:
        said = SEAL.seal_run(full_run, reports)
        report = SEAL.verify(full_run)
        assert report.intact
        assert report.accepted
        assert report.why is None
        assert report.indication is Indication.INDETERMINATE
        names = ["manifest.json", "report.html", "report.json", "dossier.asice"]
        assert [file.name for file in report.files] == names
        assert {file.sub_indication for file in report.files} == {"NO_CERTIFICATE_CHAIN_FOUND"}
        assert {file.trust for file in report.files} == {Trust.SELF_SIGNED}
        assert {file.signing_time for file in report.files} == {said.signing_time}
        assert all(file.signer == said.signer for file in report.files)
        assert type(report).model_validate_json(report.model_dump_json()) == report

    def test_everything_is_covered(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        (full_run / "dossier.asice").unlink()
        report = SEAL.verify(full_run)
        assert report.intact
        assert report.covered == 12  # two reports, their signatures, three pieces of evidence, five files of the engine

    def test_every_signed_file_is_verified(self, full_run: Path, reports) -> None:
        extra = full_run / "note.txt"
        extra.write_text("à joindre")
        SEAL.seal_run(full_run, reports)
        sign_files([extra], local_key())
        assert "note.txt" in {file.name for file in SEAL.verify(full_run).files}
        extra.write_text("à jeter")
        report = SEAL.verify(full_run)
        assert not report.intact
        assert by_name(report, "note.txt").state is FileState.ALTERED
        assert by_name(report, "report.json").state is FileState.INTACT

    @pytest.mark.parametrize("name", ["report.json", "report.html", "manifest.json"])
    def test_a_signature_is_required(self, full_run: Path, reports, name: str) -> None:
        SEAL.seal_run(full_run, reports)
        signature_of(full_run / name).unlink()
        report = SEAL.verify(full_run)
        assert not report.intact
        assert report.indication is Indication.TOTAL_FAILED
        assert report.why == Why.INCOMPLETE
        assert by_name(report, name).state is FileState.UNSIGNED

    @pytest.mark.parametrize("name", ["report.json", "manifest.json"])
    def test_report_and_list_are_required(self, full_run: Path, reports, name: str) -> None:
        SEAL.seal_run(full_run, reports)
        (full_run / name).unlink()
        signature_of(full_run / name).unlink()
        assert by_name(SEAL.verify(full_run), name).state is FileState.MISSING

    def test_a_rendering_is_missed_with_its_signature(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        (full_run / "report.html").unlink()
        signature_of(full_run / "report.html").unlink()
        problems = {(one.name, one.why) for one in SEAL.verify(full_run).problems}
        assert ("report.html", Why.MEMBER_MISSING) in problems

    def test_a_removed_file_is_missed(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        reports[0].unlink()
        report = SEAL.verify(full_run)
        assert not report.intact
        assert by_name(report, "report.json").state is FileState.MISSING
        assert by_name(report, "report.json").sub_indication == "SIGNED_DATA_NOT_FOUND"

    def test_an_empty_folder_is_refused(self, tmp_path: Path) -> None:
        report = SEAL.verify(tmp_path)
        assert not report.intact
        assert {file.state for file in report.files} == {FileState.MISSING}

    def test_swapped_signatures_are_seen(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        one, two = map(signature_of, reports)
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)
        report = SEAL.verify(full_run)
        assert not report.intact
        swapped = [by_name(report, path.name) for path in reports]
        assert {(file.state, file.why) for file in swapped} == {(FileState.ALTERED, Why.CONTENT_CHANGED)}

    def test_swapped_files_with_their_signatures_are_seen(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        for one, two in (reports, list(map(signature_of, reports))):
            first, second = one.read_bytes(), two.read_bytes()
            one.write_bytes(second)
            two.write_bytes(first)
        report = SEAL.verify(full_run)
        assert {file.state for file in report.files} == {FileState.INTACT}
        assert report.why == Why.RENAMED
        assert not report.intact

    def test_reports_of_two_seals_are_told_apart(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        sign_files(reports[:1], local_key(), now=datetime.now(UTC) + timedelta(seconds=90))
        report = SEAL.verify(full_run)
        assert report.why == Why.NOT_SEALED_TOGETHER
        assert not report.intact

    def test_a_renamed_file_alone_is_an_unsigned_file(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        moved = reports[0].rename(full_run / "autre.json")
        assert by_name(SEAL.verify(full_run), "report.json").state is FileState.MISSING
        assert SEAL.verify(moved).files[0].state is FileState.UNSIGNED

    @pytest.mark.parametrize("name", ["evidence/E0001.json", "journal.jsonl", "plan.json", "engagement.json"])
    def test_what_the_list_names_may_not_change(self, full_run: Path, reports, name: str) -> None:
        SEAL.seal_run(full_run, reports)
        (full_run / name).write_text("{}")
        report = SEAL.verify(full_run)
        assert not report.intact
        assert (name, Why.MEMBER_ALTERED) in {(one.name, one.why) for one in report.problems}
        (full_run / name).unlink()
        assert (name, Why.MEMBER_MISSING) in {(one.name, one.why) for one in SEAL.verify(full_run).problems}

    @pytest.mark.parametrize("name", ["evidence/E9999.json", "report.pdf.txt", "journal.jsonl.1"])
    def test_what_the_list_does_not_name_is_refused(self, full_run: Path, reports, name: str) -> None:
        SEAL.seal_run(full_run, reports)
        (full_run / name).write_text("glissé")
        report = SEAL.verify(full_run)
        assert report.why == Why.MEMBERS
        assert [(one.name, one.why) for one in report.problems] == [(name, Why.MEMBER_UNLISTED)]

    def test_a_link_stands_for_nothing(self, full_run: Path, reports, tmp_path: Path) -> None:
        SEAL.seal_run(full_run, reports)
        piece = full_run / "evidence" / "E0001.json"
        piece.rename(tmp_path / "elsewhere.json")
        piece.symlink_to(tmp_path / "elsewhere.json")
        problems = {(one.name, one.why) for one in SEAL.verify(full_run).problems}
        assert ("evidence/E0001.json", Why.MEMBER_MISSING) in problems

    def test_a_dossier_of_other_files_is_told(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        former = (full_run / "dossier.asice").read_bytes()
        (full_run / "plan.json").write_text('{"other": 1}')
        SEAL.seal_run(full_run, reports)
        (full_run / "dossier.asice").write_bytes(former)
        report = SEAL.verify(full_run)
        assert not report.intact
        assert ("plan.json", Why.MEMBER_DIFFERS) in {(one.name, one.why) for one in report.problems}

    def test_a_second_seal_replaces_the_first(self, full_run: Path, reports) -> None:
        SEAL.seal_run(full_run, reports)
        before = sorted(path.name for path in full_run.iterdir())
        SEAL.seal_run(full_run, reports)
        assert SEAL.verify(full_run).intact
        assert sorted(path.name for path in full_run.iterdir()) == before


class TestFile:
    def test_a_file_or_its_signature_may_be_named(self, reports) -> None:
        SEAL.sign(reports)
        for path in (reports[0], signature_of(reports[0])):
            (file,) = SEAL.verify(path).files
            assert file.name == "report.json"
            assert file.state is FileState.INTACT

    def test_a_copy_under_another_name_is_intact_and_says_so(self, reports, tmp_path: Path) -> None:
        SEAL.sign(reports)
        copy = tmp_path / "copie.json"
        copy.write_bytes(reports[0].read_bytes())
        signature_of(copy).write_bytes(signature_of(reports[0]).read_bytes())
        report = SEAL.verify(copy)
        assert report.intact
        assert report.files[0].sealed_name == "report.json"

    def test_nothing_there_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(SealError) as caught:
            SEAL.verify(tmp_path / "none.json")
        assert caught.value.code == Refusal.PATH_MISSING

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
    @pytest.mark.parametrize("name", ["report.json", "report.json.p7s"])
    def test_a_pipe_does_not_block(self, run_folder: Path, reports, name: str) -> None:
        SEAL.sign(reports)
        (run_folder / name).unlink()
        os.mkfifo(run_folder / name)
        assert SEAL.verify(reports[0]).files[0].state is FileState.UNREADABLE


class TestTrust:
    @pytest.fixture
    def key(self, authority, tmp_path: Path) -> SigningKey:
        return file_key(authority.p12(tmp_path / "k.p12"), password)

    def test_a_chain_to_a_trusted_root_passes(self, authority, key, reports, run_folder, tmp_path) -> None:
        seal_run(run_folder, reports, key)
        report = SEAL.verify(run_folder, trust=authority.trust_file(tmp_path / "root.pem"))
        assert report.indication is Indication.TOTAL_PASSED
        assert report.accepted
        assert {file.trust for file in report.files} == {Trust.TRUSTED}
        assert report.files[0].signer.subject == "CN=Centre hospitalier d'essai"
        assert not report.files[0].signer.self_signed

    def test_the_file_of_roots_may_be_binary(self, authority, key, reports, tmp_path: Path) -> None:
        sign_files(reports, key)
        root = tmp_path / "root.der"
        root.write_bytes(authority.root.public_bytes(Encoding.DER))
        assert SEAL.verify(reports[0], trust=root).accepted

    def test_trust_not_asked_for_is_not_checked(self, key, reports, run_folder: Path) -> None:
        seal_run(run_folder, reports, key)
        report = SEAL.verify(run_folder)
        assert report.accepted
        assert report.indication is Indication.INDETERMINATE
        assert {file.trust for file in report.files} == {Trust.NOT_CHECKED}

    def test_another_authority_is_not_trusted(self, other_authority, key, reports, run_folder, tmp_path) -> None:
        # The keys are the same ones, the names are not: only the certificates themselves may decide.
        seal_run(run_folder, reports, key)
        report = SEAL.verify(run_folder, trust=other_authority.trust_file(tmp_path / "root.pem"))
        assert report.intact
        assert not report.accepted
        assert {(file.trust, file.why) for file in report.files} == {(Trust.UNTRUSTED, Why.CHAIN_MISSING)}

    def test_a_local_key_is_trusted_only_by_its_own_certificate(self, reports, authority, tmp_path) -> None:
        SEAL.sign(reports)
        own = tmp_path / "own.pem"
        own.write_bytes(local_key().certificate.public_bytes(Encoding.PEM))
        assert SEAL.verify(reports[0], trust=own).indication is Indication.TOTAL_PASSED
        assert not SEAL.verify(reports[0], trust=authority.trust_file(tmp_path / "root.pem")).accepted

    def test_an_expired_certificate_proves_nothing_without_a_time_stamp(self, authority, key, reports) -> None:
        sign_files(reports, key)
        later = datetime.now(UTC) + timedelta(days=60)
        report = verify_path(reports[0], [authority.root], now=later)
        assert report.files[0].why == Why.CERTIFICATE_EXPIRED
        assert report.files[0].sub_indication == "OUT_OF_BOUNDS_NO_POE"
        assert report.files[0].state is FileState.INTACT
        assert not report.accepted

    def test_an_expired_signer_is_not_saved_by_being_trusted_itself(self, key, reports) -> None:
        sign_files(reports, key)
        later = datetime.now(UTC) + timedelta(days=60)
        report = verify_path(reports[0], [key.certificate], now=later)
        assert report.files[0].why == Why.CERTIFICATE_EXPIRED
        assert verify_path(reports[0], [key.certificate]).accepted

    def test_a_time_outside_the_certificate_is_seen(self, authority, key, reports) -> None:
        sign_files(reports, key, now=datetime.now(UTC) - timedelta(days=20))
        report = verify_path(reports[0], [authority.root])
        assert report.files[0].why == Why.SIGNED_OUTSIDE_VALIDITY
        assert report.files[0].sub_indication == "SIG_CONSTRAINTS_FAILURE"
        assert not report.accepted

    def test_a_certificate_for_servers_is_not_accepted(
        self, authority, foreign_purposes, reports, tmp_path: Path
    ) -> None:
        good = file_key(authority.p12(tmp_path / "good.p12"), password)
        server = authority.certificate("p256", purposes=foreign_purposes)
        sign_files(reports, SigningKey(good.private, server, good.chain, good.digest, "file"))
        report = verify_path(reports[0], [authority.root])
        assert report.files[0].why == Why.CERTIFICATE_USAGE
        assert not report.accepted

    def test_an_unreadable_file_of_roots_is_an_error(self, reports, tmp_path: Path) -> None:
        SEAL.sign(reports)
        empty = tmp_path / "empty.pem"
        empty.write_text("-----BEGIN nothing")
        for path, code in ((tmp_path / "none", Refusal.TRUST_MISSING), (empty, Refusal.TRUST_UNREADABLE)):
            with pytest.raises(SealError) as caught:
                SEAL.verify(reports[0], trust=path)
            assert caught.value.code == code
        with pytest.raises(SealError):
            load_trusted(tmp_path)

    def test_a_folder_of_roots_is_read_whole(self, authority, other_authority, key, reports, tmp_path: Path) -> None:
        sign_files(reports, key)
        roots = tmp_path / "roots"
        roots.mkdir()
        with pytest.raises(SealError) as caught:
            SEAL.verify(reports[0], trust=roots)
        assert caught.value.code == Refusal.TRUST_UNREADABLE
        other_authority.trust_file(roots / "a.pem")
        assert not SEAL.verify(reports[0], trust=roots).accepted
        (roots / "b.der").write_bytes(authority.root.public_bytes(Encoding.DER))
        (roots / "lisez-moi.txt").write_text("rien")
        assert SEAL.verify(reports[0], trust=roots).accepted


class TestOneByte:
    """Nothing may change unseen, neither in a file nor in its signature."""

    @pytest.fixture(params=["local", "chain", "rsa"])
    def sealed(self, request, authority, reports, tmp_path: Path) -> Path:
        if request.param == "local":
            SEAL.sign(reports)
        else:
            kind = "rsa3072" if request.param == "rsa" else "p384"
            SEAL.sign(reports, key=authority.p12(tmp_path / "k.p12", kind), password=password)
        return reports[0]

    def test_of_the_signature(self, sealed: Path) -> None:
        signature = signature_of(sealed)
        good = signature.read_bytes()
        assert SEAL.verify(sealed).intact
        unseen = []
        step = 1 if len(good) < 1200 else 11  # every byte of the shortest, a sample of the others
        for position in range(0, len(good), step):
            bad = bytearray(good)
            bad[position] ^= 1 << (position % 8)
            signature.write_bytes(bad)
            if SEAL.verify(sealed).intact:
                unseen.append(position)
        assert unseen == []

    def test_of_the_content(self, sealed: Path) -> None:
        good = sealed.read_bytes()
        for position in range(0, len(good), 37):
            bad = bytearray(good)
            bad[position] ^= 0x80 >> (position % 8)
            sealed.write_bytes(bad)
            report = SEAL.verify(sealed)
            assert (report.files[0].state, report.files[0].why) == (FileState.ALTERED, Why.CONTENT_CHANGED)
        for other in (good + b"\n", good[:-1], b""):
            sealed.write_bytes(other)
            assert SEAL.verify(sealed).files[0].state is FileState.ALTERED

    @pytest.mark.parametrize("more", [b"\x00", b"\n", b"30"])
    def test_added_to_the_signature(self, sealed: Path, more: bytes) -> None:
        signature = signature_of(sealed)
        signature.write_bytes(signature.read_bytes() + more)
        assert SEAL.verify(sealed).files[0].state is FileState.UNREADABLE


@cache
def _sample(folder: str) -> bytes:
    path = Path(folder) / "report.json"
    path.write_bytes(b"{}")
    sign_files([path], local_key(Path(folder) / "keys"))
    return signature_of(path).read_bytes()


@pytest.fixture(scope="module")
def sample_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("sample")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.binary(max_size=400))
def test_garbage_is_a_result_and_never_a_traceback(sample_folder: Path, garbage: bytes) -> None:
    _sample(str(sample_folder))
    signature_of(sample_folder / "report.json").write_bytes(garbage)
    (file,) = SEAL.verify(sample_folder / "report.json").files
    assert file.state is FileState.UNREADABLE
    assert file.indication is Indication.TOTAL_FAILED
    assert file.sub_indication == "FORMAT_FAILURE"


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_mangled_signature_is_never_accepted(sample_folder: Path, data: st.DataObject) -> None:
    good = _sample(str(sample_folder))
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 40)))
    bad = good[:start] + data.draw(st.binary(max_size=40)) + good[end:]
    signature_of(sample_folder / "report.json").write_bytes(bad)
    report = SEAL.verify(sample_folder / "report.json")
    assert report.intact == (bad == good)


def test_a_huge_signature_is_not_read_whole(reports) -> None:
    SEAL.sign(reports)
    with signature_of(reports[0]).open("ab") as file:
        file.truncate(3_000_000_000)
    assert SEAL.verify(reports[0]).files[0].why == Why.SIGNATURE_MALFORMED


def test_nothing_is_logged_to_the_terminal(authority, reports, tmp_path: Path, capfd) -> None:
    SEAL.sign(reports)
    SEAL.verify(reports[0], trust=authority.trust_file(tmp_path / "root.pem"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("program", ["openssl cms", "unzip"])
def test_the_commands_that_the_report_prints_are_right(full_run: Path, reports, program: str) -> None:
    """Those of the section on verification, as a reader copies them, on a run that was sealed."""
    source = Path(pgssi_reports.__file__).parent / "html" / "templates" / "verify.html.j2"
    written = re.findall(r'command\(t\("[^"]+"\), "((?:[^"\\]|\\.)+)"', source.read_text(encoding="utf-8"))
    commands = next(one for one in written if one.startswith(program)).replace("\\n", "\n").replace("\\\\", "\\")
    SEAL.seal_run(full_run, reports)
    done = subprocess.run(["sh", "-ec", commands], cwd=full_run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "successful" in done.stderr
