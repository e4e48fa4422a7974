"""After a run: `report`, `seal`, `verify`, `diff`, `purge`."""

from pathlib import Path
from typing import Annotated

import typer

from pgssi_probe.cli.commands.options import (
    DeclarationsFile,
    Formats,
    Json,
    Language,
    Run,
    RunDirectory,
    SealOptions,
    declared_in,
    names_in,
    with_seal,
)
from pgssi_probe.cli.exits import explained

commands = typer.Typer(rich_markup_mode=None)


@commands.command("verify", help="verify", epilog="verify_exits")
def verify(
    path: Annotated[Path, typer.Argument(help="path")],
    trust: Annotated[Path | None, typer.Option("--trust", help="trust")] = None,
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.sealing import verify as verify_seal

    raise typer.Exit(verify_seal(path, trust, lang, json=json))


@commands.command("report", help="report", epilog="report_exits")
@with_seal()
def report(
    *,
    folder: Run,
    formats: Formats = ["html"],
    declarations: DeclarationsFile = None,
    seal: SealOptions,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.delivering import render_again

    choice = seal.wanted()
    declared = declared_in(declarations, lang)
    raise typer.Exit(render_again(folder, lang, formats=names_in(formats), choice=choice, declared=declared))


@commands.command("seal", help="seal", epilog="seal_exits")
@with_seal(refusal=None)
def seal_run(*, folder: RunDirectory, seal: SealOptions, json: Json = False, lang: Language = "fr") -> None:
    from pgssi_probe.cli.sealing import seal_again

    raise typer.Exit(seal_again(folder, lang, seal.required(), json=json))


@commands.command("purge", help="purge", epilog="purge_exits")
@with_seal(refusal="purge_no_seal")
def purge(
    *,
    folder: Annotated[Path, typer.Argument(help="purge_run", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="purge_yes")] = False,
    reason: Annotated[str, typer.Option("--reason", help="purge_reason", show_default=False)] = "",
    by: Annotated[str | None, typer.Option("--by", help="purge_by")] = None,
    seal: SealOptions,
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.purging import purge_run

    raise typer.Exit(purge_run(folder, lang, seal.wanted(), yes=yes, reason=reason, by=by, json=json))


@commands.command("diff", help="diff", epilog="diff_exits")
def diff(
    old: Annotated[Path, typer.Argument(help="diff_old")],
    new: Annotated[Path, typer.Argument(help="diff_new")],
    strict: Annotated[bool, typer.Option("--strict", help="diff_strict")] = False,
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.comparing import compare

    with explained(lang):
        raise typer.Exit(compare(old, new, lang, strict=strict, json=json))
