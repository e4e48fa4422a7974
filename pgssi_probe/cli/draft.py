"""`init`: look at a site passively and leave a commented engagement file, valid as it stands."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pgssi_probe.cli.exits import Exit, explained, readable, stop, system_words
from pgssi_probe.cli.page import line, path_line, write_json
from pgssi_probe.cli.safe import plain
from pgssi_probe.engagement.declared import declared_table
from pgssi_probe.model.dates import said_day
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

if TYPE_CHECKING:
    from pgssi_probe.engine.survey import Survey

TEMPLATES = Path(__file__).parents[1] / "engagement" / "templates"


def init(url: str, file: Path, lang: Lang, *, ca: Path | None, as_json: bool) -> Exit:
    """Write the file. Stop when it exists already, cannot be written, or when there is nothing at the address."""
    from pgssi_probe.check.context import Target
    from pgssi_probe.engine.address import normalised_url
    from pgssi_probe.engine.survey import look

    try:
        target_url = normalised_url(url)
    except ValueError as error:
        stop(lang, f"error.{error}", url=url)
    if not readable(ca):
        stop(lang, "error.ca_file", file=ca)
    if file.exists() or file.is_symlink():
        stop(lang, "init.exists", path=file)
    target = Target(target_url, str(ca.resolve()) if ca else None)
    with explained(lang, host=target.host, port=target.port):
        survey = asyncio.run(look(target))
    text = draft(survey, lang, ca_file=target.ca_file, today=date.today())  # noqa: DTZ011 (the person's own day)
    write_new(file, text, lang)
    if as_json:
        write_json(as_data(survey, file))
    else:
        show(survey, file, lang)
    return Exit.OK


def draft(survey: Survey, lang: Lang, *, ca_file: str | None, today: date) -> str:
    """The text of the file. What the target says is only ever a TOML string or a comment of one line."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from pgssi_probe.guide import guide

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (TOML, escaped by the filters below)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"toml": toml, "comment": comment}
    values: Mapping[str, object] = {
        "survey": survey,
        "date": said_day(today, lang).replace("\u00a0", " "),
        "authority": ca_file,
        "declared": declared_table(),
        "questions": guide().applicability.questions,
    }
    return environment.get_template(f"{lang}.toml.j2").render(values)


def toml(value: str | tuple[str, ...]) -> str:
    """A TOML string, or a list of them. What JSON escapes is escaped the same way in TOML, but for U+007F."""
    if isinstance(value, tuple):
        return f"[{', '.join(toml(one) for one in value)}]"
    return json.dumps(plain(value, 2000), ensure_ascii=False).replace("\x7f", "")


def comment(value: str) -> str:
    """What may stand in a comment: one line, nothing active."""
    return plain(value, 300)


def write_new(file: Path, text: str, lang: Lang) -> None:
    """A new file that its owner alone reads; an existing one is never touched."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        stop(lang, "init.exists", path=file)
    except OSError as error:
        import errno

        symbol = errno.errorcode.get(error.errno or 0, "")
        stop(lang, "init.unwritable", Exit.INTERNAL, path=file, detail=system_words(lang, symbol))


def show(survey: Survey, file: Path, lang: Lang) -> None:
    """What was found, what was not, and what comes next."""
    line(say(lang, "init.looked", target=survey.target, pages=survey.pages, requests=survey.requests))
    if survey.sign_in:
        driver = say(lang, f"identity.driver.{survey.plan.driver}")
        line(say(lang, "login_test.found", driver=driver, url=survey.sign_in))
        names = [name for name in (survey.username_field, survey.password_field) if name]
        if names:
            line(say(lang, "login_test.fields", names=", ".join(names)))
    elif survey.plan.left:
        line(say(lang, "init.left", host=survey.plan.left), "yellow")
    else:
        line(say(lang, "init.scripted" if survey.scripted else "init.no_sign_in"), "yellow")
    if survey.plan.providers:
        line(say(lang, "login_test.providers", names=", ".join(survey.plan.providers)))
    if survey.hosts:
        line(say(lang, "init.hosts", names=", ".join(survey.hosts)))
    path_line(say(lang, "init.written", path=file))
    line(say(lang, "init.next", path=file))


def as_data(survey: Survey, file: Path) -> dict[str, object]:
    plan = survey.plan
    return {
        "file": str(file),
        "target": survey.target,
        "sign_in": {
            "url": survey.sign_in or None,
            "driver": plan.driver,
            "username_field": survey.username_field or None,
            "password_field": survey.password_field or None,
            "captcha": plan.captcha,
            "reason": plan.reason,
            "leads_to": plan.left or None,
        },
        "providers": list(plan.providers),
        "hosts": list(survey.hosts),
        "logout": survey.logout or None,
        "pages": survey.pages,
        "requests": survey.requests,
    }
