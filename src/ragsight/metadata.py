"""What metadata may hold: given values as the JSON that every engine keeps and gives back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import numpy as np

from ragsight.characters import encodable
from ragsight.errors import MetadataError

MAX_DEPTH = 30
"""Dictionaries and lists inside one another, the metadata itself being the first. The embedded
engine can't read back 120, and an index with such a point can't be opened again; over gRPC a level
takes three of the 100 that may be."""

MAX_VALUES = 100_000
"""Values in the metadata of one chunk, those inside others counted too."""

MAX_CHARACTERS = 8_000_000
"""Characters of all its texts and keys: a payload holds them three times, and a Qdrant server takes
32 MB."""

WHOLE_LIMIT = 2**63
"""Whole numbers from minus this up to before it can be asked for; up to before twice as much they
are kept. Of larger ones engines make floats, or nothing."""

_LONGEST_SHOWN = 60
_DEEPEST_SHOWN = 8
_ADVICE = "Change it, make it a text, or leave it out"


def json_metadata(metadata: object, *, name: str = "metadata") -> dict[str, Any]:
    """Metadata as JSON can say it, in a copy of its own.

    Text, whole numbers of 64 bits, finite floats, booleans, None, lists and dictionaries stay.
    Tuples and sets become lists (sets in the order of their JSON), numpy's arrays and scalars what
    they hold, enumerations their values, `datetime`, `date` and `time` ISO 8601, `UUID` and paths
    text, `Decimal` a number. Keys that are no text become what `json.dumps` makes of them, or the
    text of their value. Halves of characters become U+FFFD. All else is refused.

    Args:
        metadata: A mapping.
        name: What it is called in messages.

    Raises:
        MetadataError: If a value can't be kept; the message names its key.

    Example:
        >>> json_metadata({"made": date(2026, 1, 5), "sizes": (38, 39)})
        {'made': '2026-01-05', 'sizes': [38, 39]}
    """
    if not isinstance(metadata, Mapping):
        kind = type(metadata).__name__
        raise _Reader(name).refusal(f"is of type {kind}, and must be a dictionary")
    kept: dict[str, Any] = json_value(metadata, name=name)
    return kept


def json_where_possible(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as JSON can say it, or as it is where it can't: for what is only read.

    A store refuses the latter, and says which value it is.
    """
    try:
        return json_metadata(metadata)
    except MetadataError:
        return dict(metadata)


def json_value(value: object, *, name: str = "value") -> Any:
    """A single value as JSON can say it; see `json_metadata`.

    Raises:
        MetadataError: If it can't be kept.
    """
    reader = _Reader(name)
    try:
        return reader.value(value)
    except RecursionError:
        # An array of numpy's that holds itself, in no list that could be counted.
        raise reader.refusal("holds itself") from None


