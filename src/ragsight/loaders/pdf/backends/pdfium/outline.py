"""PDFium's bookmarks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ragsight.loaders.pdf.backends.pdfium.library import address, utf16_of

_DEEPEST = 15
"""Levels of bookmarks; with fewer, deep headings lose their level, with more, a damaged file may
exhaust Python's stack."""


def bookmarks(raw: Any, document: Any) -> list[tuple[int, str, int]]:
    """A document's bookmarks: level from 1, title, page; -1 for a page that isn't there.

    Args:
        raw: The library.
        document: Its document.
    """
    return list(_below(raw, document, None, 1, set()))


def _below(
    raw: Any, document: Any, parent: Any, level: int, seen: set[int]
) -> Iterator[tuple[int, str, int]]:
    mark = raw.FPDFBookmark_GetFirstChild(document, parent)
    while mark and (key := address(mark)) not in seen:
        # Damaged files have bookmarks that follow themselves.
        seen.add(key)
        target = raw.FPDFBookmark_GetDest(document, mark)
        page = raw.FPDFDest_GetDestPageIndex(document, target) if target else -1
        yield level, utf16_of(raw.FPDFBookmark_GetTitle, mark), page + 1 if page >= 0 else -1
        if level < _DEEPEST:
            yield from _below(raw, document, mark, level + 1, seen)
        mark = raw.FPDFBookmark_GetNextSibling(document, mark)
