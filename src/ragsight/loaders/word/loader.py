"""The loader of Word documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ragsight.chunks import Chunk
from ragsight.errors import DocumentError, EmptyDocumentError, ErrorHandler, raise_error
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.blocks import block_chunks
from ragsight.loaders.chunking import ChunkingOptions
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.painting import check_package
from ragsight.loaders.slides.xml import W
from ragsight.loaders.word.reading import WordReader

WORD_SUFFIXES = frozenset({".docx", ".docm", ".dotx", ".dotm"})

_VERSION = 1
_USUAL_PLACE = "word/document.xml"
_CORE = {
    "title": "{http://purl.org/dc/elements/1.1/}title",
    "author": "{http://purl.org/dc/elements/1.1/}creator",
}


class WordLoader:
    """Loads a Word document in passages by section, with its tables, pictures and charts.

    Headings are told by their styles, and bear the numbers that Word shows. A table is cut between
    rows where it is long, its header repeated. Pictures are figures, with their captions and
    alternative texts; charts give their data, SmartArt its words. Notes and reviewers' comments
    (with who wrote them) follow the paragraph that they stand at; headers and footers come first,
    once. Words inserted as tracked changes are read, deleted ones aren't.

    Linked pictures are never fetched.

    Args:
        path: A `.docx` file, or its like with macros, which aren't looked at.
        chunking: How long passages are.
        on_error: Called with a part that can't be read; the rest is loaded if it returns.

    Raises:
        SourceNotFoundError: If there is no such file.

    Example:
        >>> for chunk in WordLoader("report.docx").lazy_load():  # doctest: +SKIP
        ...     print(chunk.kind, chunk.source.section, chunk.text[:40])
    """

    def __init__(
        self,
        path: str | Path,
        *,
        chunking: ChunkingOptions | None = None,
        on_error: ErrorHandler = raise_error,
    ) -> None:
        self._path = absolute(path)
        self._chunking = chunking if chunking is not None else ChunkingOptions()
        self._on_error = on_error

    @property
    def uri(self) -> str:
        """The file's absolute path."""
        return str(self._path)

    def fingerprint(self) -> str:
        """Digest of the file's bytes, the loader's version and the length of passages."""
        return file_fingerprint(self._path, "WordLoader", _VERSION, self._chunking.identity)

    def lazy_load(self) -> Iterator[Chunk]:
        """Load the chunks in order.

        Raises:
            PasswordRequiredError: If the file is encrypted.
            EmptyDocumentError: If there is nothing in it.
            UnsupportedFormatError: If it is no Word document; the message says what it is.
            DocumentError: If it is damaged or unsafe, or a part of it is and `on_error` raises.
        """
        check_package(self._path, kind="docx")
        with closing(Package.open(self._path, self.uri)) as package:
            part = package.first("", "officeDocument")
            part = part if part is not None else _USUAL_PLACE
            try:
                body = package.xml(part).find(f"{W}body")
            except DocumentError as error:
                raise DocumentError(f"{self._path}: the text can't be read: {error}") from error
            blocks = (
                []
                if body is None
                else WordReader(package, part, self.uri, self._on_error).blocks(body)
            )
            empty = True
            for chunk in block_chunks(blocks, self.uri, self._chunking, _facts(package)):
                empty = False
                yield chunk
            if empty:
                raise EmptyDocumentError(f"{self._path}: there is nothing in the document.")

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())


def _facts(package: Package) -> dict[str, Any]:
    part = package.first("", "core-properties")
    try:
        root = None if part is None else package.xml(part)
    except DocumentError:
        # Who wrote the file is no reason to lose the file.
        root = None
    if root is None:
        return {}
    texts = {f"document_{key}": root.findtext(name) or "" for key, name in _CORE.items()}
    return {key: words for key, text in texts.items() if (words := " ".join(text.split()))}
