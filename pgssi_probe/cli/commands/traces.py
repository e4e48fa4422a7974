"""The operator's logs: `traces expected`, `traces match`."""

from pathlib import Path
from typing import Annotated

import typer

from pgssi_probe.cli.commands.options import Json, Language, Names, RunDirectory, SealOptions, names_in, with_seal

commands = typer.Typer(help="traces", no_args_is_help=True, rich_markup_mode=None)


@commands.command("expected", help="traces_expected")
@with_seal()
def expected(
    *,
    run: RunDirectory,
    file: Annotated[Path | None, typer.Option("--out", "-o", help="traces_out")] = None,
    seal: SealOptions,
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli import tracing

    raise typer.Exit(tracing.expected(run, file, lang, seal.wanted(), json=json))


@commands.command("match", help="traces_match", epilog="traces_exits")
@with_seal()
def match(
    *,
    run: RunDirectory,
    logs: Annotated[list[Path], typer.Argument(help="traces_logs")],
    form: Annotated[str, typer.Option("--format", help="traces_format")] = "auto",
    alerts: Annotated[list[Path] | None, typer.Option("--alerts", help="traces_alerts")] = None,
    engagement: Annotated[Path | None, typer.Option("--engagement", "-e", help="traces_engagement")] = None,
    report_formats: Annotated[Names, typer.Option("--report-format", "-f", metavar="<str>", help="format")] = ["html"],
    seal: SealOptions,
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli import tracing

    raise typer.Exit(
        tracing.match(
            run,
            logs,
            lang,
            form=form,
            alerts=alerts or [],
            engagement=engagement,
            formats=names_in(report_formats),
            choice=seal.wanted(),
            json=json,
        )
    )
