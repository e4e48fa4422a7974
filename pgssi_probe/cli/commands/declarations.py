"""What cannot be seen from outside: `declarations new`, `declarations check`, `declarations status`."""

from pathlib import Path
from typing import Annotated

import typer

from pgssi_probe.cli.commands.options import Json, Language

commands = typer.Typer(help="declarations", no_args_is_help=True, rich_markup_mode=None)

File = Annotated[Path, typer.Argument(help="declarations_file")]
OfRun = Annotated[Path | None, typer.Argument(help="declarations_run", show_default=False)]


@commands.command("new", help="declarations_new")
def new(
    run: OfRun = None,
    engagement: Annotated[Path | None, typer.Option("--engagement", "-e", help="declarations_engagement")] = None,
    file: Annotated[Path, typer.Option("--out", "-o", help="declarations_out")] = Path("declarations.toml"),
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli import declaring

    raise typer.Exit(declaring.new(run, engagement, file, lang))


@commands.command("check", help="declarations_check", epilog="declarations_exits")
def check(file: File, json: Json = False, lang: Language = "fr") -> None:
    from pgssi_probe.cli import declaring

    raise typer.Exit(declaring.check(file, lang, json=json))


@commands.command("status", help="declarations_status")
def status(file: File, run: OfRun = None, json: Json = False, lang: Language = "fr") -> None:
    from pgssi_probe.cli import declaring

    raise typer.Exit(declaring.status(file, run, lang, json=json))
