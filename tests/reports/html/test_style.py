"""Contrast of every pair of colours that the style sheet puts together, in both themes (WCAG 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = files("pgssi_reports.html").joinpath("report.css").read_text("utf-8")
TEXT = [
    *((ink, ground) for ink in ("ink", "soft", "accent", "link") for ground in ("paper", "panel")),
    *((ink, "paper") for ink in ("red", "crimson", "orange", "slate", "green", "blue", "violet", "grey")),
    *((name, f"{name}-pale") for name in ("red", "crimson", "orange", "slate", "green", "blue", "violet", "grey")),
    *(("on-solid", name) for name in ("red", "crimson", "accent")),
    ("link", "panel"),
    ("ink", "red-pale"),
]
SHAPES = [(name, "paper") for name in ("focus", "red", "orange", "green", "blue", "violet", "grey", "accent", "soft")]


def palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for name, block in (("light", light), ("dark", dark))
    }


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(theme: str, ink: str, ground: str) -> None:
    palette = palettes()[theme]
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_shapes_can_be_seen(theme: str, shape: str, ground: str) -> None:
    palette = palettes()[theme]
    assert contrast(palette[shape], palette[ground]) >= 3


def test_both_themes_define_the_same_colours() -> None:
    light, dark = palettes().values()
    assert set(light) == set(dark)


def test_dark_is_for_screens_only() -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in CSS
    assert "@media (prefers-color-scheme" not in CSS


def test_every_class_of_the_style_sheet_is_used() -> None:
    own = files("pgssi_reports.html").joinpath("templates").iterdir()
    templates = "".join(each.read_text("utf-8") for each in own if each.is_file())
    computed = re.compile(r"^(v|s|g|b|sy|t)-")
    names = set(re.findall(r"\.([a-z_][a-z_-]*)", re.sub(r"\{.*?\}", "{}", CSS, flags=re.DOTALL)))
    unused = {name for name in names if not computed.match(name) and not re.search(rf"\b{name}\b", templates)}
    assert unused == set()
