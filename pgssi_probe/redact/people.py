"""What a run has learned of persons: a value that stood once under a label is marked wherever else it stands.

Lives in memory as long as the run, and is never written. Bounded in words, in text read and in what a word may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from pgssi_probe.redact.civil import WORD
from pgssi_probe.redact.formats import BLANK, GAP, ungrouped
from pgssi_probe.redact.labels import by_label
from pgssi_probe.redact.vocabulary import folded, may_be_a_name

Mark = Callable[[str, str], str]

MAX_WORDS = 5000
MAX_READ = 6_000_000
"""Characters of answers read in a run, in search of labels."""
MAX_TEXT = 200_000
MAX_NAME = 5
"""Words of a name; what stands under a label and is longer is a sentence."""
_SHORTEST = 3
_READABLE = frozenset(
    {"text/html", "application/xhtml+xml", "application/json", "application/xml", "text/xml", "text/plain", ""}
)
_DIGITS = re.compile(rf"(?<![\w‹:])\d(?:{GAP}?\d){{7,17}}(?![\w])")
_MONTHS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin",
    "juillet", "aout", "septembre", "octobre", "novembre", "decembre",
)  # fmt: skip
_DATE = re.compile(
    rf"(?<![\w.-])(?:(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d\d)[-/.](?P<d>\d\d)"
    rf"|(?P<d2>\d{{1,2}})(?:er)?(?:[-/.]|{BLANK})(?P<m2>\d{{1,2}}|[^\W\d_]{{3,9}})(?:[-/.]|{BLANK})(?P<y2>(?:19|20)\d\d))(?![\d.-])"
)
_SEQUENCE = re.compile(rf"(?<![\w‹-]){WORD}(?:(?:{BLANK}){{1,2}}{WORD}){{0,6}}")
_WORD = re.compile(WORD)
_ANY_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_])){0,39}")
_PARTICLES = frozenset(
    {"de", "du", "des", "le", "la", "les", "van", "von", "el", "ben", "da", "di", "et", "epouse", "nee"}
)
_USERNAME = re.compile(r"([^\W\d_]{3,30})[._-]([^\W\d_]{3,30})(?:@.*)?", re.DOTALL)


class Answer(Protocol):
    """What is read of an answer: its media type without parameters, lower case, and its text."""

    @property
    def media_type(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(slots=True)
class People:
    """Words of names (folded), birth dates and long numbers that a label announced, and pairs told by user names."""

    words: set[str] = field(default_factory=set, repr=False)
    pairs: set[frozenset[str]] = field(default_factory=set, repr=False)
    dates: set[tuple[int, int, int]] = field(default_factory=set, repr=False)
    numbers: set[str] = field(default_factory=set, repr=False)
    read: int = 0
    _heard_of: set[int] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, usernames: Iterable[str]) -> People:
        """`camille.exemple` tells `Camille EXEMPLE`, in this order or the other, and neither word alone."""
        pairs = {frozenset(map(folded, found.groups())) for name in usernames if (found := _USERNAME.fullmatch(name))}
        return cls(pairs={pair for pair in pairs if len(pair) == 2})

    def meet(self, answer: Answer) -> None:
        """Read an answer, when it is of a kind in which labels stand."""
        kind = answer.media_type
        if self.read < MAX_READ and (kind in _READABLE or kind.endswith(("+json", "+xml"))):
            self.learn(answer.text)

    def learn(self, text: str) -> None:
        """Read a text for what its labels announce."""
        text = text[: min(MAX_TEXT, max(0, MAX_READ - self.read))]
        if text and (told := hash(text)) not in self._heard_of:
            self._heard_of.add(told)
            self.read += len(text)
            by_label(text, self._heard)

    def marked(self, text: str, mark: Mark) -> str:
        """The text with every other occurrence marked: names with a capital, numbers however grouped."""
        if self.words or self.pairs:
            text = _SEQUENCE.sub(lambda found: self._names(found[0], mark), text)
        if self.dates:
            text = _DATE.sub(lambda found: mark("date", found[0]) if _date(found) in self.dates else found[0], text)
        if self.numbers:
            text = _DIGITS.sub(
                lambda found: mark("number", found[0]) if ungrouped(found[0]) in self.numbers else found[0], text
            )
        return text

    def _heard(self, kind: str, value: str) -> str:
        if kind != "secret" and len(self.words) < MAX_WORDS:
            self._learn_value(value.strip())
        return f"‹{kind}›"

    def _learn_value(self, value: str) -> None:
        if (found := _DATE.fullmatch(value)) is not None and (date := _date(found)) is not None:
            self.dates.add(date)
        elif _DIGITS.fullmatch(value):
            self.numbers.add(ungrouped(value))
        else:
            words = _ANY_WORD.findall(value)
            if len(words) <= MAX_NAME and not re.search(r"[^\w\s'’.,()-]|[\d_]", value):
                self.words.update(folded(word) for word in words if _tells(word))

    def _is_known(self, word: str) -> bool:
        """A common word learned as a name is one where it stands in capitals again."""
        return folded(word) in self.words and may_be_a_name(word)

    def _names(self, text: str, mark: Mark) -> str:
        words = list(_WORD.finditer(text))
        known = [self._is_known(word[0]) for word in words]
        for place in range(len(words) - 1):
            if frozenset({folded(words[place][0]), folded(words[place + 1][0])}) in self.pairs:
                known[place] = known[place + 1] = True
        pieces, done, place = [], 0, 0
        while place < len(words):
            end = place
            while end < len(words) and known[end]:
                end += 1
            if end > place:
                start, stop = words[place].start(), words[end - 1].end()
                pieces += [text[done:start], mark("name", text[start:stop])]
                done = stop
            place = max(end, place + 1)
        return "".join([*pieces, text[done:]])


def _tells(word: str) -> bool:
    """Whether a word under a label is worth knowing elsewhere."""
    plain = folded(word)
    return len(plain) >= _SHORTEST and plain not in _PARTICLES and may_be_a_name(word)


def _date(found: re.Match[str]) -> tuple[int, int, int] | None:
    month = found["m"] or found["m2"]
    if month.isdigit():
        number = int(month)
    elif (plain := folded(month)) in _MONTHS:
        number = _MONTHS.index(plain) + 1
    else:
        return None
    return int(found["y"] or found["y2"]), number, int(found["d"] or found["d2"])
