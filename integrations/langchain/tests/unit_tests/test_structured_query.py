from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_classic.retrievers import SelfQueryRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.structured_query import (
    Comparator,
    Comparison,
    Operation,
    Operator,
    StructuredQuery,
)

from langchain_ragsight import FilterTranslator, MultimodalVectorStore
from ragsight import ClipEncoder

SHOP = [
    {"name": "shoe", "price": 10, "colours": ["red", "blue"], "since": "2026-01-01"},
    {"name": "mug", "price": 20, "colours": ["blue"], "since": "2026-06-01"},
    {"name": "hat", "price": 30, "colours": ["green"], "since": "2026-11-01"},
]


def _is(attribute: str, comparator: Comparator, value: Any) -> Comparison:
    return Comparison(attribute=attribute, comparator=comparator, value=value)


def _all(operator: Operator, *arguments: Any) -> Operation:
    return Operation(operator=operator, arguments=list(arguments))


CHEAP = _is("price", Comparator.LT, 25)
BLUE = _is("colours", Comparator.CONTAIN, "blue")
DAY = {"type": "date", "date": "2026-06-01"}


@pytest.fixture(scope="module")
def shop(encoder: ClipEncoder) -> Iterator[MultimodalVectorStore]:
    opened = MultimodalVectorStore.from_texts(
        ["A thing of the shop"] * 3, None, SHOP, encoder=encoder
    )
    with opened.store:
        yield opened


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (None, {"shoe", "mug", "hat"}),
        (CHEAP, {"shoe", "mug"}),
        (_is("price", Comparator.GTE, 20), {"mug", "hat"}),
        (_is("name", Comparator.NE, "hat"), {"shoe", "mug"}),
        (_is("name", Comparator.IN, ["hat", "mug"]), {"hat", "mug"}),
        (_is("name", Comparator.NIN, ["hat", "mug"]), {"shoe"}),
        (_is("since", Comparator.GT, DAY), {"hat"}),
        (_all(Operator.AND, CHEAP, _is("price", Comparator.GT, 10)), {"mug"}),
        (_all(Operator.OR, _is("name", Comparator.EQ, "hat"), BLUE), {"shoe", "mug", "hat"}),
        (_all(Operator.NOT, BLUE), {"hat"}),
    ],
)
async def test_a_self_query_retriever_finds_what_fulfils_the_models_conditions(
    condition: Any, names: set[str], shop: MultimodalVectorStore
) -> None:
    query = StructuredQuery(query="thing", filter=condition, limit=None)
    retriever = SelfQueryRetriever(
        vectorstore=shop,
        query_constructor=RunnableLambda(lambda _: query),
        structured_query_translator=FilterTranslator(),
    )

    found = retriever.invoke("a thing")

    assert {document.metadata["name"] for document in found} == names
    assert await retriever.ainvoke("a thing") == found


def test_a_comparator_without_a_counterpart_is_refused() -> None:
    with pytest.raises(ValueError, match=r"(?i)like"):
        FilterTranslator().visit_comparison(_is("name", Comparator.LIKE, "sh%"))
