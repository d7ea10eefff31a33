"""A page source that keeps count of the time each page takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from ragsight.chunks import BBox
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.isolation.isolated import IsolatedPdf, PageTimeoutError
from ragsight.loaders.pdf.page.page import Drawing, Line, Page


class LimitedSource:
    """A `PageSource` in which no page may take longer than a limit, all its steps together.

    Another process is told how much of the time is left, and is stopped when it is over. A library
    in this process can't be stopped; the steps that would come after are refused.

    Args:
        source: What reads the pages.
        timeout: Seconds a page; None for no limit.

    Example:
        >>> LimitedSource(source, timeout=10.0).page(1)  # doctest: +SKIP
    """

    def __init__(self, source: PageSource, timeout: float | None) -> None:
        self._source = source
        self._timeout = timeout
        self._spent: dict[int, float] = {}
        self.name = source.name
        self.page_count = source.page_count
        self.repaired = source.repaired

    def outline(self) -> list[tuple[int, str, int]]:
        """The bookmarks; see `PageSource`."""
        return self._source.outline()

    def page(self, number: int) -> Page:
        """A page's lines of text and its pictures; see `PageSource`."""
        with self._counted(number):
            return self._source.page(number)

    def drawings(self, number: int) -> tuple[Drawing, ...]:
        """A page's painted paths; see `PageSource`."""
        with self._counted(number):
            return self._source.drawings(number)

    def words(self, number: int) -> tuple[Line, ...]:
        """A page's words one by one; see `PageSource`."""
        with self._counted(number):
            return self._source.words(number)

    def render(self, number: int, box: BBox, *, max_side: int, max_dpi: int) -> Image.Image:
        """Paint a region; see `PageSource`."""
        with self._counted(number):
            return self._source.render(number, box, max_side=max_side, max_dpi=max_dpi)

    def trim_memory(self) -> None:
        """Empty the library's caches."""
        self._source.trim_memory()

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()

    def forget(self, number: int) -> None:
        """Drop what is known of pages below a number."""
        self._spent = {page: spent for page, spent in self._spent.items() if page >= number}

    @contextmanager
    def _counted(self, number: int) -> Iterator[None]:
        spent = self._spent.get(number, 0.0)
        if self._timeout is not None:
            left = self._timeout - spent
            if left <= 0:
                raise self._error(number)
            if isinstance(self._source, IsolatedPdf):
                # That a new process must be started isn't this page's fault.
                self._source.prepare()
                self._source.timeout = left
        started = time.perf_counter()
        try:
            yield
        except PageTimeoutError as error:
            self._spent[number] = float("inf")
            raise self._error(number) from error
        finally:
            spent += time.perf_counter() - started
            self._spent[number] = max(spent, self._spent.get(number, 0.0))

    def _error(self, number: int) -> PageTimeoutError:
        return PageTimeoutError(
            f"{self.name}: page {number} took longer than {self._timeout:g} seconds. Raise "
            "page_timeout=... if the file is good."
        )
