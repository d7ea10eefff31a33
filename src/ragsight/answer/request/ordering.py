"""Put sources in the order in which a model reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ragsight.answer.request.labels import Evidence
from ragsight.answer.request.options import Order
from ragsight.retrieval.hits import Hit

T = TypeVar("T")


def best_first(sources: Sequence[Evidence]) -> list[int]:
    """Positions of the sources from the best to the worst.

    Hits are ranked by score; where any source has no score the caller's order is the ranking.
    """
    scores = [source.score for source in sources if isinstance(source, Hit)]
    if len(scores) < len(sources):
        return list(range(len(sources)))
    return sorted(range(len(sources)), key=lambda position: -scores[position])


def reading_order(ranked: Sequence[tuple[int, T]], order: Order) -> list[T]:
    """Arrange what was kept.

    Args:
        ranked: Position in the caller's order and item, best first.
        order: See `SynthesizerOptions.order`.

    Returns:
        The items as the model gets them.

    Example:
        >>> reading_order([(0, "best"), (1, "second"), (2, "third")], "ends")
        ['best', 'third', 'second']
    """
    if order == "input":
        return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]
    items = [item for _, item in ranked]
    if order == "ends":
        return items[::2] + items[1::2][::-1]
    return items
