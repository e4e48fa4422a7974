"""Exit codes, as documented, and how a mistake becomes one clear sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from pgssi_probe.model.text import Lang
from pgssi_probe.words import say


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
    from pgssi_probe.net.journal import JournalError
    from pgssi_probe.registry import RegistryError, UnknownCheck

    try:
        yield
    except EngagementError as error:
        raise Stop(Exit.USAGE, engagement_sentence(lang, error)) from None
    except FolderError as error:
        code = Exit.INTERNAL if error.code == "unwritable" else Exit.USAGE
        raise Stop(code, say(lang, f"folder.error.{error.code}", path=error.path, detail=error.detail)) from None
    except Unreachable as error:
        stop(lang, f"unreachable.{error.code}", Exit.UNREACHABLE, host=host, port=port, detail=error.detail)
    except UnknownCheck as error:
        stop(lang, "error.unknown_check", name=error.identifier, close=close_names(lang, error.close))
    except RegistryError as error:
        stop(lang, "error.registry", Exit.INTERNAL, detail=error)
    except JournalError as error:
        stop(lang, "folder.error.unwritable", Exit.INTERNAL, path="journal.jsonl", detail=error)


def engagement_sentence(lang: Lang, error: Exception) -> str:
    """File, line, key and remedy of a mistake in an engagement file."""
    from pgssi_probe.engagement import EngagementError

    assert isinstance(error, EngagementError)  # noqa: S101 (narrowing)
    if error.line is not None:
        where = say(lang, "engagement.where", file=error.file, line=error.line, key=error.key or "TOML")
    else:
        where = say(lang, "engagement.where_file", file=error.file)
    return where + say(lang, f"engagement.error.{error.code}", detail=error.detail)


def readable(path: Path | None) -> bool:
    try:
        return path is None or bool(path.read_bytes())
    except OSError:
        return False
