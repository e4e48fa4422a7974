"""The browser, in a hurry."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def quick(in_a_hurry: None) -> None:
    """Every page of this room."""
