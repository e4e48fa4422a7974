"""Compiled templates, kept where Python keeps its own compiled modules: compiling them takes longer than a report.

Same place and same rules as a `.pyc`: nothing is written under PYTHONDONTWRITEBYTECODE or into a folder that we may not
write, and a template or a rendering module that changed is compiled again.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """`rendering`: the module whose filters and settings are compiled into the templates."""

    def __init__(self, rendering: Path) -> None:
        folder = rendering.with_name("templates")
        self._folder = Path(cache_from_source(str(folder / "x.py"))).parent
        self._settings = hashlib.sha256(rendering.read_bytes()).hexdigest()[:16]

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            bucket.bytecode_from_string(self._path(bucket).read_bytes())

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        path = self._path(bucket)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(bucket.bytecode_to_string())
            part.replace(path)

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}.{self._settings}.{sys.implementation.cache_tag}.jinja"
