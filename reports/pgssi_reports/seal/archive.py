"""The one shape that the archive of a dossier has: a ZIP whose every byte follows from its members.

Members are stored as they are, one after the other, all dated 1980-01-01, with no extra field, comment or gap;
the reader rebuilds each header and the directory and compares. Nothing can hide before, between or after members,
two directories cannot disagree, and a stored member cannot swell when it is read.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from pgssi_reports.seal.codes import Refusal, Why, refuse
from pgssi_reports.seal.files import BLOCK, open_regular

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,7}")
NAME_MAX: Final = 200
MEMBERS_MAX: Final = 60_000
SIZE_MAX: Final = (1 << 32) - (1 << 26)
KEPT_MAX: Final = 1 << 24

_VERSION, _MADE_BY, _DATE, _MODE = 10, 3 << 8 | 10, 33, 0o100600 << 16
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_ENTRY: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_ENCRYPTED: Final = 0x2041


class ArchiveError(Exception):
    """Not an archive of this shape. `name` is the member at fault, hostile; empty when it is the whole."""

    def __init__(self, why: Why, name: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.name = name


@dataclass(frozen=True)
class Source:
    """A member to write: bytes, or a file read twice, which must not change meanwhile."""

    name: str
    content: bytes | Path = field(repr=False)
    size: int
    sha256: bytes
    crc: int


@dataclass(frozen=True)
class Member:
    """A member as found. `content` is kept for those that the reader asked for."""

    name: str
    size: int
    sha256: bytes
    content: bytes | None = field(default=None, repr=False)


def source(name: str, content: bytes | Path) -> Source:
    """Measures a member. SealError when its name is not plain, or when the file cannot be read."""
    if not usable(name):
        raise refuse(Refusal.MEMBER_NAME, path=name[:NAME_MAX])
    size, crc, sha256 = 0, 0, hashlib.sha256()
    for block in _blocks(content):
        size, crc = size + len(block), zlib.crc32(block, crc)
        sha256.update(block)
    return Source(name, content, size, sha256.digest(), crc)


def usable(name: str) -> bool:
    return len(name) <= NAME_MAX and NAME.fullmatch(name) is not None


def _blocks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    try:
        with open_regular(content, follow=False) as file:
            while block := file.read(BLOCK):
                yield block
    except OSError:
        raise refuse(Refusal.CONTENT_UNREADABLE, path=str(content)) from None


def write_archive(file: BinaryIO, sources: Sequence[Source]) -> None:
    """SealError when a file changed since it was measured, or when it is all too large."""
    if len(sources) > MEMBERS_MAX or sum(one.size + 400 for one in sources) > SIZE_MAX:
        raise refuse(Refusal.DOSSIER_TOO_LARGE)
    entries, offset = [], 0
    for one in sources:
        header = _local(one.name, one.crc, one.size)
        file.write(header)
        sha256 = hashlib.sha256()
        for block in _blocks(one.content):
            sha256.update(block)
            file.write(block)
        if sha256.digest() != one.sha256:
            raise refuse(Refusal.CONTENT_CHANGING, path=one.name)
        entries.append((one.name, one.crc, one.size, offset))
        offset += len(header) + one.size
    file.write(_directory(entries, offset))


def _local(name: str, crc: int, size: int) -> bytes:
    raw = name.encode("ascii")
    return _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, crc, size, size, len(raw), 0) + raw


def _directory(entries: Iterable[tuple[str, int, int, int]], offset: int) -> bytes:
    found = bytearray()
    count = 0
    for name, crc, size, place in entries:
        raw = name.encode("ascii")
        found += _ENTRY.pack(
            *(b"PK\1\2", _MADE_BY, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(raw), 0, 0, 0, 0, _MODE, place)
        )
        found += raw
        count += 1
    return bytes(found) + _END.pack(b"PK\5\6", 0, 0, count, count, len(found), offset, 0)


def read_archive(path: Path, keep: Callable[[str], bool]) -> tuple[Member, ...]:
    """The members, in order, each read once. ArchiveError unless every byte is where `write_archive` puts it."""
    try:
        with open_regular(path) as file:
            return _read(file, keep)
    except OSError:
        raise ArchiveError(Why.ARCHIVE_UNREADABLE) from None


def _read(file: BufferedReader, keep: Callable[[str], bool]) -> tuple[Member, ...]:
    members: list[Member] = []
    entries: list[tuple[str, int, int, int]] = []
    folded: set[str] = set()
    offset = 0
    while (start := _exactly(file, 4)) == b"PK\3\4":
        name, crc, size, length = _header(file, start)
        if name.casefold() in folded:
            raise ArchiveError(Why.MEMBER_DUPLICATE, name)
        folded.add(name.casefold())
        member, found = _body(file, name, size, kept=keep(name))
        if found != crc:
            raise ArchiveError(Why.ARCHIVE_DAMAGED, name)
        members.append(member)
        entries.append((name, crc, size, offset))
        offset += length + size
        if len(members) > MEMBERS_MAX:
            raise ArchiveError(Why.ARCHIVE_SHAPE)
    expected = _directory(entries, offset)
    found_directory = start + file.read(len(expected) - 4)
    if found_directory != expected:
        raise ArchiveError(Why.ARCHIVE_SHAPE)
    if file.read(1):
        raise ArchiveError(Why.ARCHIVE_MORE)
    return tuple(members)


def _header(file: BufferedReader, start: bytes) -> tuple[str, int, int, int]:
    """Name, CRC, size of a member and the length of its header."""
    fixed = start + _exactly(file, _LOCAL.size - 4)
    _, _, flags, method, _, _, crc, _, size, length, _ = _LOCAL.unpack(fixed)
    raw = _exactly(file, min(length, NAME_MAX + 1))
    name = raw.decode("ascii", "replace")
    if flags & _ENCRYPTED:
        raise ArchiveError(Why.ARCHIVE_ENCRYPTED, name)
    if method:
        raise ArchiveError(Why.ARCHIVE_COMPRESSED, name)
    if not usable(name):
        raise ArchiveError(Why.MEMBER_NAME, name)
    if _local(name, crc, size) != fixed + raw:
        raise ArchiveError(Why.ARCHIVE_SHAPE, name)
    return name, crc, size, len(fixed) + len(raw)


def _body(file: BufferedReader, name: str, size: int, *, kept: bool) -> tuple[Member, int]:
    if kept and size > KEPT_MAX:
        raise ArchiveError(Why.ARCHIVE_SHAPE, name)
    sha256, crc, rest, content = hashlib.sha256(), 0, size, bytearray()
    while rest:
        block = file.read(min(rest, BLOCK))
        if not block:
            raise ArchiveError(Why.ARCHIVE_SHAPE, name)
        sha256.update(block)
        crc, rest = zlib.crc32(block, crc), rest - len(block)
        if kept:
            content += block
    return Member(name, size, sha256.digest(), bytes(content) if kept else None), crc


def _exactly(file: BufferedReader, count: int) -> bytes:
    block = file.read(count)
    if len(block) != count:
        raise ArchiveError(Why.ARCHIVE_SHAPE)
    return block
