"""Forms of a page and the owner of each field, as a browser's parser decides (HTML §4.10.17.3).

The owner is named by the `form` attribute, else it is the form that was open when the parser met the field, wherever
the tree put either of them, else the form around it. A form inside an open form does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.folding import MAX_LONG, MAX_SHORT, fold
from pgssi_probe.discovery.site import Form, FormField

MAX_FORMS: Final = 100
MAX_FIELDS: Final = 2_000
MAX_VALUE: Final = 64_000
FIELDS: Final = frozenset({"input", "select", "textarea", "button"})
KEPT_VALUES: Final = frozenset({"hidden", "submit", "image"})

Attributes = Mapping[str, str]


@dataclass(slots=True)
class OpenForm:
    attributes: Attributes
    fields: list[FormField] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    length: int = 0

    def say(self, text: str) -> None:
        if self.length < MAX_LONG and not text.isspace():
            self.text.append(text[:MAX_LONG])
            self.length += len(text)


@dataclass(slots=True)
class Surrounding:
    """A form element of the tree around the current place; `form` is None when a browser would see none."""

    form: OpenForm | None
    depth: int
    ended: bool = False


class Forms:
    """Feed it every element in document order: `enter`, `leave`; and `ended` where the page wrote an end tag."""

    def __init__(self) -> None:
        self.cut = False
        self._forms: list[OpenForm] = []
        self._pointer: OpenForm | None = None
        self._around: list[Surrounding] = []
        self._depth = 0
        self._owned: list[tuple[str | None, OpenForm | None, FormField]] = []

    @property
    def current(self) -> OpenForm | None:
        """The form that owns what comes now."""
        if self._pointer is not None:
            return self._pointer
        return next((around.form for around in reversed(self._around[-3:]) if around.form is not None), None)

    def enter(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        if name == "form":
            self._around.append(Surrounding(self._opened(attributes), self._depth))
        elif name in FIELDS:
            self._own(name, attributes)

    def leave(self, name: str) -> None:
        if name == "form" and self._around:
            self._around.pop()
        self._depth -= 1
        self._let_go()

    def ended(self) -> None:
        """What was open inside the form stays inside it, and nothing else."""
        still = [around for around in self._around if self._pointer is None or around.form is self._pointer]
        closing = still[-1] if still else None
        self._pointer = None
        if closing is not None:
            closing.ended = True
            self._let_go()

    def settled(self, origin: str, url: str) -> tuple[tuple[Form, ...], tuple[FormField, ...]]:
        """The forms with their fields, in document order; the fields of no form."""
        named: dict[str, OpenForm] = {}
        for form in self._forms:
            named.setdefault(form.attributes.get("id", ""), form)
        loose: list[FormField] = []
        for reference, owner, built in self._owned:
            chosen = owner if reference is None else named.get(reference) if reference else None
            (chosen.fields if chosen is not None else loose).append(built)
        return tuple(_form(form, origin, url) for form in self._forms), tuple(loose)

    def _opened(self, attributes: Attributes) -> OpenForm | None:
        if self._pointer is not None:
            return None
        if len(self._forms) >= MAX_FORMS:
            self.cut = True
            return None
        self._pointer = OpenForm(attributes)
        self._forms.append(self._pointer)
        return self._pointer

    def _let_go(self) -> None:
        for around in reversed(self._around[-3:]):
            if around.ended and self._depth <= around.depth:
                around.form = None

    def _own(self, name: str, attributes: Attributes) -> None:
        if len(self._owned) >= MAX_FIELDS:
            self.cut = True
            return
        built = _field(kind_of(name, attributes), attributes)
        owner = self.current
        if owner is not None and built.kind in KEPT_VALUES - {"hidden"} and built.value:
            owner.say(built.value[:MAX_SHORT])
        self._owned.append((attributes.get("form"), owner, built))


def kind_of(name: str, attributes: Attributes) -> str:
    """The type of a field: that of an input or button, else the name of the element."""
    given = fold(attributes.get("type", ""), 30).lower()
    if name == "input":
        return given or "text"
    return (given or "submit") if name == "button" else name


def _field(kind: str, attributes: Attributes) -> FormField:
    return FormField(
        name=attributes.get("name", "")[:MAX_SHORT],
        kind=kind,
        value=attributes.get("value", "")[:MAX_VALUE] if kind in KEPT_VALUES else "",
        autocomplete=fold(attributes.get("autocomplete", ""), 100).lower(),
        required="required" in attributes,
        identifier=attributes.get("id", "")[:MAX_SHORT],
        placeholder=fold(attributes.get("placeholder", "")),
        pattern=attributes.get("pattern", "")[:MAX_SHORT],
        minlength=_length(attributes.get("minlength")),
        maxlength=_length(attributes.get("maxlength")),
    )


def _length(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 8 else None


def _form(form: OpenForm, origin: str, url: str) -> Form:
    """An empty action means the page itself, whatever `<base>` says (HTML §4.10.21.3)."""
    raw = form.attributes.get("action", "").strip()
    method = form.attributes.get("method", "").strip().upper()
    return Form(
        action=(absolute(raw, origin) if raw else absolute(url, url)) or "",
        method=method if method in {"POST", "DIALOG"} else "GET",
        fields=tuple(form.fields),
        identifier=form.attributes.get("id", "")[:MAX_SHORT],
        raw_action=raw[:2048],
        enctype=fold(form.attributes.get("enctype", ""), 100).lower(),
        autocomplete=fold(form.attributes.get("autocomplete", ""), 100).lower(),
        text=fold(" ".join(form.text), MAX_LONG),
    )
