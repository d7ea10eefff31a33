"""Leave a stream early without leaving its connection open."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def closing_stream(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """Close an iterator at the end of the block, if it is one that can be closed.

    A generator that is only dropped runs its clean-up whenever it is collected.

    Example:
        >>> with closing_stream(iter("ab")) as letters:
        ...     next(letters)
        'a'
    """
    try:
        yield items
    finally:
        if isinstance(items, Generator):
            items.close()


@asynccontextmanager
async def aclosing_stream(items: AsyncIterator[Item]) -> AsyncIterator[AsyncIterator[Item]]:
    """Close an async iterator at the end of the block; see `closing_stream`."""
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
