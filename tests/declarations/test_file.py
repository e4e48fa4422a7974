"""The file of declarations: what it says, on which day, and its mistakes with their lines."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.declarations.expected import expected
from pgssi_probe.declarations.file import DeclarationsError, load_declarations, read_declarations, restated
from pgssi_probe.guide import guide
from pgssi_probe.model.declaration import Answer, Seen, Standing

DAY = date(2026, 11, 22)
HEAD = """[declarant]
organisation = "CH de Valombre"
signatory = "La directrice"
signed = 2026-11-01
valid_until = 2027-11-01
"""
YES = 'answer = "oui"\ndocument = "PSSI v3"\n'


def read(text: str, today: date = DAY, folder: Path = Path("/nowhere")):
    return read_declarations(text, folder / "d.toml", today)


def mistakes(text: str, folder: Path = Path("/nowhere")) -> list[tuple[str, int | None]]:
    with pytest.raises(DeclarationsError) as caught:
        read(text, folder=folder)
    return [(mistake.code, mistake.line) for mistake in caught.value.mistakes]


def test_an_answer_takes_what_the_declarant_says_once() -> None:
    (entry,) = read(HEAD + '[answers."GP3.1"]\n' + YES).declarations.entries
    assert (entry.part, entry.answer, entry.signatory) == ("GP3.1", Answer.YES, "La directrice")
    assert entry.valid_until == date(2027, 11, 1)
    assert entry.counts
    assert entry.document_seen is Seen.REFERENCE_ONLY


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("oui", Answer.YES),
        ("YES", Answer.YES),
        ("Non", Answer.NO),
        ("en  partie", Answer.PARTLY),
        ("not_applicable", Answer.NOT_APPLICABLE),
        ("sans objet", Answer.NOT_APPLICABLE),
    ],
)
def test_answers_are_understood_in_both_languages(word: str, answer: Answer) -> None:
    text = f'{HEAD}[answers."GP3.1"]\nanswer = "{word}"\ndocument = "d"\nreason = "r"\n'
    assert read(text).declarations.entries[0].answer is answer


def test_a_rule_answers_for_its_unseen_parts_and_a_part_for_itself() -> None:
    text = (
        HEAD
        + "[answers.TR2]\n"
        + YES
        + '[answers."TR2.1"]\nanswer = "non"\nreason = "pas encore"\n[answers.GP3]\n'
        + YES
    )
    found = {entry.part: entry for entry in read(text).declarations.entries}
    assert found["TR2.1"].answer is Answer.NO
    assert not found["TR2.1"].whole_rule
    assert found["GP3.1"].whole_rule


def test_an_empty_answer_leaves_the_question_open() -> None:
    loaded = read('[answers."GP3.1"]\nanswer = ""\n')
    assert loaded.open == ("GP3.1",)
    assert loaded.declarations.entries == ()


@pytest.mark.parametrize(
    ("text", "expected_mistakes"),
    [
        ('[answers."GP3.1"]\nanswer = "oui"\n', [("document_missing", 1), *[("unsigned", 1)] * 3]),
        (HEAD + '[answers."GP3.1"]\nanswer = "non"\n', [("reason_missing", 6)]),
        (HEAD + '[answers."GP3.1"]\nanswer = "peut-être"\n', [("bad_value", 7)]),
        (HEAD + '[answers."GP3.1"]\nanswer = "oui"\ndocument = "d"\nsha256 = "abc"\n', [("bad_value", 9)]),
        (HEAD + '[answers."GP99.1"]\n' + YES, [("unknown_part", 6)]),
        (HEAD + '[answers."GP3.1"]\nanswr = "oui"\n', [("unknown_key", 7)]),
        (HEAD + '[answers."GP3.1"]\n' + YES + "valid_until = 2026-01-01\n", [("bad_value", 9)]),
        (HEAD + '[answers."GP3.1"]\n' + YES + "signed = 12\n", [("bad_value", 9)]),
        (HEAD + "[diagnosis.backup]\nanswer = 'oui'\n", [("unknown_question", 6)]),
        (HEAD + '[answers."GP3.1"]\n' + YES + 'file = "absent.pdf"\n', [("document_unreadable", 9)]),
        (HEAD + '[answers."GP3.1"\n', [("not_toml", 6)]),
        ("[declarant]\nsigned = 2026-13-01\n", [("not_toml", 2)]),
    ],
)
def test_each_mistake_has_its_line(text: str, expected_mistakes: list[tuple[str, int]]) -> None:
    assert mistakes(text) == expected_mistakes


def test_the_document_is_verified_when_its_path_is_given(tmp_path: Path) -> None:
    (tmp_path / "pssi.pdf").write_bytes(b"%PDF politique")
    digest = hashlib.sha256(b"%PDF politique").hexdigest()
    entry = HEAD + '[answers."GP3.1"]\n' + YES + 'file = "pssi.pdf"\n'
    with pytest.raises(DeclarationsError) as caught:
        read(entry, folder=tmp_path)
    assert caught.value.code == "hash_missing"
    assert caught.value.detail == digest  # the remedy holds what to write
    (verified,) = read(f'{entry}sha256 = "{digest}"\n', folder=tmp_path).declarations.entries
    assert verified.document_seen is Seen.VERIFIED
    (tmp_path / "pssi.pdf").write_bytes(b"%PDF autre")
    (altered,) = read(f'{entry}sha256 = "{digest}"\n', folder=tmp_path).declarations.entries
    assert altered.standing is Standing.ALTERED
    assert not altered.counts


def test_a_folder_or_a_device_is_no_document(tmp_path: Path) -> None:
    for name in (".", "/dev/zero"):
        assert mistakes(HEAD + '[answers."GP3.1"]\n' + YES + f'file = "{name}"\n', tmp_path) == [
            ("document_unreadable", 9)
        ]


@given(st.integers(-800, 800))
def test_a_declaration_counts_from_its_signature_to_its_term_and_not_a_day_more(days: int) -> None:
    today = DAY + timedelta(days=days)
    (entry,) = read(HEAD + '[answers."GP3.1"]\n' + YES, today).declarations.entries
    assert entry.counts == (date(2026, 11, 1) <= today <= date(2027, 11, 1))
    again = restated(read(HEAD + '[answers."GP3.1"]\n' + YES).declarations, today)
    assert again.entries[0].counts == entry.counts


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for content, code in ((b"\xff\xfe\x00", "not_utf8"), (b"#" * 2_000_001, "too_large")):
        (tmp_path / "d.toml").write_bytes(content)
        with pytest.raises(DeclarationsError) as caught:
            load_declarations(tmp_path / "d.toml", DAY)
        assert caught.value.code == code
    with pytest.raises(DeclarationsError) as caught:
        load_declarations(tmp_path / "absent.toml", DAY)
    assert caught.value.code == "unreadable"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="[].\"='\n#\\ abGPTR1.2éanswer{}0", max_size=200))
def test_whatever_is_written_is_read_or_explained(text: str) -> None:
    with suppress(DeclarationsError):
        read(HEAD + text)


def test_only_what_cannot_be_seen_is_asked_for() -> None:
    asked = [one.part.id for one in expected(guide())]
    assert "GP3.1" in asked
    assert "DT6.1" not in asked
    hosted = [one.part.id for one in expected(guide(), {"third_party_hosting": False})]
    assert set(asked) - set(hosted) == {"HE1.2"} & set(asked)
