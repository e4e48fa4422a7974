"""Reading a body from a target that is not trusted: caps on the wire, on the decoded size, on what decoders make."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pgssi_probe.net.exchange import Truncation

PIECE = 64 * 1024
"""Bytes that a decoder makes at a time, more or less: what is allocated beyond the cap."""

MAX_LAYERS = 3
"""Content codings stacked on one body; nobody honest uses two."""


LARGEST = 8_000_000
LARGEST_DECODED = 24_000_000
"""Bytes of a body, on the wire and decoded, that no request may go beyond."""


@dataclass(frozen=True, slots=True)
class BodyCaps:
    """Bytes read from the wire (after chunking, before decoding), and bytes kept once decoded."""

    wire: int = 1_000_000
    decoded: int = 2_000_000

    def within(self, most: int) -> BodyCaps:
        """The same caps, or `most` bytes when that is not 0: less, or more for who cannot do with a part (a browser and
        its scripts), at most LARGEST and LARGEST_DECODED."""
        if most > self.decoded:
            return BodyCaps(min(most, LARGEST), min(most, LARGEST_DECODED))
        return BodyCaps(min(self.wire, most), min(self.decoded, most)) if most else self


class BrokenEncodingError(ValueError):
    """The bytes are not what Content-Encoding says."""


class Decoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces of about `PIECE` bytes at most. Raises BrokenEncodingError."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the coded stream came to its own end."""
        ...


class ZlibDecoder:
    """gzip (with several members) and deflate, the latter with or without the zlib wrapper, as browsers accept it."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._head = b""
        self._inflate: zlib._Decompress | None = zlib.decompressobj(31) if gzip else None

    @property
    def complete(self) -> bool:
        return self._inflate is not None and self._inflate.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            data = self._head = self._head + data
            if len(data) < 2:
                return  # two bytes tell a zlib header from a bare deflate stream
            wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            self._inflate = zlib.decompressobj(15 if wrapped else -15)
            self._head = b""
        full = False  # a full piece may leave output inside although all input was taken
        while data or full:
            if self._inflate.eof:
                data = data.lstrip(b"\0")  # padding between or after members
                if not (self._gzip and data.startswith(b"\x1f")):
                    return  # trailing bytes that are no member: browsers ignore them
                self._inflate = zlib.decompressobj(31)
            try:
                piece = self._inflate.decompress(data, PIECE)
            except zlib.error as error:
                raise BrokenEncodingError("deflate") from error
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            full = len(piece) == PIECE and not self._inflate.eof
            if piece:
                yield piece


class BrotliDecoder:
    """`output_buffer_limit` came with brotli 1.2; it is rounded up to the library's own blocks."""

    def __init__(self) -> None:
        import brotli

        self._error = brotli.error
        self._decoder = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._decoder.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self.complete:
            return
        try:
            piece = self._decoder.process(data, output_buffer_limit=PIECE)
            while piece or not self._decoder.can_accept_more_data():
                if piece:
                    yield piece
                # it may say that it takes more data while it still holds some output
                piece = self._decoder.process(b"", output_buffer_limit=PIECE)
        except self._error as error:
            raise BrokenEncodingError("brotli") from error


DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: ZlibDecoder(gzip=True),
    "x-gzip": lambda: ZlibDecoder(gzip=True),
    "deflate": lambda: ZlibDecoder(gzip=False),
    "br": BrotliDecoder,
}


def decoders_for(content_encoding: str) -> list[Decoder] | None:
    """Decoders in the order in which they must be applied; None when a coding is unknown (zstd) or there are too many.

    The caller then keeps the body as it came.
    """
    codings = [coding.strip().lower() for coding in content_encoding.split(",")]
    codings = [coding for coding in codings if coding and coding != "identity"]
    if len(codings) > MAX_LAYERS or any(coding not in DECODERS for coding in codings):
        return None
    return [DECODERS[coding]() for coding in reversed(codings)]


class BodyReader:
    """Accumulates one body. `add` says whether to go on; `finish` gives what was kept."""

    def __init__(self, content_encoding: str = "", caps: BodyCaps | None = None) -> None:
        self.caps = caps or BodyCaps()
        self.wire_bytes = 0
        self.truncated: Truncation | None = None
        self._decoders = decoders_for(content_encoding) or []
        self._kept = io.BytesIO()  # its getvalue() shares the buffer: no second copy of the body
        self._size = 0
        self._made = [0] * len(self._decoders)

    def add(self, chunk: bytes) -> bool:
        """Take a chunk from the wire; False when a cap is reached or the coding is broken: stop reading then."""
        if self.truncated is not None:
            return False
        room = self.caps.wire - self.wire_bytes
        over = len(chunk) > room
        if over:
            chunk = chunk[:room]
        self.wire_bytes += len(chunk)
        if not self._decoders:
            self._keep(chunk)
        else:
            try:
                for piece in self._decode(0, chunk):
                    if not self._keep(piece):
                        break
            except BrokenEncodingError:
                if self._size == 0:
                    self._keep(chunk)  # what was sent under a false label is still worth reading
                self.truncated = self.truncated or Truncation.BROKEN_ENCODING
        if over and self.truncated is None:
            self.truncated = Truncation.WIRE_CAP
        return self.truncated is None

    def finish(self, cut: Truncation | None = None) -> bytes:
        """The decoded body. `cut` is why reading ended early, None when the body came to its end."""
        if self.truncated is None:
            self.truncated = cut
        if self.truncated is None and self.wire_bytes and not all(decoder.complete for decoder in self._decoders):
            self.truncated = Truncation.BROKEN_ENCODING
        return self._kept.getvalue()

    def _decode(self, layer: int, data: bytes) -> Iterator[bytes]:
        """Pieces out of the last decoder. What each inner layer makes counts too: a bomb may hide inside a bomb."""
        for piece in self._decoders[layer].feed(data):
            self._made[layer] += len(piece)
            if layer + 1 == len(self._decoders):
                yield piece
            else:
                yield from self._decode(layer + 1, piece)
            if self._made[layer] > self.caps.decoded:
                self.truncated = Truncation.DECODED_CAP
                return

    def _keep(self, piece: bytes) -> bool:
        room = self.caps.decoded - self._size
        if len(piece) > room:
            piece = piece[:room]
            self.truncated = Truncation.DECODED_CAP
        self._kept.write(piece)
        self._size += len(piece)
        return self.truncated is None
