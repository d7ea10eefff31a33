"""Whole files by key, in a folder or behind fsspec: written atomically, with their age."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from ragsight.errors import StoreError
from ragsight.files import read_regular
from ragsight.redaction import without_secrets

PART = ".part"
"""Ending of a file that is not whole yet."""

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a place.

    Attributes:
        key: Its path below the place's root, with slashes.
        size: In bytes.
        modified: When it was last written, in seconds since 1970; None where that isn't known.
    """

    key: str
    size: int
    modified: float | None


class Place(Protocol):
    """Where files are; keys are paths below its root, with slashes."""

    def address(self, key: str) -> str:
        """A path or URL that fsspec can open in this process."""
        ...

    def read(self, key: str) -> bytes | None:
        """The content of a file; None if there is none."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Write a file so that it is there whole or not at all."""
        ...

    def refresh(self, key: str, *, older_than: float) -> bool:
        """Make sure that a file counts as young.

        Args:
            key: The file.
            older_than: Age in seconds from which a file is not young any more.

        Returns:
            Whether it is there and young; if not, it has to be written.
        """
        ...

    def entries(self, below: str = "") -> Iterator[Entry]:
        """The files below a folder, in no order; none if there is no such folder."""
        ...

    def remove(self, key: str, *, before: float | None = None) -> bool:
        """Remove a file, with `before` only if it was last written before that time.

        Returns:
            Whether it was removed.
        """
        ...


class Folder:
    """A folder of this machine.

    Args:
        root: The folder; made when something is written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def address(self, key: str) -> str:
        """The file's path."""
        return f"{self._root.as_posix()}/{key}"

    def read(self, key: str) -> bytes | None:
        """The content of a file; None if there is none."""
        path = self._root / key
        with place_errors(str(path), "the image can't be read"):
            try:
                return read_regular(path)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, key: str, data: bytes) -> None:
        """Write to a temporary file, force it to the disk, and give it its name."""
        path = self._root / key
        temporary = path.with_name(f"{path.name}.{uuid4().hex}{PART}")
        with place_errors(str(path), "the image can't be stored"):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink()
                raise
            _force_name(path.parent)

    def refresh(self, key: str, *, older_than: float) -> bool:
        """Set a file's time to now; cheap, so done at any age."""
        del older_than
        try:
            os.utime(self._root / key)
        except OSError:
            # Not there; or someone else's, and then it may be collected before it is needed.
            return False
        return True

    def entries(self, below: str = "") -> Iterator[Entry]:
        """Walk the folder."""
        folder = self._root / below
        with place_errors(str(folder), "the images can't be listed"):
            yield from self._walk(folder)

    def _walk(self, folder: Path) -> Iterator[Entry]:
        try:
            with os.scandir(folder) as found:
                members = list(found)
        except (FileNotFoundError, NotADirectoryError):
            return
        for member in members:
            if member.is_dir(follow_symlinks=False):
                yield from self._walk(Path(member.path))
            elif member.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    status = member.stat(follow_symlinks=False)
                    key = Path(member.path).relative_to(self._root).as_posix()
                    yield Entry(key, status.st_size, status.st_mtime)

    def remove(self, key: str, *, before: float | None = None) -> bool:
        """Remove a file; one that is refreshed at this very moment is put back."""
        path = self._root / key
        aside = path.with_name(f"{path.name}.{uuid4().hex}{PART}")
        with place_errors(str(path), "the image can't be removed"):
            try:
                if before is not None and path.stat().st_mtime >= before:
                    return False
                # Out of reach first: whoever refreshes it from here on finds it gone and writes
                # it again. Whoever did so since the line above shows in its time.
                path.replace(aside)
            except FileNotFoundError:
                return False
            # Missing only if another collection took it for a left-over, which it may.
            with suppress(FileNotFoundError):
                if before is not None and aside.stat().st_mtime >= before:
                    aside.replace(path)
                    return False
                aside.unlink()
        return True


def _force_name(folder: Path) -> None:
    """Force a folder's list of names to the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def place_errors(where: str, what: str) -> Iterator[None]:
    """Turn a filesystem's errors into a sentence that says what to do.

    Raises:
        StoreError: For any of them.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        # Anything: the filesystems behind fsspec raise errors of their own makers, too.
        raise StoreError(without_secrets(f"{where}: {what} ({error}). {_advice(error)}")) from error


def _advice(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return "Free some space and index again; what was stored before is whole."
    if isinstance(error, OSError):
        return "Check the path and its permissions, or keep images elsewhere with blobs=."
    return "Check the address, the options and the network, then try again."
