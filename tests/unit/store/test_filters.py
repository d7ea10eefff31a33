from __future__ import annotations

from typing import Any

import pytest
from qdrant_client import models

from drawings import text_chunk
from ragsight import MultimodalStore
from ragsight.errors import QueryError
from ragsight.store import parse_filter

GOODS = {
    "boots": {
        "price": 80,
        "category": "shoes",
        "sizes": [41, 42],
        "new": True,
        "made": "2026-01-05",
    },
    "clogs": {
        "price": 19.5,
        "category": "shoes",
        "sizes": [38],
        "new": False,
        "made": "2025-05-01",
    },
    "shirt": {"price": 20, "category": "tops", "maker": {"land": "PT"}, "made": "2026-03-01"},
    "scarf": {"price": 9.99, "category": "extras", "page": 7},
}


@pytest.fixture
def shop(store: MultimodalStore) -> MultimodalStore:
    store.upsert([text_chunk(name, uri=f"/{name}", **facts) for name, facts in GOODS.items()])
    return store


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"price": {"lt": 20}}, {"clogs", "scarf"}),
        ({"price": {"gte": 19.5, "lte": 20}}, {"clogs", "shirt"}),
        ({"price": 19.5}, {"clogs"}),
        ({"price": 20}, {"shirt"}),
        ({"category": ["shoes", "tops"]}, {"boots", "clogs", "shirt"}),
        ({"category": {"ne": "shoes"}}, {"shirt", "scarf"}),
        ({"category": {"not_in": ["shoes", "tops"]}}, {"scarf"}),
        ({"category": "shoes", "price": {"gt": 50}}, {"boots"}),
        ({"sizes": 42}, {"boots"}),
        ({"sizes": [38, 41]}, {"boots", "clogs"}),
        ({"sizes": {"exists": False}}, {"shirt", "scarf"}),
        ({"sizes": {"exists": True}}, {"boots", "clogs"}),
        ({"new": True}, {"boots"}),
        ({"new": None}, {"shirt", "scarf"}),
        ({"made": {"gte": "2026-01-01"}}, {"boots", "shirt"}),
        ({"maker.land": "PT"}, {"shirt"}),
        ({"metadata.page": 7}, {"scarf"}),
        ({"page": 7}, set()),
        ({"source": "/boots"}, {"boots"}),
        ({"kind": "figure"}, set()),
        ({"or": [{"price": {"lt": 10}}, {"new": True}]}, {"boots", "scarf"}),
        ({"and": [{"category": "shoes"}, {"new": False}]}, {"clogs"}),
        ({"not": {"category": "shoes"}}, {"shirt", "scarf"}),
        ({"category": []}, set()),
        ({}, set(GOODS)),
        (None, set(GOODS)),
        (
            models.Filter(
                must=[
                    models.FieldCondition(
                        key="metadata.category", match=models.MatchValue(value="tops")
                    )
                ]
            ),
            {"shirt"},
        ),
    ],
)
def test_a_filter_finds_the_same_on_every_engine(
    shop: MultimodalStore, filter: Any, expected: set[str]
) -> None:
    assert {chunk.text for chunk in shop.scroll(filter)} == expected


@pytest.mark.parametrize(
    ("filter", "word"),
    [
        ({"price": {"below": 3}}, "below"),
        ({"price": {"lt": "cheap"}}, "price"),
        ({"price": {"lt": [1]}}, "price"),
        ({"price": {}}, "empty"),
        ({"price": float("nan")}, "nan"),
        ({"price": object()}, "price"),
        ({"or": {}}, "or"),
        ({"or": [{}]}, "empty"),
        ({"sizes": {"in": 3}}, "sizes"),
        ({"sizes": {"exists": 1}}, "exists"),
        ("price < 3", "dictionary"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(filter: Any, word: str) -> None:
    with pytest.raises(QueryError, match=word):
        parse_filter(filter)


def test_a_range_of_a_text_that_is_no_date_says_what_it_takes() -> None:
    with pytest.raises(QueryError, match=r"'price' compares with \['abc'\]: give numbers or dates"):
        parse_filter({"price": {"lt": "abc"}})
