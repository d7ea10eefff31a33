"""Renders on disk, by the content of the deck and by what painted it."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from ragsight.errors import ConfigurationError
from ragsight.files import read_regular

_log = logging.getLogger(__name__)

_DEFAULT_MAX_BYTES = 2 * 2**30
_FREE_AFTER_EVICTION = 0.1
_CHECK_EVERY = 0.02
_MARK = "~"


VARIABLE = "RAGSIGHT_RENDERS"
"""Environment variable that names the folder of renders; `off` for keeping none."""


def default_render_folder() -> Path:
    """Where renders are kept: `$RAGSIGHT_RENDERS`, or `renders` in the home of ragsight.

    That is `$RAGSIGHT_HOME` or `~/.ragsight`.

    Example:
        >>> RenderCache().folder == default_render_folder()
        True
    """
    named = os.environ.get(VARIABLE, "")
    if named and named.lower() != "off":
        return Path(named).expanduser().absolute()
    home = os.environ.get("RAGSIGHT_HOME")
    return (Path(home) if home else Path.home() / ".ragsight").absolute() / "renders"


class RenderCache:
    """Pictures of slides, and decks converted to other formats, in a folder.

    Each deck has a folder of its own, under a digest of its bytes, the renderer, its version and
    the fonts: nothing in it ever goes out of date. A file's name holds the digest of what is in
    it, so a damaged one is noticed, removed and made again. Any number of threads and processes
    may use one folder. Where it can't be written, painting goes on without it and one warning is
    logged.

    Args:
        folder: The folder, made when it is first needed; by default `default_render_folder()`.
        max_bytes: Size above which the decks used longest ago are removed. It may be exceeded by
            a fiftieth for a while.

    Raises:
        ConfigurationError: If `max_bytes` isn't above 0.

    Example:
        >>> shelf = RenderCache("renders-example").shelf("digest of a deck")
        >>> shelf.put("page-1", "720x540", ".png", b"a picture")
        >>> shelf.get("page-1").data
        b'a picture'
    """

    def __init__(
        self, folder: str | Path | None = None, *, max_bytes: int = _DEFAULT_MAX_BYTES
    ) -> None:
        if max_bytes < 1:
            raise ConfigurationError(f"max_bytes is {max_bytes}; it must be 1 or more.")
        place = Path(folder).expanduser() if folder is not None else default_render_folder()
        self.folder = place.absolute()
        self.max_bytes = max_bytes
        self._unchecked = max_bytes
        self._lock = threading.Lock()
        self._warned = False

    def __repr__(self) -> str:
        return f"RenderCache({str(self.folder)!r}, max_bytes={self.max_bytes})"

    def shelf(self, key: str) -> Shelf:
        """What is kept of one deck.

        Args:
            key: A digest.
        """
        return Shelf(self, self.folder / key)

    @property
    def total_bytes(self) -> int:
        """Size of all that is kept."""
        return sum(size for _, size, _ in self._decks())

    def clear(self) -> None:
        """Remove everything."""
        for deck, _, _ in self._decks():
            shutil.rmtree(deck, ignore_errors=True)

    def note_written(self, count: int) -> None:
        """Count bytes that were written, and make room when it is time to."""
        with self._lock:
            self._unchecked += count
            is_due = self._unchecked >= self.max_bytes * _CHECK_EVERY
            if is_due:
                self._unchecked = 0
        if is_due:
            self._make_room()

    def note_failure(self, error: OSError) -> None:
        """Say once that nothing can be kept."""
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            _log.warning(
                "%s: renders can't be kept (%s). Slides are painted anew each time. Free some "
                "space, check the permissions, or choose another place.", self.folder, error,
            )  # fmt: skip

    def _make_room(self) -> None:
        decks = sorted(self._decks(), key=lambda deck: deck[2])
        total = sum(size for _, size, _ in decks)
        if total <= self.max_bytes:
            return
        goal = int(self.max_bytes * (1 - _FREE_AFTER_EVICTION))
        for deck, size, _ in decks:
            if total <= goal:
                return
            shutil.rmtree(deck, ignore_errors=True)
            total -= size

    def _decks(self) -> Iterator[tuple[Path, int, float]]:
        """Folder, size in bytes and time of last use of each deck."""
        with suppress(OSError), os.scandir(self.folder) as decks:
            for deck in decks:
                # Another process may be making room, too, and another user's can't be looked at.
                with suppress(OSError):
                    with os.scandir(deck.path) as files:
                        size = sum(file.stat().st_size for file in files)
                    yield Path(deck.path), size, deck.stat().st_mtime


@cache
def _shared(folder: Path) -> RenderCache:
    return RenderCache(folder)


def chosen_cache(cache: RenderCache | bool) -> RenderCache | None:
    """The cache a caller means: true for the usual one, unless it is off, and false for none."""
    if isinstance(cache, RenderCache):
        return cache
    is_off = os.environ.get(VARIABLE, "").lower() == "off"
    return _shared(default_render_folder()) if cache and not is_off else None


class Kept(NamedTuple):
    """A file that is kept.

    Attributes:
        path: Where it is.
        facts: What was noted of it.
        suffix: Of the file.
        digest: SHA-256 of its bytes.
        data: Its bytes.
    """

    path: Path
    facts: str
    suffix: str
    digest: str
    data: bytes


@dataclass(slots=True)
class _Name:
    facts: str
    suffix: str
    digest: str


class Shelf:
    """What is kept of one deck: files by a label, each with a few facts in its name.

    Args:
        cache: The cache it belongs to.
        folder: Its folder.
    """

    def __init__(self, cache: RenderCache, folder: Path) -> None:
        self._cache = cache
        self._folder = folder
        self._names = dict(self._found())
        with suppress(OSError):
            # Looked at now, so not to be removed next.
            os.utime(folder)

    def facts(self, label: str) -> str | None:
        """What was noted of a file, if it is there."""
        name = self._names.get(label)
        return None if name is None else name.facts

    def get(self, label: str) -> Kept | None:
        """Read a file; None if it isn't there, or isn't what was written."""
        name = self._names.get(label)
        if name is None:
            return None
        path = self._path(label, name)
        try:
            data = read_regular(path)
        except OSError:
            del self._names[label]
            return None
        if hashlib.sha256(data).hexdigest() != name.digest:
            del self._names[label]
            with suppress(OSError):
                path.unlink()
            return None
        return Kept(path, name.facts, name.suffix, name.digest, data)

    def put(self, label: str, facts: str, suffix: str, data: bytes) -> None:
        """Keep a file, whole or not at all.

        Args:
            label: Its name, without `~`.
            facts: What to know of it without reading it, without `~` and `.`.
            suffix: Such as `.png`.
            data: Its bytes.
        """
        name = _Name(facts, suffix, hashlib.sha256(data).hexdigest())
        path = self._path(label, name)
        temporary = path.with_name(f"{uuid4().hex}.part")
        try:
            # Slides may be confidential: others on this machine have no business here.
            self._cache.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.mkdir(exist_ok=True)
            try:
                temporary.write_bytes(data)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            self._cache.note_failure(error)
            return
        self._names[label] = name
        self._cache.note_written(len(data))

    def _path(self, label: str, name: _Name) -> Path:
        return self._folder / f"{label}{_MARK}{name.facts}{_MARK}{name.digest}{name.suffix}"

    def _found(self) -> Iterator[tuple[str, _Name]]:
        with suppress(OSError), os.scandir(self._folder) as files:
            for file in files:
                stem, dot, suffix = file.name.partition(".")
                label, *rest = stem.split(_MARK)
                if len(rest) == 2:
                    yield label, _Name(rest[0], dot + suffix, rest[1])
