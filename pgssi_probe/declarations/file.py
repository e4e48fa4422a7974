"""Reading a file of declarations (TOML). Every mistake is said with file, line and remedy."""

from __future__ import annotations

import errno
import hashlib
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from pgssi_probe.declarations.diagnosis import diagnosis
from pgssi_probe.declarations.expected import unseen
from pgssi_probe.declarations.model import Declarant, DeclarationsFile, Entry, Reply
from pgssi_probe.engagement.file import EngagementError, Mistake, close_to, symbol, toml_mistake, written
from pgssi_probe.engagement.places import line_of, places
from pgssi_probe.guide import Guide, guide
from pgssi_probe.model.declaration import Answer, Declaration, Declarations, DiagnosisAnswer, DiagnosisReply, Seen
from pgssi_probe.model.declaration import Standing as Stands

MAX_BYTES: Final = 2_000_000
DOCUMENT_MAX: Final = 2_000_000_000
"""A document larger than this is not read."""

Lines = dict[tuple[str, ...], int]


class DeclarationsError(EngagementError):
    """A file of declarations that cannot be used, with every mistake found in it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file as read. `raw` is what a run keeps of it; `open` are the parts left without an answer."""

    declarations: Declarations
    raw: bytes
    open: tuple[str, ...] = ()


def load_declarations(path: Path, today: date) -> Loaded:
    """The declarations of a file, their standing on the day given. Documents are looked for beside the file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DeclarationsError(path, Mistake("unreadable", detail=errno.errorcode.get(error.errno or 0, ""))) from None
    if len(raw) > MAX_BYTES:
        raise DeclarationsError(path, Mistake("too_large"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DeclarationsError(path, Mistake("not_utf8", line=raw.count(b"\n", 0, error.start) + 1)) from None
    return replace(read_declarations(text, path, today, hashlib.sha256(raw).hexdigest()), raw=raw)


def read_declarations(text: str, path: Path, today: date, sha256: str = "") -> Loaded:
    """The same from a text. DeclarationsError with every mistake, in the order of the lines."""
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise DeclarationsError(path, Mistake("not_toml", detail="deep")) from None
    except tomllib.TOMLDecodeError as error:
        raise DeclarationsError(path, toml_mistake(str(error), text)) from None
    lines = places(text)
    try:
        file = DeclarationsFile.model_validate(data)
    except ValidationError as error:
        raise DeclarationsError(path, *_sorted(_shape(error, data, lines))) from None
    judged = _Judged(file, path.parent, today, lines)
    if judged.mistakes:
        raise DeclarationsError(path, *_sorted(judged.mistakes))
    questions = diagnosis()
    declarations = Declarations(
        organisation=file.declarant.organisation,
        file_sha256=sha256,
        judged_on=today,
        entries=tuple(judged.entries),
        diagnosis=tuple(
            DiagnosisAnswer(
                id=question.id,
                question=question.model_copy(),
                page=questions.page,
                reply=DiagnosisReply(reply.answer),
                comment=reply.comment,
            )
            for question in questions.questions
            if (reply := file.diagnosis.get(question.id)) is not None and reply.answer
        ),
        diagnosis_source=questions.title.fr if file.diagnosis else "",
    )
    return Loaded(declarations, text.encode(), tuple(judged.open))


def restated(declarations: Declarations, today: date) -> Declarations:
    """The same on another day: some expire. Documents are not read again."""
    entries = tuple(
        entry.model_copy(update={"standing": _standing(entry.signed, entry.valid_until, entry.document_seen, today)})
        for entry in declarations.entries
    )
    return declarations.model_copy(update={"entries": entries, "judged_on": today})


class _Judged:
    """The answers of a file, one for each part, and the mistakes that its shape does not show."""

    def __init__(self, file: DeclarationsFile, folder: Path, today: date, lines: Lines) -> None:
        self.mistakes: list[Mistake] = []
        self.open: list[str] = []
        self._file, self._folder, self._today, self._lines = file, folder, today, lines
        self._found: dict[str, Declaration] = {}
        book = guide()
        self._order = [part.id for rule in book.rules for part in rule.parts]
        # Rules first: what is said of a part wins over what is said of its rule.
        for name in sorted(file.answers, key=lambda one: "." in one):
            self._add(name, file.answers[name], book)
        for name in file.diagnosis:
            if name not in diagnosis().by_id:
                self._mistake("unknown_question", ("diagnosis", name), close=close_to(name, (*diagnosis().by_id,)))

    @property
    def entries(self) -> list[Declaration]:
        return sorted(self._found.values(), key=lambda one: self._order.index(one.part))

    def _add(self, name: str, entry: Entry, book: Guide) -> None:
        place = ("answers", name)
        rules = {rule.id: tuple(part.id for part in rule.parts if unseen(part)) for rule in book.rules}
        if name not in self._order and name not in rules:
            self._mistake("unknown_part", place, close=near(name, (*rules, *self._order)))
            return
        parts = (name,) if name in self._order else rules[name]
        if not parts:
            self._mistake("seen_rule", place)
            return
        if not entry.answer:
            self.open += parts
            return
        answer = Answer(entry.answer)
        common = self._file.declarant
        signatory = entry.signatory.strip() or common.signatory.strip()
        signed, valid_until = entry.signed or common.signed, entry.valid_until or common.valid_until
        if answer is Answer.YES and not entry.document.strip():
            self._mistake("document_missing", (*place, "document"))
        if answer is not Answer.YES and not entry.reason.strip():
            self._mistake("reason_missing", (*place, "reason"))
        if not signatory:
            self._mistake("unsigned", (*place, "signatory"), detail="signatory")
        if signed is None:
            self._mistake("unsigned", (*place, "signed"), detail="signed")
        if valid_until is None:
            self._mistake("unsigned", (*place, "valid_until"), detail="valid_until")
        if signed and valid_until and valid_until < signed:
            self._mistake("bad_value", (*place, "valid_until"), detail="declared_order")
        seen = self._document(entry, place)
        if seen is None or not signatory or signed is None or valid_until is None:
            return
        for part in parts:
            self._found[part] = Declaration(
                part=part,
                answer=answer,
                reason=entry.reason.strip(),
                document=entry.document.strip(),
                sha256=entry.sha256,
                document_seen=seen,
                signatory=signatory,
                signed=signed,
                valid_until=valid_until,
                standing=_standing(signed, valid_until, seen, self._today),
                whole_rule=name in rules,
            )

    def _document(self, entry: Entry, place: tuple[str, ...]) -> Seen | None:
        """What was done of the document; None when its line is a mistake."""
        if not entry.file.strip():
            return Seen.UNREAD if entry.sha256 else Seen.REFERENCE_ONLY if entry.document.strip() else Seen.NONE
        digest, trouble = digest_of(self._folder / entry.file)
        if digest is None:
            self._mistake("document_unreadable", (*place, "file"), detail=trouble)
            return None
        if not entry.sha256:
            self._mistake("hash_missing", (*place, "sha256"), detail=digest)
            return None
        return Seen.VERIFIED if digest == entry.sha256 else Seen.ALTERED

    def _mistake(self, code: str, steps: tuple[str, ...], *, detail: str = "", close: tuple[str, ...] = ()) -> None:
        line = line_of(self._lines, steps)
        self.mistakes.append(Mistake(code, line=line, key=".".join(steps), detail=detail, close=close))


def near(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Ids that look like one that is not known."""
    return tuple(get_close_matches(name.strip().upper(), known, n=2, cutoff=0.6))


