"""`doctor`: each line ok, or what to do."""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from pgssi_probe.cli.exits import Exit
from pgssi_probe.cli.page import Styled, table, write_json
from pgssi_probe.clock import SystemClock
from pgssi_probe.model.dates import said_moment
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

PACKAGES = ("pgssi-probe", "httpx", "sslyze", "pyhanko", "beautifulsoup4", "pydantic")
# The first release without CVE-2026-69247, CVE-2026-69248 and CVE-2026-69249: a scanner parses hostile certificates.
FIXED_CRYPTOGRAPHY = 48


class Finding(NamedTuple):
    """`needed` tells a broken installation from something optional."""

    ok: bool
    text: str
    needed: bool = True


def doctor(lang: Lang, *, json: bool) -> Exit:
    findings = list(examine(lang))
    if json:
        write_json([finding._asdict() for finding in findings])
    else:
        mark = {
            True: Styled(say(lang, "doctor.ok"), "green"),
            False: Styled(say(lang, "doctor.todo"), "yellow"),
        }
        table((), ((mark[finding.ok], finding.text) for finding in findings))
    return Exit.OK if all(finding.ok or not finding.needed for finding in findings) else Exit.DEVIATIONS


def examine(lang: Lang) -> Iterator[Finding]:
    def found(ok: bool, good: str, bad: str, *, needed: bool = True, **values: object) -> Finding:
        return Finding(ok, say(lang, f"doctor.{good if ok else bad}", **values), needed)

    yield found(sys.version_info >= (3, 11), "python", "python_old", version=sys.version.split()[0])
    for name in PACKAGES:
        number = _version(name)
        yield found(number is not None, "package", "package_missing", name=name, version=number)
    number = _version("cryptography") or "0"
    yield found(
        int(number.split(".")[0]) >= FIXED_CRYPTOGRAPHY,
        "package",
        "cryptography_old",
        name="cryptography",
        version=number,
    )
    yield found(True, "openssl", "openssl", version=ssl.OPENSSL_VERSION)
    yield from _checks(lang)
    from pgssi_probe.browser.chromium import executable

    chromium, playwright = executable(), _version("playwright")
    yield found(chromium is not None, "chromium", "chromium_missing", needed=False, path=chromium)
    yield found(
        playwright is not None, "package", "playwright_missing", needed=False, name="playwright", version=playwright
    )
    yield found(True, "timestamp", "timestamp")
    key = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pgssi-probe"
    yield found(True, "key" if key.exists() else "key_none", "key_none", path=key)
    yield found(_writable(Path()), "write", "write_missing", path=Path.cwd())
    yield found(True, "clock", "clock", now=said_moment(SystemClock().now(), lang, seconds=True))


def _checks(lang: Lang) -> Iterator[Finding]:
    from pgssi_probe.guide import GuideError, guide
    from pgssi_probe.registry import RegistryError, checks

    try:
        yield Finding(True, say(lang, "doctor.checks", count=len(checks())))
    except RegistryError as error:
        yield Finding(False, say(lang, "error.registry", detail=error))
    try:
        book = guide()
        yield Finding(True, say(lang, "doctor.guide", title=book.book.title.in_(lang), count=len(book.rules)))
    except GuideError as error:
        yield Finding(False, say(lang, "error.registry", detail=error))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
