"""The dossier: one changed byte, one member more, less, moved or renamed is enough to be refused."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgssi_probe.model.rendering import FileState, Indication, SealError, Trust
from pgssi_reports.seal import CadesSeal
from pgssi_reports.seal.archive import ArchiveError, read_archive, source, write_archive
from pgssi_reports.seal.codes import Refusal, Why
from pgssi_reports.seal.contents import read_listing
from pgssi_reports.seal.dossier import (
    MANIFEST_NAME,
    MIMETYPE,
    OVERHEAD,
    SIGNATURE_NAME,
    manifest,
    media_type,
    read_manifest,
)
from pgssi_reports.seal.keys import local_key
from pgssi_reports.seal.run_folder import seal_run
from pgssi_reports.seal.verify import verify_path

SEAL = CadesSeal()
Pairs = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A sealed run, never changed."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "evidence").mkdir()
    for name in (
        "report.json",
        "report.html",
        "plan.json",
        "journal.jsonl",
        "evidence/E0001.json",
        "evidence/E0002.json",
    ):
        (folder / name).write_text(json.dumps({"name": name, "words": "é" * 20}))
    key = local_key(folder.parent / f"{folder.name}-keys")
    seal_run(folder, [folder / "report.json", folder / "report.html"], key)
    return folder


@pytest.fixture(scope="module")
def good(run: Path) -> bytes:
    return (run / "dossier.asice").read_bytes()


@pytest.fixture(scope="module")
def members(run: Path) -> Pairs:
    return [(one.name, one.content or b"") for one in read_archive(run / "dossier.asice", keep=lambda _: True)]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("place") / "dossier.asice"


def written(members: Pairs) -> bytes:
    """The archive of these members in the right form, whatever they are."""
    file = io.BytesIO()
    write_archive(file, [source(name, content) for name, content in members])
    return file.getvalue()


def judged(place: Path, data: bytes):
    place.write_bytes(data)
    report = verify_path(place)
    (file,) = report.files
    assert report.intact == (file.state is FileState.INTACT)
    for lang in ("fr", "en"):
        assert SEAL.describe(report, lang)
    return report


def test_a_dossier_is_intact_and_says_who_and_when(run: Path) -> None:
    report = SEAL.verify(run / "dossier.asice")
    assert report.intact
    assert report.accepted
    assert report.covered == 10
    (file,) = report.files
    assert (file.format, file.level, file.trust) == ("ASiC-E", "B-B", Trust.SELF_SIGNED)
    assert "10 fichiers sont couverts" in "\n".join(SEAL.describe(report, "fr"))


def test_a_dossier_is_an_asic_container(run: Path, good: bytes) -> None:
    with zipfile.ZipFile(run / "dossier.asice") as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert (names[0], archive.read("mimetype")) == ("mimetype", MIMETYPE)
        assert names[-2:] == [MANIFEST_NAME, SIGNATURE_NAME]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert b"http://uri.etsi.org/02918/v1.2.1#" in archive.read(MANIFEST_NAME)
        for name in ("report.json", "evidence/E0002.json", "journal.jsonl"):
            assert archive.read(name) == (run / name).read_bytes()
    assert good[30:38] == b"mimetype"
    assert good[38 : 38 + len(MIMETYPE)] == MIMETYPE


def test_the_list_says_path_digest_size_and_kind(run: Path) -> None:
    import hashlib

    listed = {one.path: one for one in read_listing((run / "manifest.json").read_bytes())}
    piece = run / "evidence" / "E0001.json"
    assert listed["evidence/E0001.json"].sha256 == hashlib.sha256(piece.read_bytes()).hexdigest()
    assert listed["evidence/E0001.json"].size == piece.stat().st_size
    kinds = {one.kind for one in listed.values()}
    assert kinds == {"data", "report", "seal", "plan", "journal", "evidence"}


def test_the_same_run_gives_the_same_archive_but_for_the_signature(run: Path, tmp_path: Path) -> None:
    def contents(folder: Path) -> Pairs:
        found = [(one.name, one.content or b"") for one in read_archive(folder / "dossier.asice", keep=lambda _: True)]
        return [(name, content) for name, content in found if name in ("manifest.json", "plan.json", "report.json")]

    names = [read_listing(content) for name, content in contents(run) if name == "manifest.json"]
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    key = local_key(tmp_path / "keys")
    seal_run(copy, [copy / "report.json", copy / "report.html"], key)
    again = [read_listing(content) for name, content in contents(copy) if name == "manifest.json"]
    plain = [[one for one in found[0] if one.kind != "seal"] for found in (names, again)]
    assert plain[0] == plain[1]
    assert stat.S_IMODE((copy / "dossier.asice").stat().st_mode) == 0o600


def test_every_byte_counts(place: Path, good: bytes) -> None:
    unseen = []
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1 << (position % 8)
        place.write_bytes(bad)
        try:  # no signature is needed yet: the form alone must not bear it
            read_archive(place, keep=lambda name: name in OVERHEAD)
        except ArchiveError:
            if position % 97 == 0:
                assert not judged(place, bytes(bad)).intact
        else:
            unseen.append(position)
    assert unseen == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mangled_bytes_are_never_accepted(place: Path, good: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 60)))
    bad = good[:start] + data.draw(st.binary(max_size=60)) + good[end:]
    assert judged(place, bad).intact == (bad == good)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_members_may_not_be_touched(place: Path, members: Pairs, data: st.DataObject) -> None:
    """In an archive of the right form, with right checksums: only digests and signature stand in the way."""
    changed = list(members)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        name, content = changed[at]
        match data.draw(st.sampled_from(["flip", "remove", "add", "move", "rename", "swap"])):
            case "flip":
                position = data.draw(st.integers(0, len(content) - 1)) if content else 0
                flipped = bytearray(content or b"x")
                flipped[position] ^= 1 << data.draw(st.integers(0, 7))
                changed[at] = (name, bytes(flipped))
            case "remove" if len(changed) > 1:
                del changed[at]
            case "add":
                extra = data.draw(st.sampled_from(["evidence/E0003.json", "note.txt", "META-INF/signature002.p7s"]))
                if extra not in dict(changed):
                    changed.insert(at, (extra, data.draw(st.binary(max_size=20))))
            case "move":
                changed.insert(data.draw(st.integers(0, len(changed) - 1)), changed.pop(at))
            case "rename" if f"x{name}" not in dict(changed):
                changed[at] = (f"x{name}", content)
            case "swap":
                other = data.draw(st.integers(0, len(changed) - 1))
                changed[at], changed[other] = (name, changed[other][1]), (changed[other][0], content)
            case _:
                pass
    report = judged(place, written(changed))
    assert report.intact == (changed == members)


@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        (lambda found: found | {"plan.json": b"{}"}, "plan.json", Why.MEMBER_ALTERED),
        (lambda found: {k: v for k, v in found.items() if k != "plan.json"}, "plan.json", Why.MEMBER_MISSING),
        (lambda found: {"mimetype": MIMETYPE, "a.txt": b"", **found}, "a.txt", Why.MEMBER_UNLISTED),
        (
            lambda found: {"mimetype": MIMETYPE, "report.json": found["report.json"], **found},
            MANIFEST_NAME,
            Why.MEMBER_ORDER,
        ),
        (lambda found: {k: v for k, v in found.items() if k != SIGNATURE_NAME}, SIGNATURE_NAME, Why.MEMBER_MISSING),
        (lambda found: found | {"mimetype": b"application/zip"}, "mimetype", Why.MEMBER_ALTERED),
    ],
)
def test_what_was_done_is_named(place: Path, members: Pairs, change: Callable, name: str, why: Why) -> None:
    report = judged(place, written(list(change(dict(members)).items())))
    assert [(one.name, one.why) for one in report.problems] == [(name, why)]
    assert report.indication is Indication.TOTAL_FAILED


def test_a_list_made_again_is_not_the_sealed_one(place: Path, members: Pairs) -> None:
    import hashlib

    changed = dict(members) | {"plan.json": b"{}"}
    named = [
        (name, media_type(name), hashlib.sha256(content).digest())
        for name, content in changed.items()
        if name not in OVERHEAD
    ]
    changed[MANIFEST_NAME] = manifest(named)
    report = judged(place, written(list(changed.items())))
    assert report.files[0].why == Why.CONTENT_CHANGED


class TestTraps:
    """Archives that other tools would open, each meaning something else to one of them."""

    def zipped(self, members: Pairs, **options: object) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", **options) as archive:  # type: ignore[arg-type]
            for name, content in members:
                archive.writestr(zipfile.ZipInfo(name), content)
        return file.getvalue()

    def test_compressed(self, place: Path, members: Pairs) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(name, content)
        assert judged(place, file.getvalue()).files[0].why == Why.ARCHIVE_COMPRESSED

    def test_a_bomb_is_not_unfolded(self, place: Path) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", bytes(30_000_000))
        assert judged(place, file.getvalue()).files[0].why == Why.ARCHIVE_COMPRESSED

    def test_encrypted(self, place: Path, good: bytes) -> None:
        assert judged(place, good[:6] + b"\x01" + good[7:]).files[0].why == Why.ARCHIVE_ENCRYPTED

    @pytest.mark.parametrize("name", ["../report.json", "/etc/passwd", "a/../b", "a\\b", "C:x", ".caché", "a//b", "é"])
    def test_names_that_lead_elsewhere(self, place: Path, members: Pairs, name: str) -> None:
        data = self.zipped([*members[:2], (name, b"x"), *members[2:]])
        assert not judged(place, data).intact

    def test_a_traversal_is_named(self, place: Path, good: bytes) -> None:
        data = good.replace(b"\x09\0\0\0plan.json", b"\x09\0\0\0../n.json")
        report = judged(place, data)
        assert report.files[0].why == Why.MEMBER_NAME
        assert report.problems[0].name == "../n.json"

    def test_a_link(self, place: Path, members: Pairs) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members:
                info = zipfile.ZipInfo(name)
                info.external_attr = (stat.S_IFLNK | 0o777) << 16 if name == "plan.json" else 0o600 << 16
                archive.writestr(info, content)
        assert not judged(place, file.getvalue()).intact

    @pytest.mark.parametrize("name", ["plan.json", "PLAN.JSON", "Report.json"])
    def test_twice_the_same_name(self, place: Path, members: Pairs, name: str) -> None:
        report = judged(place, written([*members[:-2], (name, b"{}"), *members[-2:]]))
        assert report.files[0].why == Why.MEMBER_DUPLICATE

    @pytest.mark.parametrize("more", [b"x", b"PK\5\6" + bytes(18), b"\n"])
    def test_something_after_the_end(self, place: Path, good: bytes, more: bytes) -> None:
        assert judged(place, good + more).files[0].why == Why.ARCHIVE_MORE

    @pytest.mark.parametrize("more", [b"x", b"#!/bin/sh\n", b"PK\3\4"])
    def test_something_before_the_start(self, place: Path, good: bytes, more: bytes) -> None:
        assert not judged(place, more + good).intact

    def test_two_directories(self, place: Path, good: bytes, members: Pairs) -> None:
        other = written([("mimetype", MIMETYPE), ("report.json", b"{}")])
        assert not judged(place, good + other).intact
        assert not judged(place, other + good).intact
        end = good.rindex(b"PK\5\6")
        start = good.index(b"PK\1\2")
        assert not judged(place, good[:end] + good[start:]).intact

    def test_a_directory_that_says_something_else(self, place: Path, good: bytes) -> None:
        start = good.index(b"PK\1\2")
        head, directory = good[:start], good[start:]
        assert judged(place, head + directory.replace(b"plan.json", b"plam.json")).files[0].why == Why.ARCHIVE_SHAPE

    def test_a_comment(self, place: Path, good: bytes) -> None:
        assert not judged(place, good[:-2] + b"\x05\x00hello").intact

    def test_lengths_that_lie(self, place: Path, good: bytes) -> None:
        for lie in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"):
            assert not judged(place, good[:22] + lie + good[26:]).intact
            assert not judged(place, good[:18] + lie + lie + good[26:]).intact

    @pytest.mark.parametrize("data", [b"", b"PK", b"PK\5\6" + bytes(18), b"not a zip at all", b"PK\3\4" * 40])
    def test_no_archive(self, place: Path, data: bytes) -> None:
        assert judged(place, data).files[0].state is FileState.UNREADABLE

    def test_truncated(self, place: Path, good: bytes) -> None:
        for end in (10, 31, 40, len(good) // 2, len(good) - 1):
            assert not judged(place, good[:end]).intact

    def test_a_pipe_and_a_folder(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.asice")
        assert SEAL.verify(tmp_path / "pipe.asice").files[0].why == Why.ARCHIVE_UNREADABLE


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_manifest_is_read_or_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_manifest(b"<ASiCManifest>" + data)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
)
def test_any_list_is_read_or_refused(data: bytes | str) -> None:
    with pytest.raises(ValueError):
        read_listing(data if isinstance(data, bytes) else data.encode())


class TestSealing:
    @pytest.mark.parametrize("name", ["report.é.json", "report. json", "report.a b.json"])
    def test_a_name_that_is_not_plain_is_refused(self, full_run: Path, reports, name: str) -> None:
        (full_run / name).write_text("x")
        with pytest.raises(SealError) as caught:
            SEAL.seal_run(full_run, reports)
        assert caught.value.code == Refusal.MEMBER_NAME

    def test_a_link_is_refused(self, full_run: Path, reports, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("x")
        (full_run / "evidence" / "E0009.json").symlink_to(tmp_path / "secret")
        with pytest.raises(SealError) as caught:
            SEAL.seal_run(full_run, reports)
        assert caught.value.code == Refusal.CONTENT_UNREADABLE

    def test_what_is_not_ours_stays_out(self, full_run: Path, reports) -> None:
        (full_run / "notes-personnelles.txt").write_text("x")
        (full_run / ".writing-1").write_text("x")
        SEAL.seal_run(full_run, reports)
        with zipfile.ZipFile(full_run / "dossier.asice") as archive:
            assert not [name for name in archive.namelist() if "notes" in name or "writing" in name]
        assert SEAL.verify(full_run).intact

    def test_a_file_that_changes_meanwhile_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "journal.jsonl"
        path.write_text("{}")
        measured = source("journal.jsonl", path)
        path.write_text("{}\n{}")
        with pytest.raises(SealError) as caught:
            write_archive(io.BytesIO(), [measured])
        assert caught.value.code == Refusal.CONTENT_CHANGING

    def test_what_is_too_large_is_refused(self, tmp_path: Path) -> None:
        from dataclasses import replace

        with pytest.raises(SealError) as caught:
            write_archive(io.BytesIO(), [replace(source("a", b"x"), size=5 << 30)])
        assert caught.value.code == Refusal.DOSSIER_TOO_LARGE

    def test_a_failure_leaves_the_former_dossier(self, full_run: Path, reports, monkeypatch) -> None:
        SEAL.seal_run(full_run, reports)
        former = (full_run / "dossier.asice").read_bytes()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pgssi_reports.seal.dossier.write_archive", full)
        with pytest.raises(SealError) as caught:
            SEAL.seal_run(full_run, reports)
        assert caught.value.code == Refusal.SIGNATURE_UNWRITABLE
        assert (full_run / "dossier.asice").read_bytes() == former

    def test_large_evidence_is_streamed(self, full_run: Path) -> None:
        with (full_run / "evidence" / "E0004.bin").open("wb") as file:
            file.truncate(120_000_000)
        code = (
            "import sys; from pathlib import Path; from pgssi_reports.seal import CadesSeal\n"
            "run = Path(sys.argv[1]); seal = CadesSeal(); seal.seal_run(run, [run / 'report.json'])\n"
            "assert seal.verify(run / 'dossier.asice').intact\n"
            "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
        )
        done = subprocess.run([sys.executable, "-c", code, str(full_run)], capture_output=True, check=True)
        assert int(done.stdout) < 130_000  # kilobytes


@pytest.mark.tools
def test_strangers_tools_agree(run: Path, tmp_path: Path) -> None:
    """What the page for auditors says to do: unzip, sha256sum, openssl."""
    shutil.copy(run / "dossier.asice", tmp_path)
    assert subprocess.run(["unzip", "-q", "dossier.asice", "-d", "out"], cwd=tmp_path, check=False).returncode == 0
    out = tmp_path / "out"
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-noverify", "-out", os.devnull]
    command += ["-in", SIGNATURE_NAME, "-content", MANIFEST_NAME]
    assert subprocess.run(command, cwd=out, capture_output=True, check=False).returncode == 0
    listed = dict(read_manifest((out / MANIFEST_NAME).read_bytes()))
    said = subprocess.run(["sha256sum", *listed], cwd=out, capture_output=True, text=True, check=True).stdout
    assert said.split()[::2] == [digest.hex() for digest in listed.values()]
    (out / MANIFEST_NAME).write_bytes((out / MANIFEST_NAME).read_bytes().replace(b"plan", b"plam"))
    assert subprocess.run(command, cwd=out, capture_output=True, check=False).returncode != 0


def test_checksums_are_those_of_the_format(members: Pairs, good: bytes) -> None:
    name, content = members[1]
    assert zlib.crc32(content).to_bytes(4, "little") in good
    assert name.encode() in good


@pytest.mark.tools
@pytest.mark.parametrize("page", ["fr/verifier.md", "en/verify.md"])
def test_what_the_page_for_auditors_says_works(run: Path, members: Pairs, tmp_path: Path, page: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / page).read_text()
    blocks = [block.partition("```")[0] for block in text.split("```sh\n")[1:]]
    container, certificate, single = blocks[1:4]
    assert "unzip" in container
    script = f"set -e\n{container}\n{certificate}\ncd {run}\n{single}"

    def followed(data: bytes) -> subprocess.CompletedProcess[str]:
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        place.mkdir()
        (place / "dossier.asice").write_bytes(data)
        return subprocess.run(["sh", "-c", script], cwd=place, capture_output=True, text=True, check=False)

    done = followed((run / "dossier.asice").read_bytes())
    assert done.returncode == 0, done.stderr
    assert "identi" in done.stdout.replace("no identity", "")  # what is said when `diff` finds nothing
    assert done.stderr.count("CMS Verification successful") == 2
    for changed in (
        [*members, ("evidence/E0003.json", b"x")],
        [one for one in members if one[0] != "plan.json"],
        [(name, b"x" if name == "journal.jsonl" else content) for name, content in members],
    ):
        assert "identi" not in followed(written(changed)).stdout.replace("no identity", "")
