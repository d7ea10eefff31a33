"""Filters as a person types them: `price<50`, `category=shoes,boots`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ragsight.cli.session import typed
from ragsight.errors import QueryError

_CONDITION = re.compile(r"^\s*([\w.]+)\s*(<=|>=|!=|<|>|=)\s*(.*?)\s*$")
_OPERATORS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def parse_where(conditions: Iterable[str]) -> dict[str, Any] | None:
    """Turn conditions into a filter that must hold as a whole.

    Args:
        conditions: Such as `price<50`, `colour=red`, `colour=red,blue`, `kind!=table`.

    Returns:
        A filter for `MultimodalRetriever.retrieve`; None for no conditions.

    Raises:
        QueryError: If a condition can't be read.

    Example:
        >>> parse_where(["price<50", "colour=red,blue"])
        {'and': [{'price': {'lt': 50}}, {'colour': ['red', 'blue']}]}
    """
    parsed = [_parse(typed(condition)) for condition in conditions]
    return {"and": parsed} if parsed else None


def _parse(condition: str) -> dict[str, Any]:
    match = _CONDITION.match(condition)
    if match is None:
        raise QueryError(
            f"The condition {condition!r} can't be read. Write it like price<50, colour=red,blue "
            "or kind!=table."
        )
    key, operator, text = match.groups()
    if operator in _OPERATORS:
        return {key: {_OPERATORS[operator]: _value(text)}}
    values = [_value(part) for part in text.split(",")]
    if operator == "!=":
        return {key: {"not_in": values}}
    return {key: values[0] if len(values) == 1 else values}


def _value(text: str) -> Any:
    stripped = text.strip()
    if stripped.lower() in {"true", "false"}:
        return stripped.lower() == "true"
    for number in (int, float):
        try:
            return number(stripped)
        except ValueError:
            continue
    return stripped.strip("\"'")
