"""Plain text and Markdown files as chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ragsight.chunks import Chunk, Source
from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    ErrorHandler,
    InputError,
    raise_error,
)
from ragsight.images import image_ref
from ragsight.images.uris import decode_data_uri
from ragsight.loaders.base import absolute, file_fingerprint, read_bytes
from ragsight.loaders.chunking import ChunkingOptions, split_paragraphs, split_text
from ragsight.loaders.decoding import DecodedText, decode_text
from ragsight.loaders.local_pictures import LocalPictures
from ragsight.loaders.markdown import (
    MarkdownPicture,
    MarkdownSection,
    MarkdownTable,
    markdown_sections,
    split_front_matter,
    without_data,
)
from ragsight.loaders.svg import picture_at

TEXT_SUFFIXES = frozenset({".txt", ".md", ".markdown"})

_VERSION = 4
_OWN_KEYS = frozenset(
    {"label", "caption", "order", "method", "warnings", "previous", "next", "page_id", "mentions"}
    | {"mentioned_in", "inner_text", "cells"}
)
"""Keys of the metadata that loaders give a meaning; front matter doesn't set them."""


class TextLoader:
    """Loads a text file in passages; Markdown has sections, tables and pictures.

    Markdown is read as CommonMark with tables. A heading is the section of what follows, and a
    passage where nothing follows; a table that is too long for a passage is cut between rows, its
    header repeated; a picture that the text names by path becomes a figure with its alternative
    text; YAML before the text becomes metadata. The encoding is found where a file isn't UTF-8, and
    said in the metadata's `warnings`.

    Args:
        path: A `.txt` or `.md` file.
        chunking: How long passages are.
        image_root: The folder that pictures must lie in or below; the file's own unless given, so
            that a stranger's text doesn't choose among the pictures of this machine.
        on_error: Called with a picture that can't be used; the rest is loaded if it returns.

    Raises:
        SourceNotFoundError: If there is no such file.

    Example:
        >>> TextLoader("notes.md").load()[0].source.section  # doctest: +SKIP
        ('Pumps', 'Maintenance')
    """

    def __init__(
        self,
        path: str | Path,
        *,
        chunking: ChunkingOptions | None = None,
        image_root: str | Path | None = None,
        on_error: ErrorHandler = raise_error,
    ) -> None:
        self._path = absolute(path)
        self._chunking = chunking if chunking is not None else ChunkingOptions()
        self._pictures = LocalPictures(self._path, image_root, "a text")
        self._on_error = on_error

    @property
    def uri(self) -> str:
        """The file's absolute path."""
        return str(self._path)

    def fingerprint(self) -> str:
        """Digest of the file, its pictures' sizes and times, and the options."""
        options: list[object] = ["TextLoader", _VERSION, self._chunking.identity]
        for path in self.image_paths():
            try:
                status = path.stat()
                options.append((str(path), status.st_size, status.st_mtime_ns))
            except OSError:
                options.append((str(path), "absent"))
        return file_fingerprint(self._path, *options)

    def image_paths(self) -> Iterator[Path]:
        """Where the pictures are that the text names; those that can't be used are passed over."""
        if not self._is_markdown:
            return
        decoded = decode_text(read_bytes(self._path))
        for section in markdown_sections(decoded.text if decoded is not None else ""):
            for picture in section.pictures:
                if picture.is_file:
                    try:
                        yield self._pictures.path(picture.target)
                    except InputError:
                        continue

    def lazy_load(self) -> Iterator[Chunk]:
        """Load the passages in order.

        Raises:
            DocumentError: If the file is no text.
            EmptyDocumentError: If there is nothing in it.
            InputError: If a picture can't be used and `on_error` raises, as it does by default.
        """
        decoded = decode_text(read_bytes(self._path))
        if decoded is None:
            raise DocumentError(f"{self._path}: this is no text file; it holds binary data.")
        empty = True
        for chunk in self._chunks(decoded):
            empty = False
            yield chunk
        if empty:
            raise EmptyDocumentError(f"{self._path}: there is no text in the file.")

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    @property
    def _is_markdown(self) -> bool:
        return self._path.suffix.lower() != ".txt"

    def _chunks(self, decoded: DecodedText) -> Iterator[Chunk]:
        warnings = {"warnings": [decoded.remark]} if decoded.remark else {}
        if not self._is_markdown:
            for number, passage in enumerate(split_text(decoded.text, self._chunking), start=1):
                source = Source(uri=self.uri, part=f"text {number}")
                yield Chunk(text=passage, source=source, metadata=dict(warnings))
            return
        values, text = split_front_matter(decoded.text)
        facts = {key: value for key, value in values.items() if key not in _OWN_KEYS}
        yield from _MarkdownChunks(self, facts | warnings).all(list(markdown_sections(text)))

    def picture(self, picture: MarkdownPicture, part: str, facts: dict[str, Any]) -> Chunk | None:
        """The chunk of a picture that the text names; None where it can't be had."""
        if not picture.is_file and not picture.is_inlined:
            return None
        try:
            if picture.is_inlined:
                image = image_ref(decode_data_uri(picture.target))
            else:
                image = picture_at(self._pictures.path(picture.target))
        except InputError as error:
            self._on_error(InputError(f"{self._path}: {error}"))
            return None
        source = Source(uri=self.uri, section=picture.section, part=part)
        caption = {"caption": picture.caption} if picture.caption else {}
        return Chunk(
            text=picture.caption,
            image=image,
            source=source,
            kind="figure",
            metadata=facts | caption,
        )

    @property
    def chunking(self) -> ChunkingOptions:
        """How long passages are."""
        return self._chunking


