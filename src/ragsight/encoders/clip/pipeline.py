"""Work ahead on images while the model runs, in order and within bounds."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_THREAD_NAME = "ragsight-images"


def map_ahead(
    function: Callable[[T], R], items: Iterable[T], *, workers: int, ahead: int
) -> Generator[R, None, None]:
    """Apply a function in threads, ahead of what is asked for, and give the results in order.

    Items are drawn in the caller's thread, and only as fast as results are taken: with an endless
    iterator no more than `ahead` results and the item at work in each thread are in memory.

    Args:
        function: Applied to each item; what it raises is raised where its result would be.
        items: Any number of items.
        workers: Threads; with 0 the function runs when its result is asked for.
        ahead: Results kept ready.

    Yields:
        One result for each item, in order.
    """
    if workers == 0:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix=_THREAD_NAME)
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # A generator that was given up may be collected in one of these threads, which can't wait
        # for itself.
        is_own = threading.current_thread().name.startswith(_THREAD_NAME)
        pool.shutdown(wait=not is_own, cancel_futures=True)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut items into lists of a size; the last one may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


@contextmanager
def progress(show: bool, items: Iterable[Any], unit: str) -> Iterator[Callable[[int], object]]:
    """Show a bar on stderr, or do nothing.

    Args:
        show: Whether to show it.
        items: What is worked on; its length, where it has one, is the bar's.
        unit: What one item is, such as `image`.

    Yields:
        A function to call with the number of items done since the last call.
    """
    if not show:
        yield lambda _done: None
        return
    from tqdm import tqdm  # type: ignore[import-untyped]

    total = len(items) if isinstance(items, Sized) else None
    with tqdm(total=total, unit=unit, file=sys.stderr) as bar:
        yield bar.update
