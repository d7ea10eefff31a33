"""Read CBOR (RFC 8949), however deeply it is nested: what the engine's own reader gives up on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

_BYTES, _MAP, _TAG, _SIMPLE_OR_FLOAT = 2, 5, 6, 7
_CONTAINERS = (4, _MAP)
_INDEFINITE = 31
_BREAK = object()
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_INTEGERS = {24: ">B", 25: ">H", 26: ">I", 27: ">Q"}


class _Open:
    """A list or map whose members are still being read."""

    def __init__(self, is_map: bool, left: int | None) -> None:
        self.is_map = is_map
        # None: until a break. A map has two items for each member.
        self.left = left if left is None or not is_map else 2 * left
        self.items: list[Any] = []

    def value(self) -> Any:
        if not self.is_map:
            return self.items
        return dict(zip(self.items[::2], self.items[1::2], strict=True))


def read_cbor(data: bytes) -> Any:
    """Read one value; lists and maps in it may lie as deep as they like.

    Raises:
        ValueError: If it is cut short, or not CBOR.
    """
    stack: list[_Open] = []
    try:
        for item in _items(data):
            value = item
            if isinstance(item, _Open) and item.left != 0:
                stack.append(item)
                continue
            if isinstance(item, _Open):
                value = item.value()
            if item is _BREAK:
                value = stack.pop().value()
            while stack:
                top = stack[-1]
                top.items.append(value)
                if top.left is None or len(top.items) < top.left:
                    break
                value = stack.pop().value()
            else:
                return value
    except (struct.error, IndexError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"no CBOR ({error!r})") from error
    raise ValueError("the CBOR is cut short")


def _items(data: bytes) -> Iterator[Any]:
    """Values, opened containers and breaks, in the order in which they stand."""
    at = 0
    while at < len(data):
        major, minor = data[at] >> 5, data[at] & 31
        at += 1
        if major == _SIMPLE_OR_FLOAT:
            number, at = _simple(minor, data, at)
            yield number
            continue
        count, at = _count(minor, data, at)
        if major in _CONTAINERS:
            yield _Open(major == _MAP, count)
        elif count is None or major == _TAG:
            raise ValueError(f"no CBOR that is known here (kind {major})")
        elif major < _BYTES:
            yield count if major == 0 else -1 - count
        else:
            piece = data[at : at + count]
            if len(piece) < count:
                raise ValueError("the CBOR is cut short")
            at += count
            yield piece if major == _BYTES else piece.decode("utf-8")


def _simple(minor: int, data: bytes, at: int) -> tuple[Any, int]:
    if minor in _FLOATS:
        (number,) = struct.unpack_from(_FLOATS[minor], data, at)
        return number, at + struct.calcsize(_FLOATS[minor])
    return _BREAK if minor == _INDEFINITE else _SIMPLE[minor], at


def _count(minor: int, data: bytes, at: int) -> tuple[int | None, int]:
    """How many bytes or members follow, None up to a break, and where they begin."""
    if minor in _INTEGERS:
        (count,) = struct.unpack_from(_INTEGERS[minor], data, at)
        return count, at + struct.calcsize(_INTEGERS[minor])
    if max(_INTEGERS) < minor < _INDEFINITE:
        raise ValueError(f"no CBOR (a length of kind {minor})")
    return None if minor == _INDEFINITE else minor, at
