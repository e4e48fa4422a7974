"""YAML read safely, and by libyaml where it is built in: the reader written in Python takes ten times as long."""

from __future__ import annotations

from typing import Any

import yaml

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str) -> Any:
    """The value of one YAML document; yaml.YAMLError when it is none."""
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 (both are safe)
