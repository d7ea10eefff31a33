"""What metadata may hold: values as JSON, or a refusal that names the key."""

from __future__ import annotations

import enum
import json
import math
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.errors import MetadataError
from ragsight.metadata import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_VALUES,
    json_metadata,
    json_value,
)


class Size(enum.Enum):
    LARGE = "L"
    NESTED = (1, 2)


class Level(enum.IntEnum):
    HIGH = 3


class Word(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise AssertionError("not asked for")


class Whole(int):
    pass


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=4))
def test_what_json_can_say_stays_as_it_is_in_a_copy_of_its_own(metadata: dict[str, Any]) -> None:
    kept = json_metadata(metadata)
    assert kept == metadata
    assert json.dumps(kept) == json.dumps(metadata)
    assert kept is not metadata


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (datetime(2026, 1, 5, 9, 30), "2026-01-05T09:30:00"),
        (datetime(2026, 1, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-05T00:00:00+02:00"),
        (date(2026, 1, 5), "2026-01-05"),
        (time(9, 30), "09:30:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("/a/b"), "/a/b"),
        (Decimal("19.90"), 19.9),
        (Decimal("1E+3"), 1000),
        (Decimal("1E+30"), 1e30),
        (Decimal(0), 0),
        (Size.LARGE, "L"),
        (Size.NESTED, [1, 2]),
        (Level.HIGH, 3),
        (Whole(7), 7),
        (Word("word"), "word"),
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.bool_(True), True),
        (np.str_("s"), "s"),
        (np.datetime64("2026-01-05"), "2026-01-05"),
        (np.datetime64("2026-01-05T00:00:00.000000001"), "2026-01-05T00:00:00.000000001"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(5.5), 5.5),
        (np.array(["a", None], dtype=object), ["a", None]),
        (np.array(["2026-01-05"], dtype="M8[D]"), ["2026-01-05"]),
        ((1, (2, 3)), [1, [2, 3]]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ("cut \ud83d", "cut �"),
        ("\ud83d\ude00", "\U0001f600"),
    ],
)
def test_values_that_json_lacks_are_converted(given: object, kept: object) -> None:
    converted = json_value(given)
    assert converted == kept
    assert type(converted) is type(kept)
    assert json.loads(json.dumps(converted)) == kept


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("1E+400"),
        np.float32("nan"),
        np.longdouble("1e400"),
        np.array([1.0, math.inf]),
        2**64,
        -(2**63) - 1,
        pytest.param(10**5000, id="enormous"),
        Whole(2**64),
        b"bytes",
        bytearray(b"bytes"),
        memoryview(b"bytes"),
        np.bytes_(b"bytes"),
        np.datetime64("NaT"),
        np.timedelta64(1, "s"),
        np.complex64(1),
        np.zeros(1, dtype=[("a", "i4")]),
        timedelta(1),
        1j,
        Fraction(1, 3),
        object(),
        object,
        range(3),
        iter([1]),
        {"inside": {"deeper": {1, b"bytes"}}},
        {(1, 2): "a key"},
        {b"a": "a key"},
        {math.nan: "a key"},
        {2**70: "a key"},
        pytest.param({10**5000: "a key"}, id="enormous key"),
        {None: math.nan},
    ],
)
def test_what_cant_be_kept_is_refused_by_name(value: object) -> None:
    with pytest.raises(MetadataError, match=r"^metadata\['price'\]"):
        json_metadata({"good": 1, "price": value})


def test_a_refusal_says_where_and_what() -> None:
    with pytest.raises(MetadataError) as caught:
        json_metadata({"sizes": [{"width": 1}, {"width": math.nan}]})
    assert str(caught.value) == (
        "metadata['sizes'][1]['width'] is nan, and numbers must be finite. "
        "Change it, make it a text, or leave it out."
    )


def test_a_refusal_can_be_printed_and_isnt_long() -> None:
    with pytest.raises(MetadataError) as caught:
        json_metadata({"\ud800" + "k" * 5000: math.nan})
    str(caught.value).encode()
    assert len(str(caught.value)) < 300


def test_a_time_that_isnt_one_is_refused() -> None:
    class NotATime(datetime):
        def __eq__(self, _other: object) -> bool:
            return False

        __hash__ = datetime.__hash__

    with pytest.raises(MetadataError, match="NotATime"):
        json_metadata({"at": NotATime(2026, 1, 5)})


def test_keys_that_are_no_text_become_what_json_makes_of_them() -> None:
    keys = {1: 1, 2.5: 2, None: 3, False: 4, Size.LARGE: 5, date(2026, 1, 5): 6}
    assert json_metadata({"by": keys, np.int64(3): 7, "\ud800": 8}) == {
        "by": {"1": 1, "2.5": 2, "null": 3, "false": 4, "L": 5, "2026-01-05": 6},
        "3": 7,
        "�": 8,
    }


@pytest.mark.parametrize("metadata", [{1: "a", "1": "b"}, dict.fromkeys(["\ufffd", "\ud800"], 1)])
def test_two_keys_that_become_one_text_are_refused(metadata: dict[Any, Any]) -> None:
    with pytest.raises(MetadataError, match="another value"):
        json_metadata(metadata)


@pytest.mark.parametrize("metadata", [None, 3, "text", [("a", 1)], b"a"])
def test_metadata_is_a_dictionary(metadata: object) -> None:
    with pytest.raises(MetadataError, match="must be a dictionary"):
        json_metadata(metadata)


def _nested(levels: int, *, lists: bool) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if lists else {"k": value}
    return value


@pytest.mark.parametrize("lists", [True, False])
def test_depth_is_limited_the_metadata_counted(lists: bool) -> None:
    allowed = {"v": _nested(MAX_DEPTH - 1, lists=lists)}
    assert json_metadata(allowed) == allowed
    for levels in (MAX_DEPTH, 130, 5000):
        with pytest.raises(MetadataError, match=r"^metadata\['v'\].* levels deep"):
            json_metadata({"v": _nested(levels, lists=lists)})


def test_what_holds_itself_is_refused() -> None:
    several: list[Any] = []
    several += [several, several]
    mapping: dict[str, Any] = {}
    mapping["self"] = mapping
    inside: Any = np.array(None, dtype=object)
    inside[()] = inside
    for value in (several, mapping, inside):
        with pytest.raises(MetadataError, match=r"metadata\['v'\]"):
            json_metadata({"v": value})
    inside[()] = None


def test_width_is_limited_also_where_lists_are_shared() -> None:
    wide = {"v": list(range(MAX_VALUES - 2))}
    assert json_metadata(wide) == wide
    shared: list[Any] = [1] * 10
    for _ in range(10):
        shared = [shared] * 10
    for value in (list(range(MAX_VALUES)), np.zeros(MAX_VALUES), shared):
        with pytest.raises(MetadataError, match="there may be 100,000"):
            json_metadata({"v": value})


def test_a_mapping_without_an_end_is_refused() -> None:
    class Endless(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            return 1

        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[str]:
            number = 0
            while True:
                number += 1
                yield str(number)

    with pytest.raises(MetadataError, match="there may be 100,000"):
        json_metadata(Endless())


def test_all_texts_together_are_limited() -> None:
    text = "x" * (MAX_CHARACTERS // 8)
    assert len(json_metadata({"v": [text] * 7})["v"]) == 7
    with pytest.raises(MetadataError, match="too long"):
        json_metadata({"v": [text] * 9})
