"""The options that several commands share."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pgssi_probe.model.text import Lang

if TYPE_CHECKING:
    from pgssi_probe.cli.sealing import SealChoice
    from pgssi_probe.declarations.file import Loaded

Language = Annotated[Lang, typer.Option("--lang", help="lang")]
Json = Annotated[bool, typer.Option("--json", help="json")]
Authority = Annotated[Path | None, typer.Option("--ca", help="ca")]
Engagement = Annotated[Path | None, typer.Option("--engagement", "-e", help="engagement_file")]
Names = list[str]
"""Separated by commas, repeated, or both: see `names_in`."""
Formats = Annotated[Names, typer.Option("--format", "-f", metavar="<str>", help="format")]
DeclarationsFile = Annotated[Path | None, typer.Option("--declarations", help="declarations_file")]
Run = Annotated[Path, typer.Argument(help="folder")]
RunDirectory = Annotated[Path, typer.Argument(help="run_folder")]
"""Where the report alone is not enough: its journal, its other files."""


def names_in(given: Names) -> tuple[str, ...]:
    """The names of an option that takes several, separated by commas, repeated, or both."""
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def declared_in(file: Path | None, lang: Lang) -> "Loaded | None":
    """What `--declarations` names. Read before anything is sent."""
    if file is None:
        return None
    from pgssi_probe.cli.declaring import load

    return load(file, lang)


@dataclass(frozen=True)
class SealOptions:
    """What the command line says of the seal. Looked at when the command asks: a key may want its password typed."""

    lang: Lang
    key: str | None
    key_secret: str | None
    tsa: str | None
    revocation: bool
    no_seal: bool = False

    def required(self) -> "SealChoice":
        from pgssi_probe.cli.sealing import SealChoice

        return SealChoice.of(self.lang, self.key, self.key_secret, self.tsa, revocation=self.revocation)

    def wanted(self) -> "SealChoice | None":
        """None when the person wants no seal."""
        return None if self.no_seal else self.required()


SEAL_OPTIONS: dict[str, tuple[Any, Any]] = {
    "key": (Annotated[str | None, typer.Option("--key", help="key")], None),
    "key_secret": (Annotated[str | None, typer.Option("--key-secret", help="key_secret")], None),
    "tsa": (Annotated[str | None, typer.Option("--tsa", help="tsa")], None),
    "revocation": (Annotated[bool, typer.Option("--revocation", help="revocation")], False),
}


def with_seal(refusal: str | None = "no_seal") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """On the command line, `seal` becomes the options of a seal. `refusal`: help of `--no-seal`; None leaves it out."""
    options = dict(SEAL_OPTIONS)
    if refusal is not None:
        options["no_seal"] = (Annotated[bool, typer.Option("--no-seal", help=refusal)], False)

    def widen(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def widened(**given: Any) -> None:
            chosen = {name: given.pop(name) for name in options}
            command(**given, seal=SealOptions(lang=given["lang"], **chosen))

        own = inspect.signature(command).parameters
        widened.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                parameter
                for name in own
                for parameter in (_parameters(options) if name == "seal" else [own[name].replace(kind=KEYWORD)])
            ]
        )
        widened.__annotations__ = {}  # what was said above is all that the command-line library needs
        return widened

    return widen


KEYWORD = inspect.Parameter.KEYWORD_ONLY


def _parameters(options: dict[str, tuple[Any, Any]]) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, KEYWORD, default=default, annotation=annotation)
        for name, (annotation, default) in options.items()
    ]
