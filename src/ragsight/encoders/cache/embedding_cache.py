"""Embeddings on disk, by what they were made of and what made them."""

from __future__ import annotations

import hashlib
import weakref
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ragsight.encoders.base import FloatArray
from ragsight.encoders.cache.content import FileState
from ragsight.encoders.cache.file import CacheFile
from ragsight.errors import ConfigurationError

_DEFAULT_MAX_BYTES = 2**30
_CHECKSUM_BYTES = 4


class CacheKey(NamedTuple):
    """What an embedding is kept under.

    Attributes:
        content: Digest of the image or text.
        encoder: Fingerprint of the encoder: everything that its vectors depend on.
    """

    content: str
    encoder: str


class EmbeddingCache:
    """Embeddings in one SQLite file, for any number of threads, processes and encoders.

    Where the cache can't do its work, embedding goes on without it, and one warning is logged: a
    damaged file is renamed to `*.damaged-<time>` and a new one begun; where the disk is full or
    can't be written, nothing is kept. It can be pickled: the copy opens the same file.

    Args:
        path: The file, or an existing folder in which it is called `embeddings.sqlite`. A local
            disk: SQLite's locks don't hold on every network file system.
        max_bytes: Limit of what is kept, some 2 kB for a vector of 512 dimensions; the least
            recently used go first. The file itself is somewhat larger.

    Raises:
        ConfigurationError: If `max_bytes` isn't above 0.

    Example:
        >>> cache = EmbeddingCache("cache-example.sqlite")
        >>> key = CacheKey("sha256 of an image", "fingerprint of an encoder")
        >>> cache.put_many({key: np.ones(4, np.float32)})
        >>> cache.get_many([key])[key].tolist()
        [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, path: str | Path, *, max_bytes: int = _DEFAULT_MAX_BYTES) -> None:
        if max_bytes < 1:
            raise ConfigurationError(f"max_bytes is {max_bytes}; it must be 1 or more.")
        place = Path(path).expanduser().absolute()
        self.path = place / "embeddings.sqlite" if place.is_dir() else place
        self.max_bytes = max_bytes
        self._file = CacheFile(self.path, max_bytes=max_bytes)
        # Also at the interpreter's end: what was used last must not be what is evicted next.
        weakref.finalize(self, self._file.close)

    def __repr__(self) -> str:
        return f"EmbeddingCache({str(self.path)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (str(self.path), self.max_bytes)

    def __len__(self) -> int:
        """Number of entries: embeddings, and known digests of files."""
        return self._file.count()

    @property
    def total_bytes(self) -> int:
        """What counts towards `max_bytes`."""
        return self._file.total_bytes()

    def get_many(self, keys: Iterable[CacheKey]) -> dict[CacheKey, FloatArray]:
        """Read embeddings.

        Args:
            keys: Any number of keys.

        Returns:
            A read-only vector for each key that is there.
        """
        names = {_name(*key): key for key in keys}
        found = self._read(names)
        return {
            names[name]: np.frombuffer(value, np.float32)
            for name, value in found.items()
            if len(value) % 4 == 0
        }

    def put_many(self, vectors: Mapping[CacheKey, FloatArray]) -> None:
        """Keep embeddings, as float32."""
        self._write(
            {
                _name(*key): np.ascontiguousarray(vector, np.float32).tobytes()
                for key, vector in vectors.items()
            }
        )

    def get_digests(self, files: Iterable[FileState]) -> dict[FileState, str]:
        """Read the digests of those files that were hashed in the same state."""
        names = {_name("file", *map(str, file)): file for file in files}
        return {
            names[name]: value.decode("ascii", "replace")
            for name, value in self._read(names).items()
        }

    def put_digests(self, digests: Mapping[FileState, str]) -> None:
        """Keep digests of files, except of those that changed a moment ago and may once more."""
        self._write(
            {
                _name("file", *map(str, file)): digest.encode()
                for file, digest in digests.items()
                if file.is_settled
            }
        )

    def clear(self) -> None:
        """Forget everything."""
        self._file.clear()

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        self._file.close()

    def _read(self, names: Iterable[bytes]) -> dict[bytes, bytes]:
        found = self._file.read(names)
        # SQLite notices damage to its own structure, not to what is in it.
        return {
            name: value[_CHECKSUM_BYTES:]
            for name, value in found.items()
            if value[:_CHECKSUM_BYTES] == _checksum(value[_CHECKSUM_BYTES:])
        }

    def _write(self, values: Mapping[bytes, bytes]) -> None:
        self._file.write({name: _checksum(value) + value for name, value in values.items()})


def _reopened(path: str, max_bytes: int) -> EmbeddingCache:
    return EmbeddingCache(path, max_bytes=max_bytes)


def _name(*parts: str) -> bytes:
    """One short name for several strings, whatever is in them."""
    digest = hashlib.blake2b(digest_size=24)
    for part in parts:
        encoded = part.encode("utf-8", "surrogateescape")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.digest()


def _checksum(value: bytes) -> bytes:
    return zlib.crc32(value).to_bytes(_CHECKSUM_BYTES, "little")
