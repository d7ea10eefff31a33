"""The pages of a TIFF: scanners and fax machines keep a document in one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from ragsight.chunks import ImageRef
from ragsight.errors import ErrorHandler, ImageError
from ragsight.images import MAX_PIXELS, open_image, read_image_bytes
from ragsight.images.opening import open_lazily
from ragsight.loaders.pdf.figures.rendering import encoded

_SUBFILE_TYPE = 254
_REDUCED, _MASK = 1, 4
"""Bits of the kind of a picture (TIFF 6.0, section 8): a smaller copy of another one, a mask."""

_MOST_PAGES = 10_000
"""Pages of one file; a file that claims more is no scan."""

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, RuntimeError)


def tiff_pages(path: Path, on_error: ErrorHandler) -> Iterator[tuple[int, ImageRef]]:
    """The pages of a TIFF that has several; nothing for one with a single page.

    Smaller copies, which pyramids and previews are, and masks are no pages.

    Args:
        path: The file.
        on_error: Called with a page that can't be read; the others follow if it returns.

    Yields:
        Numbers from 1, and pictures that carry their bytes.

    Raises:
        ImageError: If the file can't be read at all.
    """
    image = open_lazily(read_image_bytes(path), str(path))
    frames, is_whole = _frames(image)
    if not is_whole:
        on_error(ImageError(f"{path}: its list of pages is damaged after page {len(frames)}."))
    if len(frames) < 2:
        return
    for number, frame in enumerate(frames, start=1):
        try:
            yield number, _page(image, frame, f"{path}#page={number}")
        except (*_DAMAGED, ImageError, Image.DecompressionBombError) as error:
            on_error(ImageError(f"{path}: page {number} can't be read ({error})."))


def _frames(image: Image.Image) -> tuple[list[int], bool]:
    """Numbers of the frames that are pages, and whether the list of frames came to its end."""
    frames: list[int] = []
    for frame in range(_MOST_PAGES):
        try:
            image.seek(frame)
        except EOFError:
            return frames, True
        except (*_DAMAGED, Image.DecompressionBombError):
            return frames, False
        kind = getattr(image, "tag_v2", {}).get(_SUBFILE_TYPE, 0)
        if not (isinstance(kind, int) and kind & (_REDUCED | _MASK)):
            frames.append(frame)
    return frames, False


def _page(image: Image.Image, frame: int, uri: str) -> ImageRef:
    image.seek(frame)
    if image.width * image.height > MAX_PIXELS:
        raise ImageError(f"{image.width}x{image.height} pixels is more than {MAX_PIXELS:,}")
    return encoded(open_image(image.copy()), uri)
