"""The loader of pages of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ragsight.chunks import Chunk, ImageRef
from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    ErrorHandler,
    InputError,
    raise_error,
)
from ragsight.files import read_regular
from ragsight.images import image_ref
from ragsight.images.uris import decode_data_uri, is_data_uri
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.blocks import Heading, block_chunks
from ragsight.loaders.chunking import ChunkingOptions
from ragsight.loaders.html.page import HtmlPage, read_page
from ragsight.loaders.html.reading import page_blocks, picture_addresses
from ragsight.loaders.local_pictures import LocalPictures
from ragsight.loaders.markdown import has_scheme
from ragsight.loaders.svg import picture_at

HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})

_VERSION = 1
_MOST_BYTES = 64 << 20
"""Bytes of a page; as a tree it takes some ten times as much memory."""


class HtmlLoader:
    """Loads a page of HTML: the content in passages by section, its tables and its figures.

    Menus, headers, footers and what isn't to be seen are left out; a page's content is what it
    marks as such (`main`, `article`), or else its body without them. A picture becomes a figure
    with its caption and alternative text where it is in the page (a `data:` URI) or beside it, in
    or below the page's folder. Nothing is fetched: of pictures elsewhere the words are kept.

    Args:
        path: A `.html` file.
        chunking: How long passages are.
        image_root: The folder that pictures must lie in or below; the file's own unless given, so
            that a stranger's page doesn't choose among the pictures of this machine.
        on_error: Called with a picture that can't be used; the rest is loaded if it returns.

    Raises:
        SourceNotFoundError: If there is no such file.

    Example:
        >>> for chunk in HtmlLoader("page.html").lazy_load():  # doctest: +SKIP
        ...     print(chunk.kind, chunk.source.section, chunk.text[:40])
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
        self._pictures = LocalPictures(self._path, image_root, "a page")
        self._on_error = on_error

    @property
    def uri(self) -> str:
        """The file's absolute path."""
        return str(self._path)

    def fingerprint(self) -> str:
        """Digest of the file, its pictures' sizes and times, and the options."""
        options: list[object] = ["HtmlLoader", _VERSION, self._chunking.identity]
        for path in self.image_paths():
            try:
                status = path.stat()
                options.append((str(path), status.st_size, status.st_mtime_ns))
            except OSError:
                options.append((str(path), "absent"))
        return file_fingerprint(self._path, *options)

    def image_paths(self) -> Iterator[Path]:
        """Where the pictures are that the page names; those that can't be used are passed over."""
        for address in dict.fromkeys(picture_addresses(self._page())):
            if not has_scheme(address):
                try:
                    yield self._local(address)
                except InputError:
                    continue

    def lazy_load(self) -> Iterator[Chunk]:
        """Load the chunks in order.

        Raises:
            DocumentError: If the file is no page, or so long or nested that it can't be read.
            EmptyDocumentError: If there is nothing on it.
            InputError: If a picture can't be used and `on_error` raises, as it does by default.
        """
        page = self._page()
        if page.is_cut:
            self._on_error(
                DocumentError(
                    f"{self._path}: its elements are nested so deep that the rest isn't read."
                )
            )
        facts: dict[str, Any] = {"document_title": page.title} if page.title else {}
        if page.remark:
            facts["warnings"] = [page.remark]
        blocks = page_blocks(page, self._picture)
        has_title = any(isinstance(block, Heading) and block.level == 1 for block in blocks)
        above = (page.title,) if page.title and not has_title else ()
        empty = True
        for chunk in block_chunks(blocks, self.uri, self._chunking, facts, above):
            empty = False
            yield chunk
        if empty:
            raise EmptyDocumentError(f"{self._path}: there is nothing on the page.")

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    def _page(self) -> HtmlPage:
        try:
            data = read_regular(self._path, most=_MOST_BYTES)
        except OSError as error:
            raise DocumentError(f"{self._path}: the file can't be read ({error}).") from error
        return read_page(data, self.uri)

    def _local(self, address: str) -> Path:
        """Where a picture lies that an address names, without what servers would make of it."""
        plain = address.partition("#")[0]
        try:
            found = self._pictures.path(unquote(plain))
            if found.exists() or "?" not in plain:
                return found
        except InputError:
            if "?" not in plain:
                raise
        return self._pictures.path(unquote(plain.partition("?")[0]))

    def _picture(self, address: str) -> ImageRef | None:
        if not address:
            return None
        try:
            if is_data_uri(address):
                return image_ref(decode_data_uri(address))
            if has_scheme(address):
                return None
            return picture_at(self._local(address))
        except InputError as error:
            self._on_error(InputError(f"{self._path}: {error}"))
            return None
