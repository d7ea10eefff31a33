"""Pictures that other files name: images as they are, drawings in SVG painted."""

from __future__ import annotations

from pathlib import Path

from ragsight.chunks import ImageRef
from ragsight.errors import DocumentError
from ragsight.files import read_regular
from ragsight.images import image_ref
from ragsight.loaders.svg.drawing import MOST_BYTES, Drawing, read_drawing
from ragsight.loaders.svg.painting import can_paint, paint_drawing

SVG_SUFFIXES = frozenset({".svg", ".svgz"})


def read_drawing_file(path: Path) -> Drawing:
    """Read a drawing.

    Raises:
        DocumentError: If it can't be read, is damaged, or larger than any.
    """
    try:
        data = read_regular(path, most=MOST_BYTES)
    except OSError as error:
        raise DocumentError(f"{path}: the file can't be read ({error}).") from error
    return read_drawing(data, str(path))


def painted(drawing: Drawing, name: str) -> ImageRef:
    """The picture of a drawing.

    Raises:
        DocumentError: If it can't be painted, or nothing that paints is installed.
    """
    if not can_paint():
        raise DocumentError(
            f"{name}: nothing that paints drawings is installed; its words are loaded without it. "
            "Install it: pip install 'ragsight[svg]'"
        )
    data, _ = paint_drawing(drawing, name)
    return image_ref(data, uri=f"{name}#painted")


def picture_at(path: Path) -> ImageRef:
    """The picture in a file that a text or page names.

    Raises:
        InputError: If there is none, or it can't be used.
    """
    if path.suffix.lower() in SVG_SUFFIXES and path.exists():
        return painted(read_drawing_file(path), str(path))
    return image_ref(path)
