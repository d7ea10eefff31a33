from __future__ import annotations

from typing import Any

import pytest

from ragsight.cli.where import parse_where
from ragsight.errors import QueryError
from ragsight.store import parse_filter


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("price<50", {"price": {"lt": 50}}),
        ("price >= 9.5", {"price": {"gte": 9.5}}),
        ("colour=red", {"colour": "red"}),
        ("colour=red, blue", {"colour": ["red", "blue"]}),
        ("kind!=table", {"kind": {"not_in": ["table"]}}),
        ("new=TRUE", {"new": True}),
        ("code='007'", {"code": "007"}),
        ("maker.land=PT", {"maker.land": "PT"}),
        ("made>2026-01-31", {"made": {"gt": "2026-01-31"}}),
    ],
)
def test_a_condition_becomes_a_filter_that_the_store_takes(
    condition: str, expected: dict[str, Any]
) -> None:
    assert parse_where([condition]) == {"and": [expected]}
    assert parse_filter(parse_where([condition])) is not None


def test_several_conditions_on_one_key_all_hold() -> None:
    assert parse_where(["price>1", "price<5"]) == {
        "and": [{"price": {"gt": 1}}, {"price": {"lt": 5}}]
    }


def test_no_conditions_are_no_filter() -> None:
    assert parse_where([]) is None


@pytest.mark.parametrize("condition", ["price", "price is low", "=5", "a b=5"])
def test_a_condition_that_can_not_be_read_is_named(condition: str) -> None:
    with pytest.raises(QueryError, match="can't be read"):
        parse_where([condition])
