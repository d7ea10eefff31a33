"""The loader of drawings in SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ragsight.chunks import Chunk, ImageRef, Source
from ragsight.errors import EmptyDocumentError, ErrorHandler, InputError, raise_error
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.images import sidecar_caption
from ragsight.loaders.svg.drawing import Drawing
from ragsight.loaders.svg.painting import can_paint
from ragsight.loaders.svg.pictures import painted, read_drawing_file

_VERSION = 1
_SEPARATORS = re.compile(r"[-_\s]+")


class SvgLoader:
    """Loads a drawing in SVG as an image: painted, with the words in it.

    Its text is a text file beside it, or else its title and description; the words in the drawing
    are searched with it, and are its text where it has no other. What the drawing refers to outside
    of itself isn't followed, and its scripts don't run. It is painted by resvg (extra `svg`) in a
    process that may take 20 seconds and 3 GB; without it the words are loaded, and a problem says
    so.

    Args:
        path: A `.svg` or `.svgz` file.
        on_error: Called where the drawing can't be painted; its words are loaded if it returns.

    Raises:
        SourceNotFoundError: If there is no such file.

    Example:
        >>> [chunk] = SvgLoader("plan.svg").lazy_load()  # doctest: +SKIP
    """

    def __init__(self, path: str | Path, *, on_error: ErrorHandler = raise_error) -> None:
        self._path = absolute(path)
        self._on_error = on_error

    @property
    def uri(self) -> str:
        """The file's absolute path."""
        return str(self._path)

    def fingerprint(self) -> str:
        """Digest of the drawing, its caption's file, and whether it can be painted."""
        caption = self._caption(lambda _error: None)
        return file_fingerprint(self._path, "SvgLoader", _VERSION, caption, can_paint())

    def lazy_load(self) -> Iterator[Chunk]:
        """Load the drawing.

        Raises:
            DocumentError: If it is damaged or too large; if it can't be painted and `on_error`
                raises, as it does by default.
            EmptyDocumentError: If it has no words and can't be painted.
        """
        drawing = read_drawing_file(self._path)
        caption = self._caption(self._on_error)
        text = caption if caption else drawing.title
        image = self._painted(drawing)
        if image is None and not (text or drawing.words):
            raise EmptyDocumentError(f"{self._path}: no word stands in the drawing.")
        facts: dict[str, Any] = {"name": _SEPARATORS.sub(" ", self._path.stem).strip()}
        if drawing.words and text:
            facts["inner_text"] = drawing.words
        if drawing.removed:
            facts["warnings"] = ["What the drawing refers to outside of itself isn't shown."]
        yield Chunk(
            text=text if text else drawing.words,
            image=image,
            source=Source(uri=self.uri),
            kind="image",
            metadata=facts,
        )

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    def _caption(self, on_error: ErrorHandler) -> str:
        try:
            return sidecar_caption(self._path).strip()
        except InputError as error:
            on_error(error)
            return ""

    def _painted(self, drawing: Drawing) -> ImageRef | None:
        try:
            return painted(drawing, self.uri)
        except InputError as error:
            self._on_error(error)
            return None
