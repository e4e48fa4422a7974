"""To try the tool on this machine: `lab`, `demo`, `doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from pgssi_probe.cli.commands.options import Json, Language, Names, names_in
from pgssi_probe.cli.exits import explained

commands = typer.Typer(rich_markup_mode=None)


@commands.command("lab", help="lab")
def lab(
    listed: Annotated[bool, typer.Option("--list", help="list")] = False,
    weak: Annotated[Names, typer.Option("--weak", metavar="<str>", help="weak")] = ["none"],
    port: Annotated[int, typer.Option("--port", help="port")] = 8443,
    http_port: Annotated[int, typer.Option("--http-port", help="http_port")] = 8080,
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.demonstration import list_weaknesses, serve_lab

    with explained(lang):
        if listed:
            list_weaknesses(lang, json=json)
        else:
            serve_lab(names_in(weak), port, http_port, lang)


@commands.command("demo", help="demo")
def demo(
    folder: Annotated[Path, typer.Option("--out", "-o", help="demo_out")] = Path("demo"),
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli import demonstration

    raise typer.Exit(demonstration.demo(folder, lang))


@commands.command("doctor", help="doctor")
def doctor(json: Json = False, lang: Language = "fr") -> None:
    from pgssi_probe.cli import doctor as installation

    raise typer.Exit(installation.doctor(lang, json=json))
