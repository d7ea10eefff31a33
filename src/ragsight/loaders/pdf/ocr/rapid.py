"""Read the words in a picture with RapidOCR, whose weights come with its package."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from ragsight.chunks import BBox
from ragsight.errors import ConfigurationError, extra
from ragsight.loaders.pdf.page.geometry import height, shared_x

_LATIN = (
    "afr cat ces cym dan deu eng est eus fin fra glg hrv hun ind isl ita lat lav lit msa nld nor "
    "pol por ron slk slv spa sqi swa swe tur"
)
_LANGUAGES = frozenset((*_LATIN.split(), "chi_sim", "chi_tra", "jpn"))
"""Languages by tesseract's names whose letters the weights in the package know. Cyrillic, Arabic,
Hebrew, Korean, Thai and the scripts of India aren't among them."""

_NEXT_ROW = 1.5
"""Heights of a row between it and the next one of its block; with more, columns' rows run into
headings above them, with less, widely set rows are read in the order of their heights."""

_LOCK = threading.Lock()
"""The engine keeps what it works on in itself."""


def is_installed() -> bool:
    """Whether the package and what runs its weights are there."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def knows(language: str) -> bool:
    """Whether all of a text in a language can be read.

    Args:
        language: One or more, such as `eng+deu`.
    """
    return all(name in _LANGUAGES for name in language.split("+"))


class RapidOcr:
    """Reads pictures with the weights that come with the package `rapidocr`.

    Args:
        language: One or more languages, by tesseract's names.

    Raises:
        MissingExtraError: If it isn't installed.
        ConfigurationError: If the weights don't know the letters of the language.

    Example:
        >>> RapidOcr("eng")(Image.open("scan.png"))[0]  # doctest: +SKIP
        ('Pumps and valves', (60.0, 80.0, 310.0, 104.0))
    """

    def __init__(self, language: str = "eng") -> None:
        if not knows(language):
            raise ConfigurationError(
                f"Text in pictures can't be read: rapidocr doesn't know all letters of {language}. "
                "Pass ocr='tesseract', or ocr=... your own function."
            )
        with extra("ocr", "rapidocr"):
            import rapidocr  # noqa: F401

    def __call__(self, image: Image.Image) -> list[tuple[str, BBox]]:
        """Lines of text with their boxes in pixels, column after column."""
        # The engine takes its colours the other way round.
        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
        with _LOCK:
            result = _engine()(pixels)
        if result.txts is None or result.boxes is None:
            return []
        found = []
        for text, corners in zip(result.txts, result.boxes, strict=True):
            xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
            found.append((str(text), (min(xs), min(ys), max(xs), max(ys))))
        return in_columns(found)


def in_columns(lines: Sequence[tuple[str, BBox]]) -> list[tuple[str, BBox]]:
    """Lines, which come by their height on the page, block after block.

    Example:
        >>> left, right = (0, 0, 40, 10), (60, 1, 99, 11)
        >>> lower = (0, 14, 40, 24), (60, 15, 99, 25)
        >>> rows = [("a", left), ("c", right), ("b", lower[0]), ("d", lower[1])]
        >>> [text for text, _ in in_columns(rows)]
        ['a', 'b', 'c', 'd']
    """
    blocks: list[list[tuple[str, BBox]]] = []
    for line in lines:
        above = [block for block in blocks if _is_next(block[-1][1], line[1])]
        if len(above) == 1:
            above[0].append(line)
        else:
            blocks.append([line])
    return [line for block in blocks for line in block]


def _is_next(above: BBox, box: BBox) -> bool:
    high = min(height(above), height(box))
    return -0.5 * high < box[1] - above[3] < _NEXT_ROW * high and shared_x(above, box) > 0.3


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})
