"""What every loader does, and how a file is told from a changed one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from ragsight.chunks import Chunk
from ragsight.errors import InputError, SourceNotFoundError

_BLOCK = 1 << 20


@runtime_checkable
class Loader(Protocol):
    """Turns one source into chunks.

    Example:
        >>> from ragsight.loaders import TextLoader
        >>> issubclass(TextLoader, Loader)
        True
    """

    @property
    def uri(self) -> str:
        """`Source.uri` of the chunks: an absolute path, or `bytes:<sha256>`."""
        ...

    def fingerprint(self) -> str:
        """Hex digest of the content and of how it is loaded; the same means the same chunks."""
        ...

    def lazy_load(self) -> Iterator[Chunk]:
        """Yield the chunks, one page or row at a time."""
        ...

    def load(self) -> list[Chunk]:
        """All chunks at once."""
        ...


class LoaderBase:
    """`load` in terms of `lazy_load`."""

    def lazy_load(self) -> Iterator[Chunk]:
        """Yield the chunks, one page or row at a time."""
        raise NotImplementedError

    def load(self) -> list[Chunk]:
        """All chunks at once."""
        return list(self.lazy_load())


def existing_file(path: str | Path) -> Path:
    """The absolute path of a file that exists.

    Raises:
        SourceNotFoundError: If there is nothing there.
    """
    absolute = Path(path).expanduser().absolute()
    try:
        exists = absolute.exists()
    except (OSError, ValueError) as error:
        raise SourceNotFoundError(f"{path}: this is not a path ({error}).") from error
    if not exists:
        raise SourceNotFoundError(f"{absolute}: there is no such file. Check the path.")
    return absolute


def content_digest(content: Path | bytes) -> str:
    """SHA-256 of a file's bytes, read in blocks.

    Raises:
        SourceNotFoundError: If there is no such file.
        InputError: If it can't be read.
    """
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    digest = hashlib.sha256()
    try:
        with content.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{content}: there is no such file. Check the path.") from error
    except OSError as error:
        raise InputError(f"{content}: the file can't be read ({error}).") from error
    return digest.hexdigest()


def fingerprint_of(*parts: object) -> str:
    """Hex digest over values whose `repr` tells them apart."""
    return hashlib.sha256("\x1f".join(repr(part) for part in parts).encode()).hexdigest()


def absolute(path: str | Path) -> Path:
    """The absolute path of a file or folder that must exist.

    Raises:
        SourceNotFoundError: If there is nothing there.
    """
    return existing_file(path)


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        SourceNotFoundError: If there is no such file.
        InputError: If it can't be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{path}: there is no such file. Check the path.") from error
    except OSError as error:
        raise InputError(f"{path}: the file can't be read ({error}).") from error


def file_fingerprint(path: Path, *options: object) -> str:
    """Digest of a file's bytes and of the options it is loaded with."""
    return fingerprint_of(content_digest(path), *options)
