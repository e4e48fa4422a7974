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
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, ClassVar, Final

import yaml

_VERSION: Final = 1


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # chosen at run time
    """A safe loader that leaves dates as they are written: the models read them, and marshal knows none."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def load(text: str) -> Any:
    """The value of one YAML document, dates as text; yaml.YAMLError when it is none."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader)


def read(path: Path) -> Any:
    """The value of a YAML file of the package. OSError, UnicodeDecodeError, yaml.YAMLError."""
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
