"""Where keys stand in a TOML text."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.engagement.places import line_of, places

TEXT = '''# head
[mandate]
reference = "a # no comment"
hours = [  # odd
  "[scope]",
]
note = """
[limits]
x = 1
"""
[accounts."a"]
"password" = { env = "X" }
login.url = 'y'
[[list]]
one = 1
'''


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        (("mandate",), 2),
        (("mandate", "reference"), 3),
        (("mandate", "hours"), 4),
        (("mandate", "note"), 7),
        (("mandate", "absent"), 2),
        (("accounts", "a"), 11),
        (("accounts", "a", "password", "env"), 12),
        (("accounts", "a", "login"), 13),
        (("accounts", "a", "login", "url"), 13),
        (("list", "one"), 15),
        (("limits",), None),
        (("scope",), None),
    ],
)
def test_a_key_is_found_where_it_is_written(steps: tuple[str, ...], line: int | None) -> None:
    assert line_of(places(TEXT), steps) == line


@given(st.text(alphabet="abc[]{}=\"'#\n\\., é", max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(0 < line <= text.count("\n") + 1 for line in places(text).values())


@given(
    st.dictionaries(
        st.text(alphabet="abcxyz", min_size=1, max_size=5),
        st.dictionaries(st.text(alphabet="abcxyz", min_size=1, max_size=5), st.integers(), max_size=4),
        max_size=4,
    )
)
def test_every_key_of_a_file_has_its_own_line(data: dict[str, dict[str, int]]) -> None:
    lines, expected = [], {}
    for table, values in data.items():
        lines.append(f"[{table}]")
        expected[table,] = len(lines)
        for name, value in values.items():
            lines.append(f"{name} = {value}")
            expected[table, name] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text) == data
    assert places(text) == expected
