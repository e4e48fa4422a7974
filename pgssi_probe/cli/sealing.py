"""`seal` and `verify`, and the options of a seal: which key, where its secret is, which authority for the time."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from pgssi_probe.cli.exits import Exit, Stop, stop
from pgssi_probe.cli.page import line, write_json
from pgssi_probe.model.destruction import record_in
from pgssi_probe.model.rendering import Seal, SealError, SealSummary
from pgssi_probe.model.text import Lang
from pgssi_probe.packages import plugins
from pgssi_probe.words import say

GROUP = "pgssi_probe.seals"


def seal_for(lang: Lang) -> Seal:
    entry = next(iter(plugins(GROUP)), None)
    if entry is None:
        stop(lang, "error.registry", Exit.INTERNAL, detail=GROUP)
    found: Seal = entry.load()()
    return found


@dataclass(frozen=True)
class SealChoice:
    """What a person asked of the seal. `key` is a PKCS#12 file or a `pkcs11:` address, None for the local key.

    `secret` says where the password or the PIN is: `env:NAME`, `command:PROGRAM…`, `keyring:SERVICE/NAME`, `prompt`.
    """

    lang: Lang
    password: Callable[[], str] | None = None
    key: str | None = None
    tsa: str | None = None
    revocation: bool = False

    @classmethod
    def of(cls, lang: Lang, key: str | None, secret: str | None, tsa: str | None, *, revocation: bool) -> SealChoice:
        """Stop for what cannot work: better before a long run than after it."""
        if key is not None and not key.startswith("pkcs11:") and not _readable(Path(key)):
            stop(lang, "error.key_file", file=key)
        if revocation and tsa is None:
            stop(lang, "error.revocation_alone")
        if tsa is not None and not _is_address(tsa):
            stop(lang, "error.tsa", url=tsa)
        choice = cls(lang, _password(lang, key, secret), key, tsa, revocation)
        if key is not None:
            seal = seal_for(lang)
            try:
                seal.check(key=key, password=choice.password)
            except SealError as error:
                raise Stop(Exit.USAGE, seal.explain(error, lang)) from None
        return choice

    def run(self, folder: Path, files: tuple[Path, ...]) -> SealSummary:
        """Seal a run. SealError when no seal could be made."""
        return seal_for(self.lang).seal_run(
            folder, files, key=self.key, password=self.password, tsa=self.tsa, revocation=self.revocation
        )

    def sign(self, *files: Path) -> SealSummary:
        """Seal files one by one, each by a signature beside it. SealError when no seal could be made."""
        return seal_for(self.lang).sign(
            files, key=self.key, password=self.password, tsa=self.tsa, revocation=self.revocation
        )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _readable(path: Path) -> bool:
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def _password(lang: Lang, key: str | None, secret: str | None) -> Callable[[], str] | None:
    """Where the password or PIN of a key comes from, asked for once; None when nobody is there to be asked."""
    if key is None:
        return None
    if secret is not None and secret != "prompt":  # noqa: S105
        return cache(lambda: _referred(lang, secret))
    given = os.environ.get("PGSSI_KEY_PASSWORD")
    if secret is None and given is not None:
        return lambda: given
    if not (sys.stdin and sys.stdin.isatty()):
        return None

    def ask() -> str:
        import getpass

        if key.startswith("pkcs11:"):
            return getpass.getpass(say(lang, "summary.pin") + " : ")
        return getpass.getpass(say(lang, "summary.password", file=Path(key).name) + " : ")

    return cache(ask)


def _referred(lang: Lang, text: str) -> str:
    """The secret that `env:NAME`, `command:PROGRAM…` or `keyring:SERVICE/NAME` refers to."""
    from pgssi_probe.engagement.accounts import SecretReference
    from pgssi_probe.identity.resolve import resolve
    from pgssi_probe.model.account import SecretError

    kind, _, value = text.partition(":")
    try:
        if kind not in ("env", "command", "keyring") or not value:
            raise ValueError(kind)
        reference = SecretReference.model_validate({kind: tuple(shlex.split(value)) if kind == "command" else value})
    except ValueError:
        stop(lang, "error.key_secret")
    try:
        return resolve(reference, "seal", "key").reveal()
    except SecretError as error:
        stop(lang, f"secret.error.{error.code}", line="--key-secret", reference=error.reference)


def lowered(summary: SealSummary, lang: Lang) -> str | None:
    """Why the seal is of a lower level than asked for, if it is."""
    if summary.trouble is None:
        return None
    return seal_for(lang).explain(SealError(summary.trouble.code, summary.trouble.fields), lang)


def seal_again(folder: Path, lang: Lang, choice: SealChoice, *, json: bool) -> Exit:
    """Seal a run as it stands, e.g. with the organisation's key after a run on a machine that has none."""
    if (record := record_in(folder)) is not None:
        code = "purged" if record.state == "done" else "purge_begun"
        stop(lang, f"folder.error.{code}", path=folder, detail=record.begun.date())
    if not (folder / "report.json").is_file():
        stop(lang, f"folder.error.{'no_report' if (folder / 'run.json').exists() else 'not_a_run'}", path=folder)
    files = tuple(path for path in sorted(folder.glob("report.*")) if path.suffix != ".p7s" and path.is_file())
    seal = seal_for(lang)
    try:
        summary = choice.run(folder, files)
    except SealError as error:
        raise Stop(Exit.USAGE, say(lang, "summary.unsealed", why=seal.explain(error, lang))) from None
    if json:
        write_json(summary.model_dump(mode="json"))
    else:
        told = summary.model_copy(update={"trouble": None})  # said once, as the error that it is
        for text in seal.describe(told, lang):
            line(text)
    if summary.trouble is not None:
        raise Stop(Exit.UNREACHABLE, say(lang, "summary.lowered", why=lowered(summary, lang)))
    return Exit.OK


def verify(path: Path, trust: Path | None, lang: Lang, *, json: bool) -> Exit:
    """0 when everything is intact (and trusted, when `trust` is given), 1 otherwise."""
    seal = seal_for(lang)
    try:
        report = seal.verify(path, trust=trust)
    except SealError as error:
        raise Stop(Exit.USAGE, seal.explain(error, lang)) from None
    if json:
        write_json({**report.model_dump(mode="json"), "intact": report.intact, "accepted": report.accepted})
    else:
        for text in seal.describe(report, lang):
            line(text)
    return Exit.OK if report.accepted else Exit.DEVIATIONS
