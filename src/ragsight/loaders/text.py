"""Plain text and Markdown files as chunks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ragsight.chunks import Chunk, Source
from ragsight.errors import DocumentError, EmptyDocumentError
from ragsight.loaders.base import absolute, file_fingerprint, read_bytes
from ragsight.loaders.chunking import ChunkingOptions, split_text

TEXT_SUFFIXES = frozenset({".txt", ".md", ".markdown"})

_VERSION = 2
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")


class TextLoader:
    """Loads a text file in passages; Markdown headings become the passages' sections.

    Args:
        path: A `.txt` or `.md` file in UTF-8.
        chunking: How long passages are.

    Raises:
        SourceNotFoundError: If there is no such file.

    Example:
        >>> TextLoader("notes.md").load()[0].source.section  # doctest: +SKIP
        ('Pumps', 'Maintenance')
    """

    def __init__(self, path: str | Path, *, chunking: ChunkingOptions | None = None) -> None:
        self._path = absolute(path)
        self._chunking = chunking if chunking is not None else ChunkingOptions()

    @property
    def uri(self) -> str:
        """The file's absolute path."""
        return str(self._path)

    def fingerprint(self) -> str:
        """Digest of the file and the options."""
        return file_fingerprint(self._path, "TextLoader", _VERSION, self._chunking.identity)

    def lazy_load(self) -> Iterator[Chunk]:
        """Load the passages in order.

        Raises:
            DocumentError: If the file is no text.
            EmptyDocumentError: If there is nothing in it.
        """
        data = read_bytes(self._path)
        if b"\0" in data:
            raise DocumentError(f"{self._path}: this is no text file; it holds binary data.")
        text = data.decode("utf-8-sig", errors="replace")
        number = 0
        for section, body in _sections(text, self._path.suffix.lower() != ".txt"):
            for passage in split_text(body, self._chunking):
                number += 1
                source = Source(uri=self.uri, section=section, part=f"text {number}")
                yield Chunk(text=passage, source=source)
        if number == 0:
            raise EmptyDocumentError(f"{self._path}: there is no text in the file.")

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())


def _sections(text: str, is_markdown: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    """Pairs of heading path and body."""
    if not is_markdown:
        yield (), text
        return
    path: dict[int, str] = {}
    body: list[str] = []
    in_fence = False
    for line in text.splitlines():
        in_fence ^= bool(_FENCE.match(line))
        heading = None if in_fence else _HEADING.match(line)
        if heading is None:
            body.append(line)
            continue
        yield tuple(path.values()), "\n".join(body)
        body = []
        level = len(heading[1])
        path = {depth: title for depth, title in path.items() if depth < level}
        path[level] = heading[2]
    yield tuple(path.values()), "\n".join(body)
