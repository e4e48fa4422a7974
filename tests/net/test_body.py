"""Bodies: what decodes, what is cut, and that nothing makes us allocate beyond the caps."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Iterable

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.net.body import PIECE, BodyCaps, BodyReader, decoders_for
from pgssi_probe.net.exchange import Truncation


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def two_members(data: bytes) -> bytes:
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:])


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": two_members,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": brotli.compress,
    "": bytes,
    "identity": bytes,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
}


def chunks_of(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def read(chunks: Iterable[bytes], coding: str, caps: BodyCaps | None = None) -> tuple[bytes, int, Truncation | None]:
    reader = BodyReader(coding, caps)
    for chunk in chunks:
        if not reader.add(chunk):
            break
    return reader.finish(), reader.wire_bytes, reader.truncated


@given(st.sampled_from(sorted(CODINGS)), st.binary(max_size=5000), st.integers(1, 700))
def test_every_coding_gives_back_the_body(coding: str, body: bytes, size: int) -> None:
    wire = CODINGS[coding](body)
    assert read(chunks_of(wire, size), coding) == (body, len(wire), None)


@given(
    st.sampled_from(sorted(CODINGS)),
    st.binary(max_size=3000),
    st.integers(0, 400),
    st.integers(0, 400),
    st.integers(1, 500),
)
def test_caps_hold_and_what_is_kept_is_a_prefix(coding: str, body: bytes, wire_cap: int, cap: int, size: int) -> None:
    body = body * 3
    wire = CODINGS[coding](body)
    kept, taken, cut = read(chunks_of(wire, size), coding, BodyCaps(wire_cap, cap))
    assert taken <= wire_cap
    assert len(kept) <= cap
    assert body.startswith(kept)
    if cut is None:
        assert kept == body


@given(
    st.lists(st.binary(max_size=300), max_size=20),
    st.sampled_from(["gzip", "deflate", "br", "gzip, gzip", "zstd", "gzip,br,deflate"]),
)
def test_any_bytes_under_any_label_do_not_raise(chunks: list[bytes], coding: str) -> None:
    kept, taken, _ = read(chunks, coding, BodyCaps(1000, 2000))
    assert taken <= 1000
    assert len(kept) <= 2000


def nested(levels: int, size: int) -> bytes:
    data = b"\0" * size
    for _ in range(levels):
        data = gzip.compress(data, 9)
    return data


BOMBS = {
    "gzip": lambda: gzip.compress(bytes(300_000_000), 9),
    "deflate": lambda: zlib.compress(bytes(300_000_000), 9),
    "br": lambda: brotli.compress(bytes(300_000_000), quality=9),
    "gzip, gzip": lambda: nested(2, 300_000_000),
    "gzip, gzip, gzip": lambda: nested(3, 300_000_000),
}


@pytest.mark.parametrize("coding", sorted(BOMBS))
def test_a_bomb_costs_no_more_than_the_cap(coding: str) -> None:
    bomb = BOMBS[coding]()
    assert len(bomb) < 1_000_000
    caps = BodyCaps(wire=2_000_000, decoded=4_000_000)
    tracemalloc.start()
    try:
        kept, _, cut = read([bomb], coding, caps)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert cut is Truncation.DECODED_CAP
    assert len(kept) == caps.decoded
    assert peak < caps.decoded * 1.6 + 10 * PIECE  # the buffer grows by steps, the chunk itself was there before


def test_a_bomb_inside_that_comes_to_nothing_is_cut_as_well() -> None:
    # the inner layer is 300 MB of empty gzip members: nothing comes out, and it would take seconds
    inner = gzip.compress(b"") * 500_000
    bomb = gzip.compress(inner, 9)
    kept, _, cut = read([bomb], "gzip, gzip", BodyCaps(2_000_000, 100_000))
    assert cut is Truncation.DECODED_CAP
    assert kept == b""


def test_wire_cap_cuts_a_plain_body() -> None:
    kept, taken, cut = read([b"x" * 600, b"y" * 600], "", BodyCaps(wire=1000, decoded=5000))
    assert (len(kept), taken, cut) == (1000, 1000, Truncation.WIRE_CAP)


def test_a_body_of_exactly_the_caps_is_whole() -> None:
    assert read([b"x" * 500, b"y" * 500], "", BodyCaps(1000, 1000))[2] is None


def test_decoded_cap_cuts_a_plain_body_too() -> None:
    kept, _, cut = read([b"x" * 600], "", BodyCaps(wire=1000, decoded=500))
    assert (kept, cut) == (b"x" * 500, Truncation.DECODED_CAP)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_coded_body_that_stops_short_is_broken(coding: str) -> None:
    body = b"Bonjour, voici une page. " * 200
    wire = CODINGS[coding](body)
    kept, _, cut = read([wire[:-5]], coding)
    assert cut is Truncation.BROKEN_ENCODING
    assert body.startswith(kept)


def test_a_plain_body_under_a_false_label_is_kept_as_it_came() -> None:
    kept, _, cut = read([b"<h1>Traceback</h1>"], "gzip")
    assert (kept, cut) == (b"<h1>Traceback</h1>", Truncation.BROKEN_ENCODING)


@pytest.mark.parametrize("coding", ["zstd", "br, zstd", "gzip,gzip,gzip,gzip", "aes128gcm"])
def test_codings_that_we_do_not_read_leave_the_body_alone(coding: str) -> None:
    assert decoders_for(coding) is None
    assert read([b"\x28\xb5\x2f\xfd..."], coding) == (b"\x28\xb5\x2f\xfd...", 7, None)


def test_bytes_after_the_end_are_ignored() -> None:
    assert read([gzip.compress(b"ok") + b"\0\0trailing"], "gzip")[0] == b"ok"
    assert read([zlib.compress(b"ok") + b"trailing", b"more"], "deflate")[0] == b"ok"
    assert read([brotli.compress(b"ok"), b"more"], "br")[0] == b"ok"


def test_padding_between_members_is_skipped() -> None:
    assert read([gzip.compress(b"one") + b"\0\0", b"\0" + gzip.compress(b"two")], "gzip")[0] == b"onetwo"


def test_an_empty_body_under_a_coding_is_whole() -> None:
    assert read([], "gzip") == (b"", 0, None)


def test_the_caller_says_why_it_stopped() -> None:
    reader = BodyReader("")
    reader.add(b"abc")
    assert reader.finish(Truncation.TIME_CAP) == b"abc"
    assert reader.truncated is Truncation.TIME_CAP


@settings(max_examples=20)
@given(st.integers(PIECE - 3, PIECE * 2 + 3))
def test_pieces_that_fall_on_the_edge(size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    for coding in ("gzip", "deflate", "br"):
        assert read([CODINGS[coding](body)], coding)[0] == body
