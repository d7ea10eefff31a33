"""Qdrant's own filters on the embedded engine and in memory: they find the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from qdrant_client import models as m

from ragsight import Chunk, ClipEncoder, MultimodalStore, Source
from ragsight.errors import QueryError
from ragsight.store.engines.edge_filters import edge_filter

BERLIN, HAMBURG, ROME = (13.4, 52.5), (10.0, 53.55), (12.5, 41.9)
GOODS: dict[str, dict[str, Any]] = {
    "berlin": {"at": {"lon": BERLIN[0], "lat": BERLIN[1]}, "tags": ["a", "b", "c"]},
    "hamburg": {"at": {"lon": HAMBURG[0], "lat": HAMBURG[1]}, "tags": ["a"]},
    "rome": {"at": {"lon": ROME[0], "lat": ROME[1]}, "tags": []},
    "nowhere": {"at": "nowhere"},
}


def _point(place: tuple[float, float]) -> m.GeoPoint:
    return m.GeoPoint(lon=place[0], lat=place[1])


def _line(*places: tuple[float, float]) -> m.GeoLineString:
    return m.GeoLineString(points=[_point(place) for place in places])


NORTH = _line((5, 47), (15, 47), (15, 55), (5, 55), (5, 47))
HOLE = _line((13, 52), (14, 52), (14, 53), (13, 53), (13, 52))

CONDITIONS: list[tuple[dict[str, Any], set[str]]] = [
    ({"geo_radius": m.GeoRadius(center=_point(BERLIN), radius=1000)}, {"berlin"}),
    ({"geo_radius": m.GeoRadius(center=_point(BERLIN), radius=300_000)}, {"berlin", "hamburg"}),
    (
        {
            "geo_bounding_box": m.GeoBoundingBox(
                top_left=_point((5, 55)), bottom_right=_point((15, 50))
            )
        },
        {"berlin", "hamburg"},
    ),
    ({"geo_polygon": m.GeoPolygon(exterior=NORTH)}, {"berlin", "hamburg"}),
    ({"geo_polygon": m.GeoPolygon(exterior=NORTH, interiors=[HOLE])}, {"hamburg"}),
]


@pytest.fixture(scope="module", params=["embedded", "memory"])
def shop(
    request: pytest.FixtureRequest, encoder: ClipEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MultimodalStore]:
    location = ":memory:" if request.param == "memory" else tmp_path_factory.mktemp("shop") / "i"
    with MultimodalStore.open(location, encoder=encoder) as store:
        store.upsert(
            [Chunk(text=n, source=Source(uri=n), metadata=goods) for n, goods in GOODS.items()]
        )
        yield store


def _found(store: MultimodalStore, condition: m.Condition) -> set[str]:
    return {chunk.text for chunk in store.scroll(m.Filter(must=[condition]))}


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_places_are_found(
    shop: MultimodalStore, condition: dict[str, Any], expected: set[str]
) -> None:
    assert _found(shop, m.FieldCondition(key="metadata.at", **condition)) == expected


def test_values_are_counted(shop: MultimodalStore) -> None:
    def counted(**count: int) -> set[str]:
        return _found(
            shop, m.FieldCondition(key="metadata.tags", values_count=m.ValuesCount(**count))
        )

    assert counted(gte=2) == {"berlin"}
    assert counted(gt=0, lt=3) == {"hamburg"}


def test_one_of_several_words_is_found(shop: MultimodalStore) -> None:
    match = m.MatchTextAny(text_any="rome berlin")
    assert _found(shop, m.FieldCondition(key="page_content", match=match)) == {"rome", "berlin"}


@pytest.mark.parametrize(
    "condition",
    [
        m.FieldCondition(key="a", match=m.MatchValue(value=2**63)),
        m.FieldCondition(key="a", match=m.MatchAny(any=[2**70])),
        m.FieldCondition(key="a", range=m.Range(gt=float("nan"))),
        m.FieldCondition(key="a[[", match=m.MatchValue(value=1)),
        m.FieldCondition(key="", match=m.MatchValue(value=1)),
        m.FieldCondition(key="\ud800", match=m.MatchValue(value=1)),
        m.FieldCondition(key="a", geo_radius=m.GeoRadius(center=_point((500, 1)), radius=1)),
        m.FieldCondition(key="a", geo_polygon=m.GeoPolygon(exterior=_line((1, 1)))),
        m.FieldCondition(key="a", values_count=m.ValuesCount(gt=-1)),
    ],
)
def test_a_value_that_the_engine_doesnt_take_is_a_clear_error(condition: m.Condition) -> None:
    for nested in (condition, m.Filter(must_not=[condition])):
        with pytest.raises(QueryError, match="embedded engine can't use"):
            edge_filter(m.Filter(should=[nested]))
