"""Reading length-prefixed fields without ever reading past their end."""


class WireError(ValueError):
    """The bytes are not what the protocol says."""


class Cursor:
    """Consumes a byte string from its start. Every read raises :class:`WireError` when bytes are missing."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._position

    def take(self, count: int) -> bytes:
        """Exactly ``count`` bytes."""
        if count > self.left:
            raise WireError(f"{count} bytes expected, {self.left} left")
        start = self._position
        self._position += count
        return self._data[start : self._position]

    def number(self, width: int) -> int:
        """A big-endian number of ``width`` bytes."""
        return int.from_bytes(self.take(width), "big")

    def block(self, width: int) -> bytes:
        """A byte string behind a length of ``width`` bytes."""
        return self.take(self.number(width))


def block(width: int, content: bytes) -> bytes:
    """``content`` behind its length on ``width`` bytes."""
    return len(content).to_bytes(width, "big") + content


def numbers(width: int, values: tuple[int, ...]) -> bytes:
    """Numbers of ``width`` bytes, one after the other."""
    return b"".join(value.to_bytes(width, "big") for value in values)
