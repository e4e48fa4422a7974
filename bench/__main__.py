"""`python -m bench [NAME…]`: run the measures, all of them or those named. Exit status 1 when a goal is missed."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench


def main() -> int:
    """Each module of this package with a `main()` is a measure; `main` returns whether its goals hold."""
    names = [info.name for info in pkgutil.iter_modules(bench.__path__) if not info.name.startswith("_")]
    wanted = sys.argv[1:] or names
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        print(f"no such measure: {', '.join(unknown)} (there are: {', '.join(names)})", file=sys.stderr)
        return 2
    missed = []
    for name in wanted:
        run = getattr(importlib.import_module(f"bench.{name}"), "main", None)
        if run is None:
            continue
        print(f"== {name}", flush=True)
        if run() is False:
            missed.append(name)
        print(flush=True)
    if missed:
        print(f"goals missed: {', '.join(missed)}")
    return 1 if missed else 0


sys.exit(main())
