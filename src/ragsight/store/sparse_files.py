"""Copies of files with holes: the engine's are 32 MiB long each and hold a few kilobytes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ragsight.files import open_regular

_PIECE = 1 << 20
"""Bytes read at once."""
_PAGE = 4096
"""Bytes of zeros that are left out as a hole; filesystems have none that are smaller."""


def copy_tree(source: Path, target: Path, leave_out: Sequence[str] = ()) -> None:
    """Copy a folder, with the holes of its files; what is neither a file nor a folder is left out.

    Args:
        source: The folder.
        target: Where to; made here.
        leave_out: Names that aren't copied, wherever they are.

    Raises:
        OSError: If something can't be read or written.
    """
    target.mkdir(parents=True, exist_ok=True)
    for member in source.iterdir():
        if member.name in leave_out:
            continue
        if member.is_dir():
            # A link to a folder that it lies in has no end.
            if not (member.is_symlink() and source.resolve().is_relative_to(member.resolve())):
                copy_tree(member, target / member.name, leave_out)
        elif member.is_file():
            copy_file(member, target / member.name)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, with its holes.

    Raises:
        OSError: If it is no regular file or can't be read, or the copy can't be written.
    """
    with open_regular(source) as original, target.open("wb") as copy:
        end = original.seek(0, os.SEEK_END)
        copy.truncate(end)
        if end:
            for start, stop in _extents(original.fileno(), end):
                _copy_extent(original, copy, start, stop)


def _extents(file: int, end: int) -> Iterator[tuple[int, int]]:
    """Parts of an open file that aren't holes, where the system tells; else all of it."""
    at = 0
    while at < end:
        try:
            start = os.lseek(file, at, os.SEEK_DATA)
            stop = os.lseek(file, start, os.SEEK_HOLE)
        except AttributeError:
            start, stop = at, end
        except OSError as error:
            if error.errno == errno.ENXIO:
                return  # Nothing but a hole up to the end.
            start, stop = at, end
        yield start, stop
        at = stop


def _copy_extent(original: BinaryIO, copy: BinaryIO, start: int, stop: int) -> None:
    original.seek(start)
    while start < stop:
        piece = original.read(min(_PIECE, stop - start))
        if not piece:
            return
        for at in range(0, len(piece), _PAGE):
            page = piece[at : at + _PAGE]
            # Zeros that were written take no place in the copy either.
            if page.count(0) < len(page):
                copy.seek(start + at)
                copy.write(page)
        start += len(piece)
