from __future__ import annotations

from typing import Any

import pytest

from ragsight.store.engines.cbor import read_cbor

# Examples of RFC 8949, appendix A.
KNOWN: list[tuple[str, Any]] = [
    ("00", 0),
    ("1864", 100),
    ("1bffffffffffffffff", 18446744073709551615),
    ("3903e7", -1000),
    ("f93e00", 1.5),
    ("fa47c35000", 100000.0),
    ("fb3ff199999999999a", 1.1),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("4401020304", b"\x01\x02\x03\x04"),
    ("62c3bc", "\u00fc"),
    ("80", []),
    ("a0", {}),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
    ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
    ("9fff", []),
]


@pytest.mark.parametrize(("data", "value"), KNOWN)
def test_values_of_the_standard_are_read(data: str, value: Any) -> None:
    assert read_cbor(bytes.fromhex(data)) == value


def test_lists_may_lie_as_deep_as_they_like() -> None:
    value = read_cbor(b"\x81" * 100_000 + b"\x07")
    for _ in range(100_000):
        (value,) = value
    assert value == 7


@pytest.mark.parametrize(
    "data",
    ["", "18", "44010203", "62c3", "8201", "bf6161", "61ff", "c074", "ff", "1c"],
)
def test_what_is_cut_short_or_no_cbor_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match="CBOR"):
        read_cbor(bytes.fromhex(data))
