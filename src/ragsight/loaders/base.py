"""What every loader offers, and what they share."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from ragsight.characters import encodable
from ragsight.chunks import Chunk
from ragsight.errors import DocumentError, SourceNotFoundError, UnsupportedFormatError
from ragsight.files import open_regular, read_regular

_BLOCK = 1 << 20


@runtime_checkable
class Loader(Protocol):
    """Turns one file into chunks.

    A problem with the whole file is raised; one that costs a single item (a page, an image, a
    row) goes to the `on_error` that the loader was made with, and loading goes on if it returns.
    """

    @property
    def uri(self) -> str:
        """`Source.uri` of the chunks: the file's absolute path."""
        ...

    def fingerprint(self) -> str:
        """Digest of all that decides which chunks come out: equal means nothing changed."""
        ...

    def lazy_load(self) -> Iterator[Chunk]:
        """Read the file piece by piece."""
        ...


def absolute(path: str | Path) -> Path:
    """The absolute path of a file or folder that must exist.

    Raises:
        SourceNotFoundError: If there is nothing there.
        UnsupportedFormatError: If its name isn't UTF-8.
    """
    try:
        resolved = Path(path).expanduser().resolve()
        exists = resolved.exists()
    except (OSError, ValueError, RuntimeError) as error:
        raise SourceNotFoundError(f"{path}: this is no path ({error}).") from error
    if encodable(str(resolved)) != str(resolved):
        is_utf8 = sys.getfilesystemencoding() == "utf-8"
        advice = "Rename the file." if is_utf8 else "Set PYTHONUTF8=1: the locale isn't UTF-8 here."
        raise UnsupportedFormatError(
            f"{encodable(str(resolved))}: the name isn't UTF-8, so that it can stand in no index. "
            f"{advice}"
        )
    if not exists:
        raise SourceNotFoundError(f"{path}: there is no such file or folder. Check the path.")
    return resolved


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        DocumentError: If it is no regular file, or can't be read.
    """
    try:
        return read_regular(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def file_fingerprint(content: Path | bytes, *options: object) -> str:
    """Digest of a file's bytes, in hand or not, and of the options it is loaded with.

    Raises:
        DocumentError: If the file can't be read.
    """
    digest = hashlib.sha256(repr(options).encode())
    for block in _blocks(content):
        digest.update(block)
    return digest.hexdigest()


def _blocks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    try:
        with open_regular(content) as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise _unreadable(content, error) from error


def _unreadable(path: Path, error: OSError) -> DocumentError:
    return DocumentError(f"{path}: the file can't be read ({error}).")
