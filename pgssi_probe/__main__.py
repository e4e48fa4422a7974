"""Entry point. Asking for help imports nothing but a text file: a person who types --help should not wait."""

import os
import sys

HELP_WORDS = ("--help", "-h")


def _help_file(arguments: list[str]) -> "str | None":
    """The pre-rendered page that answers these arguments; None when they ask for something else."""
    if arguments and arguments[-1] not in HELP_WORDS:
        return None
    words = [word for word in arguments if word not in HELP_WORDS]
    if not all(word.isalpha() for word in words):
        return None
    lang = "fr"
    for name in ("PGSSI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value and value.split(".")[0] not in ("C", "POSIX"):
            lang = "en" if value.startswith("en") else "fr"
            break
    page = os.path.join(os.path.dirname(__file__), "cli", "help", lang, "-".join(words) or "index")  # noqa: PTH118, PTH120
    return page + ".txt"


def main() -> None:
    page = _help_file(sys.argv[1:])
    if page is not None and os.path.exists(page):  # noqa: PTH110 (pathlib costs more than the page)
        with open(page, encoding="utf-8") as stream:  # noqa: PTH123
            sys.stdout.write(stream.read())
        return
    from pgssi_probe.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
