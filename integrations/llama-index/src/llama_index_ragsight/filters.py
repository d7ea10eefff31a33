"""LlamaIndex's metadata filters as ragsight's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llama_index.core.vector_stores import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)

from llama_index_ragsight._fields import DOCUMENT_FIELD
from ragsight.errors import QueryError

Filter = dict[str, Any]

_DOCUMENT_KEYS = frozenset({"doc_id", "document_id", "ref_doc_id"})
"""What vector stores call the document of a node."""

_LABEL = "ragsight.source.page_label"
"""Where the index keeps printed page numbers; only those that differ from the page's own."""


def to_filter(filters: MetadataFilters) -> Filter:
    """Translate filters, nested ones too.

    Keys are those that a node's metadata has: `file_path`, `page` and `page_label` mean the
    chunk's place, `kind` what it is, `id` and `ref_doc_id` its own id and its document's, all
    others the metadata.

    Args:
        filters: LlamaIndex's filters.

    Returns:
        ragsight's filter; an empty one if there is nothing to hold.

    Raises:
        QueryError: If Qdrant can't do what an operator asks for.

    Example:
        >>> from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
        >>> to_filter(MetadataFilters(filters=[MetadataFilter(key="price", value=9, operator="<")]))
        {'and': [{'price': {'lt': 9}}]}
    """
    parts = [part for part in map(_part, filters.filters) if part]
    if not parts:
        return {}
    if filters.condition == FilterCondition.OR:
        return {"or": parts}
    if filters.condition == FilterCondition.NOT:
        return {"not": {"or": parts}}
    return {"and": parts}


def _part(part: MetadataFilter | MetadataFilters) -> Filter:
    if isinstance(part, MetadataFilters):
        return to_filter(part)
    if part.operator not in _CONDITIONS:
        raise QueryError(
            f"The filter on {part.key!r} uses {part.operator.value!r}, which the index can't do. "
            "Search for the words instead."
        )
    if part.key == "page_label":
        return _page_label(part)
    if part.key in _DOCUMENT_KEYS:
        return _document(part)
    key = "source" if part.key == "file_path" else part.key
    return _CONDITIONS[part.operator](key, part.value)


def of_documents(ids: Sequence[str]) -> Filter:
    """A filter for the nodes of these documents: the files, unless the nodes name others.

    Example:
        >>> list(of_documents(["shop.csv"]))
        ['or']
    """
    files = {"source": {"in": list(ids)}, DOCUMENT_FIELD: {"exists": False}}
    return {"or": [files, {DOCUMENT_FIELD: {"in": list(ids)}}]}


def _document(part: MetadataFilter) -> Filter:
    if part.operator in _NEGATED:
        return {"not": _document(part.model_copy(update={"operator": _NEGATED[part.operator]}))}
    if part.operator not in {FilterOperator.EQ, FilterOperator.IN, FilterOperator.ANY}:
        raise QueryError(
            f"The filter on {part.key!r} uses {part.operator.value!r}, but ids are equal or not. "
            "Use '==', '!=', 'in' or 'nin'."
        )
    return of_documents([str(value) for value in _several(part.value)])


def _page_label(part: MetadataFilter) -> Filter:
    """A label is the printed number where there is one, and the page's own where there isn't."""
    if part.operator in _NEGATED:
        positive = part.model_copy(update={"operator": _NEGATED[part.operator]})
        return {"not": _page_label(positive)}
    if part.operator not in {FilterOperator.EQ, FilterOperator.IN}:
        raise QueryError(
            f"The filter on 'page_label' uses {part.operator.value!r}, but labels are words. "
            "Filter by 'page' instead."
        )
    labels = [str(value) for value in _several(part.value)]
    numbers = [int(label) for label in labels if label.isdecimal()]
    unlabelled = {_LABEL: {"exists": False}, "page": {"in": numbers}}
    return {"or": [{_LABEL: {"in": labels}}, unlabelled]}


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _with(operator: str) -> Callable[[str, Any], Filter]:
    return lambda key, value: {key: {operator: value}}


def _all_of(key: str, values: Any) -> Filter:
    return {"and": [{key: {"eq": value}} for value in values]} if values else {}


def _is_empty(key: str, _value: Any) -> Filter:
    return {key: {"exists": False}}


_CONDITIONS: Mapping[FilterOperator, Callable[[str, Any], Filter]] = {
    FilterOperator.EQ: _with("eq"),
    FilterOperator.NE: _with("ne"),
    FilterOperator.GT: _with("gt"),
    FilterOperator.GTE: _with("gte"),
    FilterOperator.LT: _with("lt"),
    FilterOperator.LTE: _with("lte"),
    FilterOperator.IN: _with("in"),
    FilterOperator.NIN: _with("not_in"),
    # Qdrant compares a condition with each element of an array.
    FilterOperator.ANY: _with("in"),
    FilterOperator.CONTAINS: _with("eq"),
    FilterOperator.ALL: _all_of,
    FilterOperator.IS_EMPTY: _is_empty,
}

_NEGATED = {FilterOperator.NE: FilterOperator.EQ, FilterOperator.NIN: FilterOperator.IN}
