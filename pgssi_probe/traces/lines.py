"""The lines of a log file, plain or gzip, in UTF-8, UTF-16 or Latin-1, within bounds that no file can exceed."""

from __future__ import annotations

import codecs
import errno
import gzip
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final, cast

BYTES_MAX: Final = 4_000_000_000
"""Bytes read of one file, unpacked."""
LINE_MAX: Final = 1_000_000
_BLOCK: Final = 1 << 16


class LogUnreadable(Exception):
    """A log that cannot be read. `code` is a key of the catalogue under `traces.error`; `detail` a system symbol."""

    def __init__(self, code: str, path: Path, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.path = path
        self.detail = detail


def lines(path: Path, limit: int = BYTES_MAX) -> Iterator[tuple[int, str]]:
    """Number, from 1, and text of each line, cut at LINE_MAX. LogUnreadable, `too_large` beyond the limit."""
    try:
        if not path.is_file():
            raise LogUnreadable("unreadable" if path.exists() else "not_found", path, "EINVAL" if path.exists() else "")
        with closing(_opened(path)) as stream:
            head = stream.peek(4)[:4] if hasattr(stream, "peek") else b""
            yield from _decoded(stream, head, path, limit)
    except (OSError, EOFError, zlib.error) as error:
        symbol = errno.errorcode.get(getattr(error, "errno", None) or 0, "")
        raise LogUnreadable("unreadable" if symbol else "damaged", path, symbol) from None


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("BinaryIO", gzip.open(path, "rb") if packed else path.open("rb"))


def _decoded(stream: BinaryIO, head: bytes, path: Path, limit: int) -> Iterator[tuple[int, str]]:
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if wide:
        decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    else:
        decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")
    number, read, rest = 0, 0, ""
    while block := stream.read(_BLOCK):
        read += len(block)
        if read > limit:
            raise LogUnreadable("too_large", path)
        *whole, rest = (rest + decoder.decode(block)).split("\n")
        for line in whole:
            number += 1
            yield number, _clean(line)
        if len(rest) > LINE_MAX:  # one endless line: what is beyond is let go
            rest = rest[:LINE_MAX]
    if rest := rest + decoder.decode(b"", final=True):
        yield number + 1, _clean(rest)


def _clean(line: str) -> str:
    """Bytes that are no UTF-8 are read as Latin-1, as old applications write them."""
    line = line.rstrip("\r")[:LINE_MAX]
    if not line.isascii():
        line = "".join(chr(ord(char) - 0xDC00) if "\udc80" <= char <= "\udcff" else char for char in line)
    return line.replace("\0", "")
