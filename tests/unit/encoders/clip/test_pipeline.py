from __future__ import annotations

import itertools
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.encoders.clip.pipeline import batched, map_ahead


@given(st.lists(st.integers()), st.integers(0, 3), st.integers(0, 5))
def test_results_come_in_the_order_of_the_items(items: list[int], workers: int, ahead: int) -> None:
    found = map_ahead(lambda item: item * 2, items, workers=workers, ahead=ahead)
    assert list(found) == [item * 2 for item in items]


def test_slow_items_keep_their_place() -> None:
    def slow(item: int) -> int:
        time.sleep(0.02 if item % 2 == 0 else 0)
        return item

    assert list(map_ahead(slow, range(8), workers=4, ahead=4)) == list(range(8))


@pytest.mark.parametrize("workers", [0, 2])
def test_an_endless_iterator_is_drawn_no_further_than_asked(workers: int) -> None:
    drawn = 0

    def items():
        nonlocal drawn
        for number in itertools.count(1):
            drawn = number
            yield number

    results = map_ahead(str, items(), workers=workers, ahead=3)
    for taken in range(1, 20):
        next(results)
        assert drawn <= taken + 3
    results.close()


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_is_raised_where_its_result_would_be(workers: int) -> None:
    results = map_ahead(lambda item: 1 // item, [1, 1, 0, 1], workers=workers, ahead=4)
    assert [next(results), next(results)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_error_of_the_iterator_is_raised_and_the_threads_end() -> None:
    def items():
        yield 1
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        list(map_ahead(str, items(), workers=2, ahead=2))
    assert not [thread for thread in threading.enumerate() if "ragsight" in thread.name]


@given(st.lists(st.integers()), st.integers(1, 5))
def test_batches_hold_all_items_in_order(items: list[int], size: int) -> None:
    batches = list(batched(items, size))
    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1])
