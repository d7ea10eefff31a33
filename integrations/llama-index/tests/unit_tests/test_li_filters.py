from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from llama_index.core.vector_stores import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)

from llama_index_ragsight import MultimodalRetriever
from llama_index_ragsight.filters import to_filter
from ragsight import Chunk, ClipEncoder, MultimodalStore, Source
from ragsight.errors import QueryError

Op = FilterOperator
ROWS = [
    {"name": "a", "price": 10, "tags": ["red", "warm"], "day": "2024-01-01"},
    {"name": "b", "price": 20, "tags": ["red"], "day": "2024-06-01"},
    {"name": "c", "price": 30.5, "tags": ["blue"]},
]
PLACES = [
    Source(uri="/docs/one.pdf", page=4, page_label="iv"),
    Source(uri="/docs/one.pdf", page=5),
    Source(uri="/docs/two.pdf", page=4),
]


@pytest.fixture(scope="module", params=["embedded", "memory"])
def index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, encoder: ClipEncoder
) -> Iterator[MultimodalStore]:
    """The same chunks on each engine that needs no server."""
    embedded = request.param == "embedded"
    location = tmp_path_factory.mktemp("filters") / "index" if embedded else ":memory:"
    with MultimodalStore.open(location, encoder=encoder) as opened:
        opened.upsert(
            Chunk(text=f"shoe {row['name']}", source=place, metadata=row)
            for row, place in zip(ROWS, PLACES, strict=True)
        )
        yield opened


@pytest.fixture
def find(index: MultimodalStore) -> Callable[[MetadataFilters], str]:

    def names(filters: MetadataFilters) -> str:
        nodes = MultimodalRetriever(index, filters=filters).retrieve("shoe")
        return "".join(sorted(node.metadata["name"] for node in nodes))

    return names


def one(key: str, operator: FilterOperator, value: object) -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key=key, value=value, operator=operator)])


@pytest.mark.parametrize(
    ("key", "operator", "value", "names"),
    [
        ("name", Op.EQ, "b", "b"),
        ("price", Op.EQ, 30.5, "c"),
        ("name", Op.NE, "b", "ac"),
        ("price", Op.GT, 20, "c"),
        ("price", Op.GTE, 20, "bc"),
        ("price", Op.LT, 20, "a"),
        ("price", Op.LTE, 20, "ab"),
        ("day", Op.GT, "2024-03-01", "b"),
        ("name", Op.IN, ["a", "c"], "ac"),
        ("price", Op.IN, [10, 20], "ab"),
        ("name", Op.NIN, ["a", "c"], "b"),
        ("tags", Op.ANY, ["red", "blue"], "abc"),
        ("tags", Op.ALL, ["red", "warm"], "a"),
        ("tags", Op.CONTAINS, "red", "ab"),
        ("day", Op.IS_EMPTY, None, "c"),
        ("file_path", Op.EQ, "/docs/two.pdf", "c"),
        ("ref_doc_id", Op.EQ, "/docs/two.pdf", "c"),
        ("page", Op.EQ, 4, "ac"),
        ("page_label", Op.EQ, "iv", "a"),
        ("page_label", Op.EQ, "4", "c"),
        ("page_label", Op.NE, "4", "ab"),
        ("page_label", Op.IN, ["iv", "5"], "ab"),
        ("page_label", Op.NIN, ["iv", "5"], "c"),
    ],
)
def test_each_operator_holds(
    find: Callable[[MetadataFilters], str],
    key: str,
    operator: FilterOperator,
    value: object,
    names: str,
) -> None:
    assert find(one(key, operator, value)) == names


def test_conditions_combine_and_nest(find: Callable[[MetadataFilters], str]) -> None:
    cheap, blue = one("price", Op.LT, 15), one("tags", Op.CONTAINS, "blue")
    either = MetadataFilters(filters=[cheap, blue], condition=FilterCondition.OR)
    assert find(either) == "ac"
    neither = MetadataFilters(filters=[cheap, blue], condition=FilterCondition.NOT)
    assert find(neither) == "b"
    first = MetadataFilter(key="name", value="a")
    assert find(MetadataFilters(filters=[either, first])) == "a"


def test_no_filters_hold_nothing_back(find: Callable[[MetadataFilters], str]) -> None:
    empty = MetadataFilters(filters=[])
    assert find(empty) == "abc"
    assert find(MetadataFilters(filters=[empty], condition=FilterCondition.NOT)) == "abc"


def test_what_the_index_cannot_do_is_said() -> None:
    with pytest.raises(QueryError, match="'name' uses 'text_match'"):
        to_filter(one("name", Op.TEXT_MATCH, "x"))
    with pytest.raises(QueryError, match="Filter by 'page'"):
        to_filter(one("page_label", Op.GT, "4"))
