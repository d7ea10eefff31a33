"""Text in pictures: what reads it, and how it becomes lines on a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from PIL import Image

from ragsight.chunks import BBox
from ragsight.errors import ConfigurationError, DocumentError
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.loaders.pdf.ocr.rapid import RapidOcr, is_installed, knows
from ragsight.loaders.pdf.page.geometry import height, shared_x, shared_y, union
from ragsight.loaders.pdf.page.page import Line, Page

OcrResult = str | Sequence[tuple[str, BBox]]
"""The text, or lines or words with their boxes in pixels, in reading order."""

OcrCallable = Callable[[Image.Image], OcrResult]
"""Takes a picture (RGB) of a page or figure and gives the text in it."""

NO_TEXT_LAYER = (
    "The page is a picture without text, and its words weren't read. Pass ocr='auto' to read them "
    "with rapidocr or tesseract, or ocr=... your own function."
)

_OR_RAPIDOCR = "Or run: pip install 'ragsight[ocr]'"

_SIZE_OF_LINE = 0.8
"""Font size as a share of a row's height; with more, words read on a picture pass for headings
beside the file's own text, with less, headings among them for text."""


@dataclass(frozen=True)
class OcrReader:
    """Reads pictures, if it can.

    Attributes:
        engine: What reads them; None if nothing does.
        hint: Why there is no engine, and what to do about it.

    Example:
        >>> OcrReader(lambda image: "Open the valve.").text(Image.new("RGB", (9, 9)))
        'Open the valve.'
    """

    engine: OcrCallable | None = None
    hint: str = ""

    def text(self, image: Image.Image) -> str:
        """The words in a picture, line by line.

        Raises:
            DocumentError: If the engine fails.
        """
        result = self._result(image)
        if isinstance(result, str):
            return result.strip()
        return "\n".join(text.strip() for text, _ in result if text.strip())

    def page(self, page: Page, image: Image.Image) -> Page:
        """A page with the words in its picture as its lines.

        Args:
            page: The page.
            image: All of it, as a picture.

        Raises:
            DocumentError: If the engine fails.
        """
        result = self._result(image)
        if isinstance(result, str):
            lines = _unplaced(result, page)
        else:
            lines = _lines(result, page.width / image.width)
        return replace(page, lines=tuple(lines))

    def _result(self, image: Image.Image) -> OcrResult:
        if self.engine is None:
            return ""
        try:
            result = self.engine(image)
        except Exception as error:
            raise DocumentError(f"The text in a picture can't be read ({error}).") from error
        if not isinstance(result, str | Sequence):
            raise ConfigurationError(
                f"The OCR function returned {type(result).__name__}: it must return a text, or a "
                "list of (text, box)."
            )
        return result


def ocr_reader(
    ocr: str | OcrCallable, language: str, backend: BackendName = "pymupdf"
) -> OcrReader:
    """What `PdfOptions.ocr` asks for.

    Args:
        ocr: `off`, `auto`, an engine's name or a function.
        language: By tesseract's names.
        backend: What reads the file; PyMuPDF brings tesseract with it, others need the program.
    """
    if not isinstance(ocr, str):
        return OcrReader(ocr)
    if ocr == "off":
        return OcrReader(hint=NO_TEXT_LAYER)
    try:
        if ocr == "rapidocr" or (ocr == "auto" and is_installed() and knows(language)):
            return OcrReader(RapidOcr(language))
        return OcrReader(tesseract(language, backend))
    except ConfigurationError as error:
        more = f" {_OR_RAPIDOCR}" if ocr == "auto" and knows(language) else ""
        return OcrReader(hint=f"{error}{more}")


def tesseract(language: str, backend: BackendName = "pymupdf") -> OcrCallable:
    """Tesseract, without calling PyMuPDF where another library reads the file.

    Raises:
        ConfigurationError: If it isn't there, or has no data for the language; says what to
            install.
    """
    if backend != "pymupdf":
        from ragsight.loaders.pdf.ocr.tesseract_program import TesseractProgram

        return TesseractProgram(language)
    from ragsight.loaders.pdf.ocr.tesseract import Tesseract

    return Tesseract(language)


def _lines(result: Sequence[tuple[str, BBox]], scale: float) -> list[Line]:
    """Lines in blocks: words of one row joined, rows parted where the white space is wider."""
    rows: list[tuple[str, BBox]] = []
    for text, (left, top, right, bottom) in result:
        if not text.strip():
            continue
        box = (left * scale, top * scale, right * scale, bottom * scale)
        if rows and _goes_on(rows[-1][1], box):
            rows[-1] = (f"{rows[-1][0]} {text.strip()}", union((rows[-1][1], box)))
        else:
            rows.append((text.strip(), box))
    blocks: list[list[tuple[str, BBox]]] = []
    for row in rows:
        if blocks and _continues(blocks[-1][-1][1], row[1]):
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return [
        Line(text, box, _size(block), block=number)
        for number, block in enumerate(blocks)
        for text, box in block
    ]


def _goes_on(box: BBox, word: BBox) -> bool:
    high = height(box)
    return shared_y(box, word) > 0.5 and -0.3 * high <= word[0] - box[2] < 1.2 * high


def _continues(above: BBox, row: BBox) -> bool:
    high = min(height(above), height(row))
    alike = max(height(above), height(row)) < 1.6 * high
    return alike and -0.5 * high < row[1] - above[3] < 0.9 * high and shared_x(above, row) > 0.3


def _size(block: Sequence[tuple[str, BBox]]) -> float:
    # The heights of single rows vary with the letters in them; those of a block hardly do.
    high = median(height(box) for _, box in block)
    return max(1.0, round(_SIZE_OF_LINE * high * 2) / 2)


def are_placed(lines: Sequence[Line], page: Page) -> bool:
    """Whether lines stand where their words do: those of an engine without boxes don't."""
    return any(line.bbox[2] - line.bbox[0] < page.width for line in lines)


def _unplaced(text: str, page: Page) -> list[Line]:
    """Lines whose places aren't known: spread over the page, so that their order is kept."""
    texts = [line.strip() for line in text.splitlines()]
    step = height(page.bbox) / max(1, len(texts))
    found, block = [], 0
    for number, words in enumerate(texts):
        if words:
            box = (0.0, number * step, page.width, (number + 0.8) * step)
            found.append(Line(words, box, 10.0, block=block))
        else:
            block += 1
    return found
