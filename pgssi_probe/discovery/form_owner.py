"""Forms of a page and the owner of each field, as a browser's parser decides (HTML §4.10.17.3).

The owner is named by the `form` attribute, else it is the form that was open when the parser met the field, wherever
the tree put either of them, else the form around it. A form inside an open form does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.folding import MAX_LONG, MAX_SHORT, fold
from pgssi_probe.discovery.site import Button, Form, FormField

MAX_FORMS: Final = 100
MAX_FIELDS: Final = 2_000
MAX_VALUE: Final = 64_000
FIELDS: Final = frozenset({"input", "select", "textarea", "button"})
KEPT_VALUES: Final = frozenset({"hidden", "submit", "image"})
BOXES: Final = frozenset({"checkbox", "radio"})
TYPED: Final = frozenset({"text", "email", "tel", "number", "search"})

Attributes = Mapping[str, str]


@dataclass(slots=True)
class OpenButton:
    """A button that sends its form, whose words are being read."""

    name: str
    says: str

    def say(self, text: str) -> None:
        if len(self.says) < MAX_SHORT:
            self.says += " " + text[:MAX_SHORT]


@dataclass(slots=True)
class OpenForm:
    attributes: Attributes
    fields: list[FormField] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    length: int = 0
    buttons: list[OpenButton] = field(default_factory=list)

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


@dataclass(slots=True)
class OpenList:
    """A list whose options are being read. `place` is that of its field among the owned ones."""

    place: int
    multiple: bool
    value: str | None = None
    decided: bool = False
    reading: bool = False
    """The option being read is the chosen one so far, and its text is its value."""

    def option(self, attributes: Attributes) -> None:
        chosen = "selected" in attributes
        self.reading = False
        if self.decided or not (chosen or (self.value is None and not self.multiple and "disabled" not in attributes)):
            return
        self.decided = chosen
        self.value = attributes.get("value", "")[:MAX_SHORT]
        self.reading = "value" not in attributes

    def say(self, text: str) -> None:
        if self.reading and self.value is not None and len(self.value) < MAX_SHORT:
            self.value += text[: MAX_SHORT - len(self.value)]


class Forms:
    """Feed it every element in document order: `enter`, `leave`; and `ended` where the page wrote an end tag."""

    def __init__(self) -> None:
        self.cut = False
        self._forms: list[OpenForm] = []
        self._pointer: OpenForm | None = None
        self._around: list[Surrounding] = []
        self._depth = 0
        self._owned: list[tuple[str | None, OpenForm | None, FormField]] = []
        self._list: OpenList | None = None
        self._button: OpenButton | None = None
        self._buttons: list[tuple[str | None, OpenForm | None, OpenButton]] = []

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
        elif name == "option" and self._list is not None:
            self._list.option(attributes)

    def say(self, text: str) -> None:
        """Text inside an option, which is its value when it has no other, or on a button."""
        if self._button is not None:
            self._button.say(text)
        if self._list is not None:
            self._list.say(text)

    def leave(self, name: str) -> None:
        if name == "form" and self._around:
            self._around.pop()
        elif name == "button":
            self._button = None
        elif name == "option" and self._list is not None:
            self._list.reading = False
        elif name == "select" and self._list is not None:
            self._chosen(self._list)
            self._list = None
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
        for reference, owner, button in self._buttons:
            chosen = owner if reference is None else named.get(reference) if reference else None
            if chosen is not None:
                chosen.buttons.append(button)
        return tuple(_form(form, origin, url) for form in self._forms), _without_typed(loose)

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
        if built.kind in {"submit", "image"} and not built.disabled:
            self._read_button(name, owner, attributes)
        if name == "select":
            self._list = OpenList(len(self._owned) - 1, "multiple" in attributes)

    def _read_button(self, name: str, owner: OpenForm | None, attributes: Attributes) -> None:
        said = " ".join(attributes.get(one, "")[:MAX_SHORT] for one in ("value", "aria-label", "title", "alt"))
        button = OpenButton(attributes.get("name", "")[:MAX_SHORT], said)
        self._buttons.append((attributes.get("form"), owner, button))
        if name == "button":
            self._button = button

    def _chosen(self, options: OpenList) -> None:
        reference, owner, built = self._owned[options.place]
        if options.value is not None:
            chosen = replace(built, value=fold(options.value), checked=True)
            self._owned[options.place] = (reference, owner, chosen)


def kind_of(name: str, attributes: Attributes) -> str:
    """The type of a field: that of an input or button, else the name of the element."""
    given = fold(attributes.get("type", ""), 30).lower()
    if name == "input":
        return given or "text"
    return (given or "submit") if name == "button" else name


def _field(kind: str, attributes: Attributes) -> FormField:
    value = attributes.get("value", "on" if kind in BOXES else "")[:MAX_VALUE]
    return FormField(
        name=attributes.get("name", "")[:MAX_SHORT],
        kind=kind,
        value=value if kind in KEPT_VALUES | BOXES | TYPED else "",
        checked=kind in BOXES and "checked" in attributes,
        disabled="disabled" in attributes,
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


def _without_typed(fields: list[FormField]) -> tuple[FormField, ...]:
    """Without the values of what people type: only a form to sign in with may need them, to name a domain."""
    return tuple(replace(each, value="") if each.kind in TYPED and each.value else each for each in fields)


def _form(form: OpenForm, origin: str, url: str) -> Form:
    """An empty action means the page itself, whatever `<base>` says (HTML §4.10.21.3)."""
    raw = form.attributes.get("action", "").strip()
    method = form.attributes.get("method", "").strip().upper()
    return Form(
        action=(absolute(raw, origin) if raw else absolute(url, url)) or "",
        method=method if method in {"POST", "DIALOG"} else "GET",
        fields=_without_typed(form.fields) if all(f.kind != "password" for f in form.fields) else tuple(form.fields),
        identifier=form.attributes.get("id", "")[:MAX_SHORT],
        enctype=fold(form.attributes.get("enctype", ""), 100).lower(),
        autocomplete=fold(form.attributes.get("autocomplete", ""), 100).lower(),
        text=fold(" ".join(form.text), MAX_LONG),
        buttons=tuple(Button(one.name, fold(one.says)) for one in form.buttons),
    )
