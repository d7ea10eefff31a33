"""Tell checkpoints apart by what is in them, without reading all of it."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ragsight.files import open_regular, read_regular

_READ_WHOLE = ("*.json", "*.txt", "*.model")
_WEIGHTS = ("*.safetensors", "*.bin")
_BLOCK = 4096
_BLOCKS = 256


def digest_of(facts: Mapping[str, Any]) -> str:
    """Hex SHA-256 of JSON-ready facts, whatever their order."""
    encoded = json.dumps(facts, sort_keys=True).encode()
    return hashlib.sha256(encoded).hexdigest()


def folder_digest(folder: Path) -> str:
    """Digest of a checkpoint's folder, wherever it is and whenever it was written.

    Configuration and vocabulary are read whole. Of the weights, which may be gigabytes, it reads a
    block inside each tensor: training changes every tensor it touches throughout, while size and
    header stay the same.

    Args:
        folder: A local checkpoint.

    Returns:
        Hex SHA-256.
    """
    digest = hashlib.sha256()
    for path in _files(folder, _READ_WHOLE):
        _add(digest, path.name.encode(), read_regular(path))
    for path in _files(folder, _WEIGHTS):
        _add(digest, path.name.encode(), str(path.stat().st_size).encode())
        for block in _sampled(path):
            _add(digest, block)
    return digest.hexdigest()


def _files(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    return sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())


def _add(digest: hashlib._Hash, *parts: bytes) -> None:
    for part in parts:
        digest.update(struct.pack("<Q", len(part)))
        digest.update(part)


def _sampled(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with open_regular(path) as file:
        header = _safetensors_header(file, size)
        starts = _tensor_middles(header) if header is not None else None
        if header is not None and starts is not None:
            yield header
        for start in starts if starts is not None else _evenly_spaced(size):
            file.seek(start)
            yield file.read(_BLOCK)


def _safetensors_header(file: BinaryIO, size: int) -> bytes | None:
    """Its length in 8 bytes, then JSON: https://huggingface.co/docs/safetensors (Format)."""
    length = int.from_bytes(file.read(8), "little")
    return file.read(length) if 2 <= length <= size - 8 else None


def _tensor_middles(header: bytes) -> list[int] | None:
    data = 8 + len(header)
    try:
        entries = json.loads(header)
        spans = [entry["data_offsets"] for name, entry in entries.items() if name != "__metadata__"]
        return sorted(data + max(0, (start + end - _BLOCK) // 2) for start, end in spans)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _evenly_spaced(size: int) -> list[int]:
    return list(range(0, size, max(_BLOCK, size // _BLOCKS)))