def digest_of(path: Path) -> tuple[str | None, str]:
    """SHA-256 of a regular file, else None and the symbol of what stands against it."""
    try:
        with path.open("rb") as file:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode) or status.st_size > DOCUMENT_MAX:
                return None, "EFBIG" if stat.S_ISREG(status.st_mode) else "EINVAL"
            return hashlib.file_digest(file, "sha256").hexdigest(), ""
    except OSError as error:
        return None, errno.errorcode.get(error.errno or 0, "")
    except ValueError:  # a null byte in the name
        return None, "EINVAL"


def _standing(signed: date, valid_until: date, seen: Seen, today: date) -> Stands:
    if seen is Seen.ALTERED:
        return Stands.ALTERED
    if today < signed:
        return Stands.NOT_YET
    return Stands.EXPIRED if today > valid_until else Stands.VALID


def _sorted(found: list[Mistake] | Iterator[Mistake]) -> list[Mistake]:
    return sorted(found, key=lambda mistake: mistake.line or 0)


def _shape(error: ValidationError, data: dict[str, Any], lines: Lines) -> Iterator[Mistake]:
    """Each mistake of the shape once."""
    seen: set[tuple[str, ...]] = set()
    for one in error.errors(include_input=False, include_url=False):
        steps, _ = written(one["loc"], data, one["type"])
        if steps in seen:
            continue
        seen.add(steps)
        line, key = line_of(lines, steps), ".".join(steps)
        if one["type"] == "extra_forbidden":
            yield Mistake("unknown_key", line=line, key=key, close=close_to(steps[-1], _names_at(steps[:-1])))
        else:
            yield Mistake("bad_value", line=line, key=key, detail=symbol(one["type"], one["msg"]))


def _names_at(steps: tuple[str, ...]) -> tuple[str, ...]:
    match steps:
        case ():
            return tuple(DeclarationsFile.model_fields)
        case ("declarant",):
            return tuple(Declarant.model_fields)
        case ("answers", _):
            return tuple(Entry.model_fields)
        case ("diagnosis", _):
            return tuple(Reply.model_fields)
    return ()
