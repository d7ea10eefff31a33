"""Conditions that a language model wrote, as filters: for LangChain's `SelfQueryRetriever`."""

from __future__ import annotations

from typing import Any

from langchain_core.structured_query import (
    Comparator,
    Comparison,
    Operation,
    Operator,
    StructuredQuery,
    Visitor,
)

# Any: to a type checker of Python 3.10 the members of LangChain's enumerations are strings.
_COMPARATORS: dict[Any, str] = {
    Comparator.EQ: "eq",
    Comparator.NE: "ne",
    Comparator.LT: "lt",
    Comparator.LTE: "lte",
    Comparator.GT: "gt",
    Comparator.GTE: "gte",
    # A key that holds a list equals each of its values.
    Comparator.CONTAIN: "eq",
    Comparator.IN: "in",
    Comparator.NIN: "not_in",
}
_OPERATORS: tuple[Any, ...] = (Operator.AND, Operator.OR, Operator.NOT)


class FilterTranslator(Visitor):
    """Turns LangChain's structured queries into ragsight's filters.

    Give it to `SelfQueryRetriever` as `structured_query_translator`, with a `MultimodalVectorStore`
    and `use_original_query=True`: a question that is all conditions leaves no words to search by.

    Example:
        >>> from langchain_core.structured_query import Comparison
        >>> cheap = Comparison(comparator=Comparator.LT, attribute="price", value=50)
        >>> FilterTranslator().visit_comparison(cheap)
        {'price': {'lt': 50}}
    """

    allowed_operators = _OPERATORS
    allowed_comparators = tuple(_COMPARATORS)

    def visit_operation(self, operation: Operation) -> dict[str, Any]:
        """Combine filters.

        Raises:
            ValueError: If there is no such operator.
        """
        self._validate_func(operation.operator)
        parts = [argument.accept(self) for argument in operation.arguments]
        if operation.operator == Operator.NOT:
            return {"not": {"and": parts}}
        return {operation.operator.value: parts}

    def visit_comparison(self, comparison: Comparison) -> dict[str, Any]:
        """The filter of one condition.

        Raises:
            ValueError: If there is no such comparator; `like` has no counterpart.
        """
        self._validate_func(comparison.comparator)
        value = comparison.value
        if isinstance(value, dict):
            # Dates come as {"type": "date", "date": "2026-11-28"}.
            value = value.get("date", value.get("datetime"))
        return {comparison.attribute: {_COMPARATORS[comparison.comparator]: value}}

    def visit_structured_query(
        self, structured_query: StructuredQuery
    ) -> tuple[str, dict[str, Any]]:
        """The words, and the keyword arguments of the search."""
        condition = structured_query.filter
        return structured_query.query, {} if condition is None else {
            "filter": condition.accept(self)
        }
