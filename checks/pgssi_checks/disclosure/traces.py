"""Stack traces and database errors, recognised by their structure and never by a word alone.

A trace is several frames of one form, or one frame between its usual head and its usual end. What is returned is the
first lines, cut: enough to be recognised, not a copy of the page. Every expression is bounded, so that a hostile page
of a megabyte is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MAX_EXCERPT = 700
MAX_FRAMES = 40


@dataclass(frozen=True, slots=True)
class Trace:
    """`slug` is that of the check; `technology` is shown to people; `frames` counts what was seen of the structure."""

    slug: str
    technology: str
    frames: int
    excerpt: str


def _excerpt(text: str, start: int, end: int) -> str:
    """The lines around a match, without empty ones, cut."""
    begin = text.rfind("\n", max(0, start - 200), start) + 1 or start
    lines = [line.rstrip() for line in text[begin : max(end, begin + MAX_EXCERPT)].splitlines() if line.strip()]
    return "\n".join(line[:200] for line in lines)[:MAX_EXCERPT]


def _matches(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    found = []
    for match in pattern.finditer(text):
        found.append(match)
        if len(found) >= MAX_FRAMES:
            break
    return found


def _near(frames: list[re.Match[str]], gap: int = 600) -> list[re.Match[str]]:
    """The longest run of frames that follow each other closely: a trace, and not a word here and there."""
    best: list[re.Match[str]] = []
    run: list[re.Match[str]] = []
    for frame in frames:
        if run and frame.start() - run[-1].end() > gap:
            run = []
        run.append(frame)
        if len(run) > len(best):
            best = list(run)
    return best


_PYTHON_HEAD = re.compile(r"Traceback \(most recent call last\):")
_PYTHON_FRAME = re.compile(r'File "([^"\n]{1,200})", line \d{1,7}(?:, in ?[^\n]{0,100})?')
_PYTHON_END = re.compile(
    r"^[ \t]*(?:[A-Za-z_]\w{0,60}\.){0,6}[A-Z]\w{0,60}(?::[ \t][^\n]{1,200})?[ \t]*$", re.MULTILINE
)


def python(text: str) -> Trace | None:
    frames = _near(_matches(_PYTHON_FRAME, text))
    if not frames:
        return None
    head = None
    for match in _matches(_PYTHON_HEAD, text):
        if 0 <= frames[0].start() - match.end() <= 400:
            head = match
    end = _PYTHON_END.search(text, frames[-1].end(), frames[-1].end() + 800)
    if len(frames) >= 2 or (head and end):
        start = head.start() if head else frames[0].start()
        return Trace("stack-trace-python", "Python", len(frames), _excerpt(text, start, frames[-1].end()))
    return None


_JAVA_FRAME = re.compile(
    r"\bat (?:[\w.$@-]{1,60}/{1,2}){0,3}[A-Za-z_$][\w$]{0,80}(?:\.[\w$<>]{1,80}){1,12}"
    r"\((?:[\w$]{1,80}\.(?:java|kt|scala|groovy|clj|jsp)(?::\d{1,6})?|Native Method|Unknown Source|<generated>)\)"
)
_JAVA_HEAD = re.compile(r"(?:[a-z_]\w{0,40}\.){1,10}[A-Z][\w$]{0,80}(?:Exception|Error|Throwable|Failure)\b")


def java(text: str) -> Trace | None:
    frames = _near(_matches(_JAVA_FRAME, text))
    if len(frames) < 2 and not (frames and _JAVA_HEAD.search(text, max(0, frames[0].start() - 800), frames[0].start())):
        return None
    return Trace("stack-trace-java", "Java", len(frames), _excerpt(text, frames[0].start(), frames[-1].end()))


_NET_FRAME = re.compile(
    r"^[ \t]*(?:at|à|bei) (?:async )?[A-Za-z_][\w.`+<>,|\[\]]{2,240}\([^()\n]{0,300}\)"
    r"(?: (?:in|dans) [^\n]{1,240}:(?:line|ligne) \d{1,6})?[ \t]*$",
    re.MULTILINE,
)
_NET_LOCATED = re.compile(r" (?:in|dans) [^\n]{1,240}:(?:line|ligne) \d{1,6}")
_NET_NAMESPACE = re.compile(r"(?:at|à|bei) (?:async )?(?:System|Microsoft|ASP|Npgsql|lambda_method)[.\[(_]")
_NET_HEAD = re.compile(
    r"\b(?:System|Microsoft)(?:\.\w{1,60}){1,8}Exception\b|\[\w{1,60}Exception(?: \(0x[0-9a-fA-F]{8}\))?:|"
    r"Stack Trace:|Trace de la pile"
)


def dotnet(text: str) -> Trace | None:
    candidates = [frame for frame in _matches(_NET_FRAME, text) if not _JAVA_FRAME.search(frame.group())]
    frames = _near(candidates)
    if not frames:
        return None
    telling = [frame for frame in frames if _NET_LOCATED.search(frame.group()) or _NET_NAMESPACE.search(frame.group())]
    head = _NET_HEAD.search(text, max(0, frames[0].start() - 1500), frames[0].start())
    if (len(frames) >= 2 and telling) or (head and telling):
        return Trace("stack-trace-dotnet", ".NET", len(frames), _excerpt(text, frames[0].start(), frames[-1].end()))
    return None


_PHP_HEAD = re.compile(
    r"\b(?:Fatal error|Recoverable fatal error|Parse error|Warning|Notice|Deprecated|Strict Standards)\s{0,4}:\s{1,4}"
)
_PHP_MESSAGE = re.compile(
    r"[^\n]{1,400}? in (?:/|[A-Z]:\\)[^\n]{1,200}?\.(?:php\d?|inc|phtml|module|tpl|twig|ctp)"
    r"(?:\(\d{1,7}\)[^\n]{0,80})?(?: on line |:)\s{0,2}\d{1,7}"
)
_PHP_FRAME = re.compile(
    r"^[ \t]*#(\d{1,3}) (?:(?:/|[A-Z]:\\)[^\n:]{1,200}\(\d{1,7}\): [\w\\]|\[internal function\]: \S|\{main\})",
    re.MULTILINE,
)


def php(text: str) -> Trace | None:
    heads = _matches(_PHP_HEAD, text)
    message = next((head for head in heads if _PHP_MESSAGE.match(text, head.end())), None)
    frames = _near(_matches(_PHP_FRAME, text))
    numbers = [int(frame.group(1)) for frame in frames]
    numbered = len(frames) >= 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    located = any("(" in frame.group() for frame in frames)
    if not message and not (numbered and located):
        return None
    start = message.start() if message else frames[0].start()
    end = frames[-1].end() if numbered else start
    return Trace("stack-trace-php", "PHP", len(frames) if numbered else 1, _excerpt(text, start, end))


_NODE_FRAME = re.compile(
    r"\bat (?:async )?(?:(?:new )?[\w$.<>\[\]# /]{1,120} \()?"
    r"(?:file://)?((?:/|[A-Z]:\\|node:|internal/)[^\s()]{1,200}|[a-z_]{3,30}\.js):\d{1,6}:\d{1,6}\)?"
)


def node(text: str) -> Trace | None:
    """Frames with a line and a column, in files of the server: addresses of scripts are the browser's business."""
    frames = _near([frame for frame in _matches(_NODE_FRAME, text) if not frame.group(1).startswith("//")])
    if len(frames) < 2:
        return None
    return Trace("stack-trace-node", "Node.js", len(frames), _excerpt(text, frames[0].start(), frames[-1].end()))


