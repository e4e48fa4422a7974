"""The seal inside the PDF: PAdES, over the whole file, agreed with by pyHanko's own command line."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pgssi_probe.model.rendering import FileState, Indication, SealError, Trust
from pgssi_reports.seal import CadesSeal
from pgssi_reports.seal.cades import Sealing
from pgssi_reports.seal.codes import Refusal, Why
from pgssi_reports.seal.keys import file_key, local_key
from pgssi_reports.seal.pades import FIELD, seal_pdf
from pgssi_reports.seal.verify import verify_path

SEAL = CadesSeal()
PAGE = "<html lang=fr><title>Contrôle</title><h1>Rapport de contrôle</h1><p>Centre hospitalier de Valombre</p>"


def password() -> str:
    return "mot de passe éprouvé"


@pytest.fixture(scope="session")
def page() -> bytes:
    import weasyprint

    data = weasyprint.HTML(string=PAGE).write_pdf(pdf_variant="pdf/ua-1")
    assert isinstance(data, bytes)
    return data


@pytest.fixture
def pdf(page: bytes, tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "report.pdf"
    path.write_bytes(page)
    return path


@pytest.fixture(scope="module")
def sealed(page: bytes, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("sealed") / "report.pdf"
    path.write_bytes(page)
    seal_pdf(path, Sealing(local_key(path.parent / "keys")))
    return path.read_bytes()


def pyhanko(path: Path, trust: Path, *options: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("pyhanko")
    command = [program, "sign", "validate", "--pretty-print", "--no-revocation-check", "--trust", trust, *options, path]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd=path.parent)


def test_a_sealed_pdf_is_intact_and_says_who_and_when(pdf: Path) -> None:
    sealing = Sealing(local_key())
    said = seal_pdf(pdf, sealing)
    assert (said.format, said.level, said.signature) == ("PAdES", "B-B", "report.pdf")
    report = SEAL.verify(pdf)
    assert report.intact
    (file,) = report.files
    assert (file.format, file.trust, file.signing_time) == ("PAdES", Trust.SELF_SIGNED, sealing.time)


@pytest.mark.parametrize(
    ("tag", "reason"), [("fr", "Cachet"), ("en", "Electronic seal"), ("en-GB", "Electronic seal"), ("", "Cachet")]
)
def test_the_reason_of_the_seal_is_in_the_language_of_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: str, reason: str
) -> None:
    import weasyprint
    from pyhanko.pdf_utils.reader import PdfFileReader

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "report.pdf"
    written = weasyprint.HTML(string=PAGE.replace(" lang=fr", f" lang={tag}" if tag else "")).write_pdf()
    path.write_bytes(written or b"")
    seal_pdf(path, Sealing(local_key()))
    (signature,) = PdfFileReader(io.BytesIO(path.read_bytes())).embedded_signatures
    assert str(signature.sig_object["/Reason"]).startswith(reason)


def test_a_trusted_and_stamped_pdf_passes(world, pdf: Path) -> None:
    said = seal_pdf(pdf, Sealing(file_key(world.p12(), password), tsa=world.tsa()))
    assert said.level == "B-T"
    report = SEAL.verify(pdf, trust=world.trust)
    assert report.indication is Indication.TOTAL_PASSED
    assert report.files[0].time_stamp.trust is Trust.TRUSTED


@pytest.mark.parametrize("kind", ["p384", "p521", "rsa3072"])
def test_every_kind_of_key_seals(authority, pdf: Path, tmp_path: Path, kind: str) -> None:
    seal_pdf(pdf, Sealing(file_key(authority.p12(tmp_path / "k.p12", kind), password)))
    report = SEAL.verify(pdf, trust=authority.trust_file(tmp_path / "root.pem"))
    assert report.indication is Indication.TOTAL_PASSED


def test_a_failing_authority_takes_nothing_away(world, pdf: Path) -> None:
    sealing = Sealing(local_key(), tsa=world.tsa("refused"))
    assert seal_pdf(pdf, sealing).level == "B-B"
    assert sealing.trouble is not None
    assert SEAL.verify(pdf).intact


def test_the_seal_is_french_invisible_and_certifying(sealed: bytes) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    (signature,) = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    assert signature.field_name == FIELD
    assert "garantit l’intégrité" in signature.sig_object["/Reason"]
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert [float(side) for side in signature.sig_field["/Rect"]] == [0, 0, 0, 0]
    assert signature.docmdp_level.value == 1
    assert signature.compute_integrity_info() is None


def test_a_second_seal_replaces_the_first(pdf: Path, page: bytes) -> None:
    seal_pdf(pdf, Sealing(local_key()))
    size = pdf.stat().st_size
    seal_pdf(pdf, Sealing(local_key()))
    assert SEAL.verify(pdf).intact
    assert abs(pdf.stat().st_size - size) < 20
    assert pdf.read_bytes().startswith(page.rstrip(b"\n"))


def test_what_cannot_be_sealed_is_said(pdf: Path, sealed: bytes, tmp_path: Path) -> None:
    def refusal(data: bytes) -> str:
        pdf.write_bytes(data)
        with pytest.raises(SealError) as caught:
            seal_pdf(pdf, Sealing(local_key()))
        assert pdf.read_bytes() == data
        return caught.value.code

    assert refusal(b"<html>") == Refusal.PDF_UNREADABLE
    assert refusal(sealed + b"\n%%EOF\n") == Refusal.PDF_SEALED_ALREADY
    assert refusal(sealed.replace(b"ETSI.CAdES", b"ETSI.CAdEX")) == Refusal.PDF_SEALED_ALREADY
    with pytest.raises(SealError) as caught:
        seal_pdf(tmp_path / "none.pdf", Sealing(local_key()))
    assert caught.value.code == Refusal.CONTENT_MISSING


class TestChanges:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        return tmp_path / "report.pdf"

    def test_one_byte(self, place: Path, sealed: bytes) -> None:
        start, end = sealed.index(b"/Contents <") + 10, sealed.index(b">", sealed.index(b"/Contents <") + 10) + 1
        used = sealed.index(b"0" * 100, start)
        near = {*range(start, start + 40), *range(used - 20, used + 60, 3), *range(end - 8, end + 8)}
        near |= {*range(0, start, 3001), *range(start, used, 37), *range(used, end, 4001), *range(end, len(sealed), 61)}
        unseen = []
        for position in sorted(near):
            bad = bytearray(sealed)
            bad[position] ^= 1 << (position % 6)
            place.write_bytes(bad)
            if verify_path(place).intact:
                unseen.append(position)
        assert unseen == []

    def test_the_case_of_the_container_counts(self, place: Path, sealed: bytes) -> None:
        start = sealed.index(b"/Contents <") + 11
        place.write_bytes(sealed[:start] + sealed[start : start + 400].lower() + sealed[start + 400 :])
        assert not SEAL.verify(place).intact

    @pytest.mark.parametrize("more", [b"\n", b"%", b"\n%%EOF\n"])
    def test_something_appended(self, place: Path, sealed: bytes, more: bytes) -> None:
        place.write_bytes(sealed + more)
        assert SEAL.verify(place).files[0].why in (Why.PDF_NOT_COVERED, Why.PDF_MALFORMED)

    def test_an_update_added_afterwards(self, place: Path, sealed: bytes) -> None:
        from pyhanko.pdf_utils import generic
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

        writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
        writer.root["/Lang"] = generic.pdf_string("en")
        writer.update_root()
        output = io.BytesIO()
        writer.write(output)
        place.write_bytes(output.getvalue())
        report = SEAL.verify(place)
        assert report.files[0].why == Why.PDF_NOT_COVERED
        assert SEAL.describe(report, "fr")[0].startswith("REFUSÉ")

    def test_no_seal_at_all(self, place: Path, page: bytes) -> None:
        place.write_bytes(page)
        (file,) = SEAL.verify(place).files
        assert (file.state, file.why) == (FileState.UNSIGNED, Why.PDF_UNSIGNED)

    @pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n/ByteRange [0 1 2 3]", b"/ByteRange" * 50])
    def test_garbage(self, place: Path, data: bytes) -> None:
        place.write_bytes(data)
        assert not SEAL.verify(place).intact


def test_a_folder_verifies_its_pdf(full_run: Path, reports, pdf: Path, page: bytes) -> None:
    report = full_run / "report.pdf"
    shutil.copy(pdf, report)
    said = SEAL.seal_run(full_run, [*reports, report])
    assert {file.format for file in said.files} == {"CAdES", "PAdES", "ASiC-E"}
    found = SEAL.verify(full_run)
    assert found.intact
    assert "report.pdf" in {file.name for file in found.files}
    report.write_bytes(page)
    assert not SEAL.verify(full_run).intact


@pytest.mark.tools
class TestPyhankoAgrees:
    def test_on_a_time_stamped_seal(self, world, pdf: Path) -> None:
        seal_pdf(pdf, Sealing(file_key(world.p12(), password), tsa=world.tsa()))
        done = pyhanko(pdf, world.trust)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "The signature is judged VALID" in done.stdout
        assert "Horodatage" in done.stdout or "timestamp" in done.stdout.lower()

    def test_on_a_changed_file(self, world, pdf: Path) -> None:
        seal_pdf(pdf, Sealing(file_key(world.p12(), password)))
        data = pdf.read_bytes()
        at = data.index(b"/Producer")
        pdf.write_bytes(data[:at] + b"/Producev" + data[at + 9 :])
        done = pyhanko(pdf, world.trust)
        assert done.returncode != 0
        assert "VALID" not in done.stdout.replace("INVALID", "")

    def test_on_a_detached_seal(self, world, reports) -> None:
        SEAL.sign(reports, key=world.p12(), password=password, tsa=world.tsa())
        done = pyhanko(reports[0], world.trust, "--detached", f"{reports[0]}.p7s")
        assert done.returncode == 0, done.stdout + done.stderr
        reports[0].write_text("autre")
        assert pyhanko(reports[0], world.trust, "--detached", f"{reports[0]}.p7s").returncode != 0


def test_a_screen_reader_can_name_the_field_of_the_seal(pdf: Path) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    seal_pdf(pdf, Sealing(local_key()))
    with pdf.open("rb") as file:
        (field,) = PdfFileReader(file).root["/AcroForm"]["/Fields"]
        assert "Cachet" in field.get_object()["/TU"]