class _MarkdownChunks:
    """The chunks of a Markdown text, numbered by kind."""

    def __init__(self, loader: TextLoader, facts: dict[str, Any]) -> None:
        self._loader = loader
        self._facts = facts
        self._counts = dict.fromkeys(("text", "table", "figure"), 0)

    def all(self, sections: list[MarkdownSection]) -> Iterator[Chunk]:
        """The chunks in order."""
        for number, section in enumerate(sections):
            following = sections[number + 1].path if number + 1 < len(sections) else ()
            if (
                not section.blocks
                and section.path
                and following[: len(section.path)] != section.path
            ):
                # Nothing stands under the heading, so that no passage would be found by its words.
                yield self._chunk("text", section.path[-1], section.path[:-1])
            yield from self._of_section(section)

    def _of_section(self, section: MarkdownSection) -> Iterator[Chunk]:
        waiting: list[str] = []
        for block in [*section.blocks, None]:
            if isinstance(block, str):
                waiting.append(block)
                continue
            for passage in split_paragraphs(
                list(map(without_data, waiting)), self._loader.chunking
            ):
                yield self._chunk("text", passage.text, section.path)
            waiting = []
            if block is not None:
                for piece in _pieces(block, self._loader.chunking):
                    yield self._chunk("table", piece, section.path)
        for picture in section.pictures:
            part = self._part("figure")
            chunk = self._loader.picture(picture, part, dict(self._facts))
            if chunk is not None:
                yield chunk

    def _chunk(self, kind: Any, text: str, path: tuple[str, ...]) -> Chunk:
        source = Source(uri=self._loader.uri, section=path, part=self._part(kind))
        return Chunk(text=text, source=source, kind=kind, metadata=dict(self._facts))

    def _part(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{kind} {self._counts[kind]}"


def _pieces(table: MarkdownTable, chunking: ChunkingOptions) -> Iterator[str]:
    """A table in pieces that passages hold, each with the header; a row is never cut."""
    piece: list[str] = []
    for row in table.rows:
        longer = "\n".join([table.header, *piece, row])
        if piece and chunking.measure(longer) > chunking.size:
            yield "\n".join([table.header, *piece])
            piece = []
        piece.append(row)
    yield "\n".join([table.header, *piece])
