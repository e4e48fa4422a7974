"""Before a run and during it: `scan`, `init`, `login-test`, `engagement check`."""

from pathlib import Path
from typing import Annotated

import typer

from pgssi_probe.cli.commands.options import (
    Authority,
    DeclarationsFile,
    Engagement,
    Formats,
    Json,
    Language,
    Names,
    SealOptions,
    declared_in,
    names_in,
    with_seal,
)
from pgssi_probe.cli.exits import explained, stop
from pgssi_probe.model.severity import Severity

commands = typer.Typer(rich_markup_mode=None)
engagement_commands = typer.Typer(help="engagement", no_args_is_help=True, rich_markup_mode=None)


@commands.command("scan", help="scan", epilog="exits")
@with_seal()
def scan(
    *,
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="url")] = "",
    engagement: Engagement = None,
    level: Annotated[str | None, typer.Option("--level", help="level")] = None,
    only: Annotated[Names, typer.Option("--only", metavar="<str>", help="only")] = [],
    skip: Annotated[Names, typer.Option("--skip", metavar="<str>", help="skip")] = [],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="dry_run")] = False,
    resume: Annotated[Path | None, typer.Option("--resume", help="resume")] = None,
    folder: Annotated[Path | None, typer.Option("--out", "-o", help="out")] = None,
    ca: Authority = None,
    http_url: Annotated[str | None, typer.Option("--http-url", help="http_url")] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="rate")] = None,
    contact: Annotated[str | None, typer.Option("--contact", help="contact")] = None,
    declarations: DeclarationsFile = None,
    seal: SealOptions,
    formats: Formats = ["html"],
    fail_on: Annotated[str, typer.Option("--fail-on", help="fail_on")] = "minor",
    strict: Annotated[bool, typer.Option("--strict", help="strict")] = False,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="quiet")] = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.delivering import finish
    from pgssi_probe.cli.formats import reporters
    from pgssi_probe.cli.scanning import make_scan, resume_now, scan_now, show_plan_of

    if not url and resume is None:
        stop(lang, "error.url_missing")
    if fail_on not in {*Severity, "never"}:
        stop(lang, "error.bad_choice", value=fail_on, option="--fail-on", choices=", ".join([*Severity, "never"]))
    wanted = reporters(lang, names_in(formats))
    declared = declared_in(declarations, lang)
    choice = None if dry_run else seal.wanted()
    if resume is not None:
        given = {
            "URL": url,
            "--engagement": engagement,
            "--level": level,
            "--only": only,
            "--skip": skip,
            "--dry-run": dry_run,
            "--out": folder,
            "--ca": ca,
            "--http-url": http_url,
            "--rate": rate,
            "--contact": contact,
        }
        scanned = resume_now(resume, lang, given=given, command_line=context.obj, json=json, quiet=quiet)
    else:
        asked = make_scan(
            lang,
            url,
            engagement_file=engagement,
            level=level,
            only=names_in(only),
            skip=names_in(skip),
            ca=ca,
            http_url=http_url,
            rate=rate,
            contact=contact,
            command_line=context.obj,
        )
        if dry_run:
            show_plan_of(asked, lang, json=json)
            return
        scanned = scan_now(asked, lang, out=folder, json=json, quiet=quiet)
    raise typer.Exit(
        finish(
            scanned, lang, reporters=wanted, choice=choice, json=json, fail_on=fail_on, strict=strict, declared=declared
        )
    )


@commands.command("init", help="init", epilog="init_exits")
def init(
    url: Annotated[str, typer.Argument(help="url", show_default=False)],
    file: Annotated[Path, typer.Option("--out", "-o", help="init_out")] = Path("engagement.toml"),
    ca: Authority = None,
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.draft import init as draft

    raise typer.Exit(draft(url, file, lang, ca=ca, as_json=json))


@commands.command("login-test", help="login_test", epilog="login_test_exits")
def login_test(
    engagement: Annotated[Path, typer.Option("--engagement", "-e", help="engagement_given")],
    account: Annotated[str, typer.Option("--account", "-a", help="account", show_default=False)] = "a",
    ca: Authority = None,
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.login_test import try_login

    raise typer.Exit(try_login(engagement, account, lang, ca=ca, json=json))


@engagement_commands.command("check", help="engagement_check", epilog="engagement_check_exits")
def engagement_check(
    file: Annotated[Path, typer.Argument(help="engagement_given")],
    url: Annotated[str, typer.Argument(help="engagement_url", show_default=False)] = "",
    json: Json = False,
    lang: Language = "fr",
) -> None:
    from pgssi_probe.cli.mandate import explain

    with explained(lang):
        explain(file, url, lang, json=json)
