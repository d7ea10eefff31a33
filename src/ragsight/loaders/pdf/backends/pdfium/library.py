"""PDFium itself, and the lock that everything holds which calls it."""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from typing import Any

from ragsight.errors import extra

PDFIUM_LOCK = threading.RLock()
"""PDFium isn't thread-safe, not even for different files."""


@cache
def pdfium_library() -> Any:
    """The C interface, without the helper objects around it.

    Those close what they hold when they are collected, on whatever thread that happens, and so
    can't be locked.

    Raises:
        MissingExtraError: If it isn't installed.
    """
    with extra("pdfium", "pypdfium2"):
        import pypdfium2.raw
    return pypdfium2.raw


def address(pointer: Any) -> int:
    """Tells one object of the library from another; 0 for none."""
    return ctypes.addressof(pointer.contents) if pointer else 0


def utf16_of(call: Any, *arguments: Any) -> str:
    """A text from a function that fills a buffer with UTF-16 and returns its size in bytes.

    Args:
        call: The function; a buffer and its length are its last arguments.
        *arguments: What comes before them.
    """
    size = call(*arguments, None, 0)
    if size <= 2:
        return ""
    # Some functions want their buffer in numbers of 16 bits, others take any.
    buffer = (ctypes.c_ushort * ((size + 1) // 2))()
    call(*arguments, buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", errors="replace")
