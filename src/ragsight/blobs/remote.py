"""Open a place by its URL: a folder, or what fsspec finds in object stores, memory, servers."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.registry import register_implementation

from ragsight.blobs.places import PART, Entry, Folder, Place, place_errors
from ragsight.errors import ConfigurationError, extra
from ragsight.redaction import without_secrets

_ATOMIC = frozenset({"memory", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss"})
"""Protocols where an object appears whole or not at all, and folders don't exist."""

_TIMES = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")
"""What filesystems call the time at which a file was last written, the surest first."""


_EXTRAS = {
    "s3": ("s3", "s3fs"),
    "s3a": ("s3", "s3fs"),
    "gs": ("gcs", "gcsfs"),
    "gcs": ("gcs", "gcsfs"),
}
"""Protocols that an extra of ragsight brings: the extra, and its module."""


def open_place(url: str, options: Mapping[str, Any]) -> Place:
    """Open a folder or fsspec URL.

    Args:
        url: A folder, or an fsspec URL.
        options: What the filesystem takes, such as `key` and `secret` for S3.

    Raises:
        MissingExtraError: If the package for this protocol isn't installed.
        ConfigurationError: If there is no such protocol, or it doesn't take the options.
    """
    protocol = fsspec.utils.get_protocol(url)
    with extra(*_EXTRAS.get(protocol, ("", ""))):
        try:
            filesystem, root = fsspec.core.url_to_fs(url, **options)
        except ImportError as error:
            # fsspec wraps what is missing in a bare ImportError.
            if isinstance(error.__cause__, ModuleNotFoundError) and protocol in _EXTRAS:
                raise error.__cause__ from error
            raise ConfigurationError(
                f"{protocol}: a package for this kind of place is missing ({error})."
            ) from error
        except Exception as error:
            # Whatever a filesystem's maker thought fit for options that are missing or wrong.
            reason = without_secrets(str(error))
            raise ConfigurationError(
                f"{protocol}: images can't be kept there ({reason}). Give a folder, or an fsspec "
                "URL such as s3://bucket/prefix, with options that its filesystem takes."
            ) from error
    if isinstance(filesystem, LocalFileSystem):
        return Folder(Path(root))
    return RemotePlace(filesystem, root, options)


class RemotePlace:
    """A prefix of any fsspec filesystem.

    Args:
        filesystem: The filesystem.
        root: The prefix, as the filesystem writes it.
        options: What the filesystem was opened with.
    """

    def __init__(self, filesystem: Any, root: str, options: Mapping[str, Any]) -> None:
        self._fs = filesystem
        self._root = root.rstrip("/")
        protocol = filesystem.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        self._puts_atomically = bool(names & _ATOMIC)
        self._scheme = _mount(filesystem, options) if options else None

    def address(self, key: str) -> str:
        """The file's URL.

        Where the filesystem needed options, a URL of this process alone, which knows them:
        credentials don't belong in the URLs of images.
        """
        path = self._path(key)
        if self._scheme is not None:
            return f"{self._scheme}://{path}"
        return str(self._fs.unstrip_protocol(path))

    def read(self, key: str) -> bytes | None:
        """The content of a file; None if there is none."""
        with place_errors(self._name(key), "the image can't be read"):
            try:
                return bytes(self._fs.cat_file(self._path(key)))
            except FileNotFoundError:
                return None

    def write(self, key: str, data: bytes) -> None:
        """Put an object; elsewhere write a temporary file and give it its name."""
        path = self._path(key)
        with place_errors(self._name(key), "the image can't be stored"):
            if self._puts_atomically:
                self._fs.pipe_file(path, data)
                return
            temporary = f"{path}.{uuid4().hex}{PART}"
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            try:
                self._fs.pipe_file(temporary, data)
                self._fs.mv(temporary, path)
            except BaseException:
                with suppress(Exception):
                    self._fs.rm_file(temporary)
                raise

    def refresh(self, key: str, *, older_than: float) -> bool:
        """Find out a file's age; only writing it again would make an old one young."""
        with place_errors(self._name(key), "the image can't be looked up"):
            modified = self._modified(key)
        return modified is not None and time.time() - modified < older_than

    def entries(self, below: str = "") -> Iterator[Entry]:
        """List the objects below a prefix."""
        folder = self._path(below) if below else self._root
        with place_errors(self._fs.unstrip_protocol(folder), "the images can't be listed"):
            self._fs.invalidate_cache(folder)
            try:
                found = self._fs.find(folder, detail=True)
            except FileNotFoundError:
                return
            # Kept listings would hide what other processes write and remove.
            self._fs.invalidate_cache(folder)
        for path, info in found.items():
            if path.startswith(f"{self._root}/"):
                key = path[len(self._root) + 1 :]
                yield Entry(key, int(info.get("size") or 0), _modified_time(info))

    def remove(self, key: str, *, before: float | None = None) -> bool:
        """Remove an object; its time is asked for again right before."""
        with place_errors(self._name(key), "the image can't be removed"):
            try:
                if before is not None:
                    modified = self._modified(key)
                    if modified is None or modified >= before:
                        return False
                self._fs.rm_file(self._path(key))
            except FileNotFoundError:
                return False
        return True

    def _modified(self, key: str) -> float | None:
        path = self._path(key)
        self._fs.invalidate_cache(path)
        try:
            return _modified_time(self._fs.info(path))
        except FileNotFoundError:
            return None

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _name(self, key: str) -> str:
        return str(self._fs.unstrip_protocol(self._path(key)))


def _modified_time(info: Mapping[str, Any]) -> float | None:
    value = next((info[name] for name in _TIMES if info.get(name) is not None), None)
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
        return aware.timestamp()
    return float(value) if isinstance(value, int | float) else None


def _mount(filesystem: Any, options: Mapping[str, Any]) -> str:
    """Register a scheme under which fsspec reads files with this filesystem in this process."""
    token = fsspec.utils.tokenize(str(filesystem.protocol), dict(options))
    scheme = f"ragsight-{token[:16]}"

    def open_file(_self: Any, path: str, **_arguments: Any) -> Any:
        try:
            return io.BytesIO(filesystem.cat_file(path))
        except OSError:
            raise
        except Exception as error:
            # Whoever opens a file expects this one, whatever the filesystem's maker chose.
            raise OSError(str(error)) from error

    members = {"protocol": scheme, "root_marker": "", "cachable": False, "_open": open_file}
    register_implementation(
        scheme, type("MountedFileSystem", (fsspec.AbstractFileSystem,), members), clobber=True
    )
    return scheme
