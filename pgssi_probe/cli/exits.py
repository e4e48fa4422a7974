"""Exit codes, as documented, and how a mistake becomes one clear sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pgssi_probe.cli.safe import plain
from pgssi_probe.model.dates import said_iso
from pgssi_probe.model.text import Lang
from pgssi_probe.words import catalogue, say

if TYPE_CHECKING:
    from pgssi_probe.engagement.file import Mistake


class Exit(IntEnum):
    OK = 0
    DEVIATIONS = 1
    NOT_EVALUATED = 2
    USAGE = 3
    UNREACHABLE = 4
    INTERNAL = 5


class Stop(Exception):
    """End with this sentence, on standard error, and this code."""

    def __init__(self, code: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def stop(lang: Lang, key: str, code: Exit = Exit.USAGE, /, **values: object) -> NoReturn:
    raise Stop(code, say(lang, key, **values))


def close_names(lang: Lang, names: tuple[str, ...]) -> str:
    return say(lang, "error.close", names=", ".join(names)) if names else ""


@contextmanager
def explained(lang: Lang, *, host: str = "", port: int = 0) -> Iterator[None]:
    """Turn the errors that a person can cause into `Stop`."""
    from pgssi_probe.engagement import EngagementError
    from pgssi_probe.engine.folder import FolderError
    from pgssi_probe.engine.preflight import Unreachable
    from pgssi_probe.history.reading import ReportError
    from pgssi_probe.model.account import SecretError
    from pgssi_probe.net.journal import JournalBusyError, JournalError
    from pgssi_probe.registry import RegistryError, UnknownCheck

    try:
        yield
    except EngagementError as error:
        raise Stop(Exit.USAGE, engagement_sentence(lang, error)) from None
    except SecretError as error:
        stop(lang, f"secret.error.{error.code}", line=error.line, reference=error.reference)
    except ReportError as error:
        detail = system_words(lang, error.detail)
        stop(lang, f"report.error.{error.code}", path=error.path, detail=detail)
    except FolderError as error:
        code = Exit.INTERNAL if error.code == "unwritable" else Exit.USAGE
        detail = system_words(lang, error.detail)
        raise Stop(code, say(lang, f"folder.error.{error.code}", path=error.path, detail=detail)) from None
    except Unreachable as error:
        detail = say(lang, f"reason.{error.detail}") if error.code == "stopped" else error.detail
        named = f"[{host}]" if ":" in host else host
        stop(lang, f"unreachable.{error.code}", Exit.UNREACHABLE, host=named, port=port, detail=detail)
    except UnknownCheck as error:
        unknown_check(lang, error.identifier, error.close)
    except RegistryError as error:
        stop(lang, "error.registry", Exit.INTERNAL, detail=error)
    except JournalBusyError:
        stop(lang, "folder.error.busy")
    except JournalError as error:
        detail = system_words(lang, errno.errorcode.get(error.errno or 0, ""))
        stop(lang, "folder.error.unwritable", Exit.INTERNAL, path="journal.jsonl", detail=detail)


def unknown_check(lang: Lang, identifier: str, close: tuple[str, ...]) -> NoReturn:
    """No such check; or one that the guide announces and this version does not have yet."""
    from pgssi_probe.guide import guide

    if any(planned.id == identifier for planned in guide().planned):
        stop(lang, "error.planned_check", name=identifier)
    stop(lang, "error.unknown_check", name=identifier, close=close_names(lang, close))


def system_words(lang: Lang, symbol: str) -> str:
    """What the system said, from the symbol of an error (`ENOSPC`). The day of a destruction is said as a day."""
    return catalogue(lang).get(f"system.{symbol}") or said_iso(symbol, lang) or symbol


def engagement_sentence(lang: Lang, error: Exception) -> str:
    """File, line, key and remedy of every mistake in an engagement file, one a line."""
    from pgssi_probe.engagement import EngagementError

    assert isinstance(error, EngagementError)  # noqa: S101 (narrowing)
    return "\n".join(mistake_sentence(lang, error.file, mistake) for mistake in error.mistakes)


def mistake_sentence(lang: Lang, file: Path, mistake: Mistake) -> str:
    known = catalogue(lang)
    if mistake.line is None:
        where = say(lang, "engagement.where_file", file=file)
    elif mistake.key:
        where = say(lang, "engagement.where", file=file, line=mistake.line, key=plain(mistake.key, 100))
    elif mistake.column is not None:
        where = say(lang, "engagement.where_column", file=file, line=mistake.line, column=mistake.column)
    else:
        where = say(lang, "engagement.where_line", file=file, line=mistake.line)
    detail = mistake.detail
    if mistake.code in {"unreadable", "document_unreadable"}:
        detail = system_words(lang, detail)
    elif mistake.code in {"bad_value", "not_toml"}:
        group = "value" if mistake.code == "bad_value" else "toml"
        detail = known.get(f"engagement.{group}.{detail}", detail)
        if mistake.choices:
            detail = say(lang, "engagement.value.choices", choices=", ".join(mistake.choices))
    close = close_names(lang, mistake.close)
    return where + say(lang, f"engagement.error.{mistake.code}", detail=detail, close=close)


def readable(path: Path | None) -> bool:
    try:
        return path is None or bool(path.read_bytes())
    except OSError:
        return False