_RUBY_FRAME = re.compile(r"(?<![\w./@+-])[\w./@+-]{1,180}\.(?:rb|ru|erb|haml|slim|rake):\d{1,6}:in [`'\"‘][^\n]{1,100}")


def ruby(text: str) -> Trace | None:
    frames = _near(_matches(_RUBY_FRAME, text))
    if len(frames) < 2:
        return None
    return Trace("stack-trace-ruby", "Ruby", len(frames), _excerpt(text, frames[0].start(), frames[-1].end()))


_GO_HEAD = re.compile(r"\bgoroutine \d{1,9} \[[a-z][^\]\n]{0,60}\]:|\bpanic: [^\n]{1,200}")
_GO_FRAME = re.compile(r"(?<![^\s(])(?:/|[A-Z]:[\\/])[^\s:]{1,200}\.go:\d{1,6}(?: \+?\(?0x[0-9a-f]{1,16}\)?)?")
_GO_OFFSET = re.compile(r"\.go:\d{1,6} \+?\(?0x")


def go(text: str) -> Trace | None:
    frames = _near(_matches(_GO_FRAME, text))
    if len(frames) < 2:
        return None
    head = _GO_HEAD.search(text, max(0, frames[0].start() - 1500), frames[0].start())
    if head or sum(1 for frame in frames if _GO_OFFSET.search(frame.group())) >= 2:
        start = head.start() if head else frames[0].start()
        return Trace("stack-trace-go", "Go", len(frames), _excerpt(text, start, frames[-1].end()))
    return None


READERS: tuple[Callable[[str], Trace | None], ...] = (python, java, dotnet, php, node, ruby, go)


def traces_in(text: str) -> list[Trace]:
    """Every technology whose trace the text shows, each once."""
    return list(filter(None, (reader(text) for reader in READERS)))


def lines_of(traces: Iterable[Trace]) -> frozenset[str]:
    """The lines of the excerpts, to compare two pages: a trace that was there already was not provoked."""
    return frozenset(line.strip() for trace in traces for line in trace.excerpt.splitlines() if line.strip())
