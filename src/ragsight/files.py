"""Open files that someone else may have made: regular ones, and nothing that can keep us waiting.

A name in a folder or in a catalogue may lead to a named pipe, a device or a window into the kernel.
To open the first waits for a writer who never comes, the second never ends, and to open some of the
third has effects of its own.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from ragsight.characters import encodable

MOST_BYTES = 1 << 30
"""Longest file that is read as a whole: 1 GiB. A file with holes can claim any length."""

# On a pipe that appears in between, the first keeps `open` from waiting; a terminal mustn't become
# this process's own. Where a system lacks one of them, it lacks what it is against.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)

_KINDS = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular(path: str | Path) -> BinaryIO:
    """Open a file for reading if it is a regular one; symbolic links are followed.

    A file that says that it has no bytes is taken at its word, so that nothing is read from the
    kernel's own files below `/proc`.

    Args:
        path: Any name, whoever gave it.

    Raises:
        FileNotFoundError: If there is nothing of that name.
        OSError: If it is no regular file, no name that a file can have, or can't be opened.

    Example:
        >>> open_regular("/dev/zero")
        Traceback (most recent call last):
        OSError: it is a device, no regular file
    """
    try:
        # Looked at first, since opening a device can have effects; and once more when it is open,
        # since it may have become something else in between.
        _refuse_others(os.stat(path))  # noqa: PTH116 - takes the one name that it was given
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:
        name = encodable(str(path)).replace("\0", "\\0")
        raise OSError(errno.EINVAL, f"no file can have this name ({error})", name) from error
    opened = os.fdopen(descriptor, "rb")
    try:
        status = os.fstat(descriptor)
        _refuse_others(status)
    except BaseException:
        opened.close()
        raise
    if status.st_size > 0:
        return opened
    opened.close()
    return io.BytesIO()


def read_regular(path: str | Path, *, most: int = MOST_BYTES) -> bytes:
    """Read a whole file, as long as it is when it is opened; see `open_regular`.

    Args:
        path: Any name.
        most: Longest file that is read, in bytes.

    Raises:
        OSError: If it can't be opened or read, or is longer.
    """
    with open_regular(path) as file:
        length = file.seek(0, os.SEEK_END)
        if length > most:
            raise OSError(f"it is longer than the limit of {most:,} bytes")
        file.seek(0)
        return file.read(length)


def read_regular_text(path: str | Path, *, errors: str = "strict", most: int = MOST_BYTES) -> str:
    """Read a whole text file in UTF-8, with one sign for the end of a line; see `read_regular`.

    Args:
        path: Any name.
        errors: What to do about bytes that aren't UTF-8, as in `bytes.decode`.
        most: Longest file that is read, in bytes.

    Raises:
        OSError: If it can't be opened or read, or is longer.
        UnicodeDecodeError: If it isn't UTF-8 and that is an error.
    """
    content = io.BytesIO(read_regular(path, most=most))
    return io.TextIOWrapper(content, encoding="utf-8-sig", errors=errors).read()


def _refuse_others(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = odd_kind(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, f"it is {kind}, no regular file")
    raise OSError(f"it is {kind}, no regular file")


def odd_kind(mode: int) -> str:
    """What stands somewhere, by its mode, for a message: "a named pipe"."""
    return next((name for test, name in _KINDS if test(mode)), "something else")
