"""YAML read safely, and by libyaml where it is built in: the reader written in Python takes ten times as long.

Files of the package are read through `read`, which keeps what it read where Python keeps its own compiled modules, by
the same rules as a `.pyc`: a file whose time or size changed is read again, nothing is written under
PYTHONDONTWRITEBYTECODE or into a folder that we may not write, and a copy that is torn is not believed.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, ClassVar, Final

_VERSION: Final = 1


@cache
def _loader() -> Any:
    """A safe loader that leaves dates as they are written: the models read them, and marshal knows none."""
    import yaml  # only to read what is not kept

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # chosen at run time
        yaml_implicit_resolvers: ClassVar = {
            first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
            for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    return Loader


class NotYamlError(ValueError):
    """The text is no YAML document. `place` is the line and column of the mistake, "" when they are not known."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem


def load(text: str) -> Any:
    """The value of one YAML document, dates as text; NotYamlError when it is none."""
    import yaml

    try:
        return yaml.load(text, Loader=_loader())  # noqa: S506 (a safe loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise NotYamlError(place, error.problem or "not YAML") from error
    except yaml.YAMLError as error:
        raise NotYamlError("", str(error)) from error


def read(path: Path) -> Any:
    """The value of a YAML file of the package. OSError, UnicodeDecodeError, NotYamlError."""
    status = path.stat()
    stamp = (_VERSION, status.st_mtime_ns, status.st_size)
    kept = Path(cache_from_source(f"{path}.py"))
    with suppress(OSError, ValueError, EOFError, TypeError):
        stamped, value = marshal.loads(kept.read_bytes())  # noqa: S302 (as safe as the .pyc beside it)
        if stamped == stamp:
            return value
    value = load(path.read_text(encoding="utf-8"))
    if not sys.dont_write_bytecode:
        part = kept.with_name(f"{kept.name}.{os.getpid()}")
        with suppress(OSError, ValueError):  # what marshal does not know is read each time
            packed = marshal.dumps((stamp, value))
            kept.parent.mkdir(exist_ok=True)
            part.write_bytes(packed)
            part.replace(kept)
    return value
