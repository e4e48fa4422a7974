from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_reports.visible import is_visible, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Prénom : « été » — œuvre", "Prénom : « été » — œuvre"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u2066b\u2069", "a⟨U+2066⟩b⟨U+2069⟩"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("nul\x00", "nul⟨U+0000⟩"),
        ("lone \ud800", "lone ⟨U+D800⟩"),
        ("a\r\nb\tc", "a b c"),
        ("z" + "\u0301" * 40, "z" + "\u0301" * 4 + "⟨…⟩"),
        ("\u0e49" * 80, "\u0e49" * 4 + "⟨…⟩"),
        ("ع" + "\u064b" * 9 + "!", "ع" + "\u064b" * 4 + "⟨…⟩!"),
        ("สวัสดีค่ะ ผู้ใช้", "สวัสดีค่ะ ผู้ใช้"),
    ],
)
def test_what_hides_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_long_text_is_cut() -> None:
    assert visible("x" * 50, 10) == "x" * 10 + "…"


def test_lines_are_kept_when_asked_for() -> None:
    assert visible("a\r\nb\n\tc\rd", lines=True) == "a\nb\n\tc⟨U+000D⟩d"


@given(st.text(max_size=200))
def test_nothing_hidden_is_left(text: str) -> None:
    shown = visible(text)
    assert is_visible(shown)
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Co"} for character in shown)
    assert not any(unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI"} for c in shown)
    shown.encode()
    assert visible(shown, len(shown)) == shown
