"""Entry point. Asking for help imports nothing but a text file: a person who types --help should not wait."""

import os
import sys

HELP_WORDS = ("--help", "-h")


def _help_file(arguments: list[str]) -> "str | None":
    """The pre-rendered page that answers these arguments; None when they ask for something else."""
    if arguments and not any(word in HELP_WORDS for word in arguments):
        return None
    lang = _language(arguments)
    words = []
    for word in arguments:
        if not word.replace("-", "x").isalpha() or word.startswith("-"):
            break
        words.append(word)
    folder = os.path.join(os.path.dirname(__file__), "cli", "help", lang)  # noqa: PTH118, PTH120
    while words:  # `scan` of `scan https://portal.example --help`
        page = os.path.join(folder, "-".join(words) + ".txt")  # noqa: PTH118
        if os.path.exists(page):  # noqa: PTH110 (pathlib costs more than the page)
            return page
        words.pop()
    return os.path.join(folder, "index.txt")  # noqa: PTH118


def _language(arguments: list[str]) -> str:
    for place, word in enumerate(arguments):
        given = word[7:] if word.startswith("--lang=") else ""
        if word == "--lang" and place + 1 < len(arguments):
            given = arguments[place + 1]
        if given in ("fr", "en"):
            return given
    for name in ("PGSSI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value and value.split(".")[0] not in ("C", "POSIX"):
            return "en" if value.startswith("en") else "fr"
    return "fr"


def _unraisable(found: "sys.UnraisableHookArgs") -> None:
    """Ctrl-C heard where nothing can be raised (a callback of a weak reference) is still Ctrl-C, not a traceback."""
    if not issubclass(found.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(found)
        return
    _say_interrupted()
    os._exit(130)


def _say_interrupted() -> None:
    from pgssi_probe.words import say

    sentence = say("en" if _language(sys.argv[1:]) == "en" else "fr", "error.interrupted")
    sys.stderr.write(("\x1b[?25h" if sys.stderr.isatty() else "") + f"pgssi-probe: {sentence}\n")
    sys.stderr.flush()


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from pgssi_probe import __version__

        sys.stdout.write(f"pgssi-probe {__version__}\n")
        return
    page = _help_file(sys.argv[1:])
    if page is not None:
        with open(page, "rb") as stream:  # noqa: PTH123
            text = stream.read()
        try:
            sys.stdout.buffer.write(text)
            sys.stdout.flush()
        except BrokenPipeError:  # `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return
    import gc

    # Nearly all that is made while modules and data are loaded stays: looking for garbage every 700 objects is 7 % of a
    # scan. What a target sends is capped elsewhere, and is not held in cycles.
    gc.set_threshold(20_000, 20, 20)
    sys.unraisablehook = _unraisable
    try:
        from pgssi_probe.cli.app import run
        from pgssi_probe.cli.streams import any_alphabet

        any_alphabet()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the modules are loaded: nothing has begun
        _say_interrupted()
        code = 130
    # What is left goes with the process: looking for cycles in it once more would be a sixth of a short scan.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