class _Reader:
    """Goes through one value, with a count of what there is and the way to where it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path: list[object] = []
        self._values = 0
        self._characters = 0

    def value(self, value: object) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise self.refusal(f"is one value too many: there may be {MAX_VALUES:,}")
        while isinstance(value, Enum):
            value = value.value
        if isinstance(value, str):
            return self._text(value)
        return self._scalar(value) if type(value) in _NUMBERS else self._other(value)

    def _other(self, value: object) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            return self._list(value)
        if isinstance(value, set | frozenset):
            return sorted(self._list(value), key=lambda part: json.dumps(part, sort_keys=True))
        if isinstance(value, np.ndarray | np.generic):
            return self._of_numpy(value)
        return self._scalar(value)

    def _mapping(self, mapping: Mapping[Any, Any]) -> dict[str, Any]:
        self._check_depth()
        kept: dict[str, Any] = {}
        for key, value in mapping.items():
            self._path.append(key)
            name = self._key(key)
            if name in kept:
                raise self.refusal(f"has the key {_shown(name)}, as text, as another value does")
            kept[name] = self.value(value)
            self._path.pop()
        return kept

    def refusal(self, reason: str) -> MetadataError:
        place = self._name + "".join(f"[{_shown(part)}]" for part in self._path[:_DEEPEST_SHOWN])
        place += "..." if len(self._path) > _DEEPEST_SHOWN else ""
        return MetadataError(f"{place} {reason}. {_ADVICE}.")

    def _list(self, values: Iterable[Any]) -> list[Any]:
        self._check_depth()
        kept = []
        for index, value in enumerate(values):
            self._path.append(index)
            kept.append(self.value(value))
            self._path.pop()
        return kept

    def _check_depth(self) -> None:
        # What holds itself is as deep as one likes.
        if len(self._path) >= MAX_DEPTH:
            raise self.refusal(f"is nested more than {MAX_DEPTH} levels deep")

    def _key(self, key: object) -> str:
        while isinstance(key, Enum):
            key = key.value
        if isinstance(key, np.generic):
            key = self._of_numpy(key)
        if not isinstance(key, str):
            if isinstance(key, bytes | tuple | frozenset):
                raise self.refusal(f"has a key of type {type(key).__name__}, and keys are text")
            plain = self._scalar(key)
            key = plain if isinstance(plain, str) else json.dumps(plain)
        return self._text(key)

    def _text(self, text: str) -> str:
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise self.refusal(
                f"is too long: all texts together may have {MAX_CHARACTERS:,} characters"
            )
        return encodable(str.__str__(text))

    def _of_numpy(self, value: np.ndarray[Any, Any] | np.generic) -> Any:
        if isinstance(value, np.ndarray) and value.size > MAX_VALUES - self._values:
            raise self.refusal(f"has {value.size:,} values: there may be {MAX_VALUES:,}")
        if value.dtype.kind == "M" and not np.isnat(value).any():
            # As Python's own they would lose nanoseconds.
            return self.value(np.datetime_as_string(value).tolist())
        if value.dtype.kind == "f":
            with np.errstate(over="ignore"):
                return self.value(value.astype(np.float64).tolist())
        if value.dtype.kind in "biuUO":
            return self.value(value.tolist())
        raise self.refusal(f"is of numpy's type {value.dtype}, which can't be kept as JSON")

    def _scalar(self, value: object) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return self._whole(value)
        if isinstance(value, float):
            return self._finite(float.__float__(value))
        if isinstance(value, Decimal):
            return self._decimal(value)
        for kinds, convert in _TEXTS:
            # The time that pandas has where there is none doesn't equal itself.
            if isinstance(value, kinds) and value == value:  # noqa: PLR0124
                return self._text(convert(value))
        raise self.refusal(f"is of type {type(value).__qualname__}, which can't be kept as JSON")

    def _whole(self, value: int) -> int:
        whole = int.__int__(value)
        if not -WHOLE_LIMIT <= whole < 2 * WHOLE_LIMIT:
            raise self.refusal("is a whole number beyond 64 bits")
        return whole

    def _finite(self, value: float) -> float:
        if not math.isfinite(value):
            raise self.refusal(f"is {value}, and numbers must be finite")
        return value

    def _decimal(self, value: Decimal) -> int | float:
        if not value.is_finite():
            raise self.refusal(f"is {value}, and numbers must be finite")
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent >= 0 and value.adjusted() < 18:
            return int(value)
        return self._finite(float(value))


_NUMBERS = frozenset({int, float, bool, type(None)})

_TEXTS: tuple[tuple[tuple[type, ...], Callable[[Any], str]], ...] = (
    ((datetime, date, time), lambda moment: str(moment.isoformat())),
    ((UUID, PurePath), str),
)


def _shown(part: object) -> str:
    # What is neither text nor number may do anything when it is asked for its own words.
    if isinstance(part, str):
        clipped = str.__str__(part)[:_LONGEST_SHOWN]
        return repr(clipped) + ("..." if len(part) > _LONGEST_SHOWN else "")
    is_short = type(part) in _NUMBERS and not (isinstance(part, int) and part.bit_length() > 64)
    return str(part) if is_short else f"<{type(part).__name__}>"
