"""Facts to JSON-able values and back, by walking the declared types.

Enumerations become their label or number, bytes become base64, an :class:`Unknown` becomes
``{"unknown": reason, "detail": …}``. ``load`` refuses what does not match with :class:`FactsFormatError`.
"""

import base64
import binascii
import types
import typing
from dataclasses import fields, is_dataclass
from enum import IntEnum
from functools import cache
from typing import Any, TypeVar

from pgssi_probe.tls.facts import Unknown

T = TypeVar("T")


class FactsFormatError(ValueError):
    """The JSON value is not what the facts declare."""


def dump(value: Any) -> Any:
    """A value made of dataclasses, tuples and scalars, as JSON-able dictionaries and lists."""
    if isinstance(value, Unknown):
        return {"unknown": value.reason, "detail": value.detail}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: dump(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if isinstance(value, IntEnum):
        return int(value)
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"facts do not hold {type(value).__name__}")


def load(kind: type[T], value: Any) -> T:
    """The inverse of :func:`dump` for the dataclass ``kind``; raises :class:`FactsFormatError`."""
    return typing.cast("T", _load(kind, value))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _load(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _load_union(typing.get_args(kind), value)
    if origin is tuple:
        return _load_tuple(typing.get_args(kind), value)
    if origin is typing.Literal:
        if value in typing.get_args(kind):
            return value
    elif kind is Unknown:
        if isinstance(value, dict) and "unknown" in value:
            reason = value["unknown"]
            detail = value.get("detail", "")
            if reason in typing.get_args(_hints(Unknown)["reason"]) and isinstance(detail, str):
                return Unknown(reason, detail)
    elif isinstance(kind, type) and is_dataclass(kind):
        if isinstance(value, dict) and set(value) == set(_hints(kind)):
            return kind(**{name: _load(hint, value[name]) for name, hint in _hints(kind).items()})
    elif isinstance(kind, type) and issubclass(kind, IntEnum):
        if isinstance(value, int) and value in {int(member) for member in kind}:
            return kind(value)
    elif kind is bytes:
        return _load_bytes(value)
    elif (kind is type(None) and value is None) or (kind in (bool, int, str) and type(value) is kind):
        return value
    raise FactsFormatError(f"expected {getattr(kind, '__name__', kind)}")


def _load_bytes(value: Any) -> bytes:
    if isinstance(value, dict) and set(value) == {"base64"} and isinstance(value["base64"], str):
        try:
            return base64.b64decode(value["base64"], validate=True)
        except binascii.Error as error:
            raise FactsFormatError("expected base64") from error
    raise FactsFormatError("expected bytes")


def _load_tuple(arguments: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise FactsFormatError("expected a list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_load(arguments[0], item) for item in value)
    if len(value) != len(arguments):
        raise FactsFormatError("expected another length")
    return tuple(_load(hint, item) for hint, item in zip(arguments, value, strict=True))


def _load_union(members: tuple[Any, ...], value: Any) -> Any:
    for member in members:
        try:
            return _load(member, value)
        except FactsFormatError:
            continue
    raise FactsFormatError("no alternative fits")
