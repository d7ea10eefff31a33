"""Read the words in a picture with tesseract, through PyMuPDF."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import Image

from ragsight.chunks import BBox
from ragsight.errors import ConfigurationError, DocumentError
from ragsight.loaders.pdf.backends.mupdf.source import MUPDF_ERRORS, MUPDF_LOCK, mupdf_library
from ragsight.loaders.pdf.page.geometry import union

HINT = (
    "Install tesseract with its language data (Debian: apt-get install tesseract-ocr; macOS: brew "
    "install tesseract), or set TESSDATA_PREFIX to the folder of the data."
)


class Tesseract:
    """Reads pictures; the engine is part of PyMuPDF, only its language data must be installed.

    Args:
        language: One or more languages, such as `eng+deu`.

    Raises:
        ConfigurationError: If there is no data, or none for the language; says what to install.

    Example:
        >>> Tesseract("eng")(Image.open("scan.png"))[0]  # doctest: +SKIP
        ('Pumps and valves', (60.0, 80.0, 310.0, 104.0))
    """

    def __init__(self, language: str = "eng") -> None:
        self._language = language
        self._folder = _data_folder()
        if self._folder is None:
            raise ConfigurationError(f"Text in pictures can't be read: no OCR data found. {HINT}")
        missing = [
            name
            for name in language.split("+")
            if not Path(self._folder, f"{name}.traineddata").is_file()
        ]
        if missing:
            raise ConfigurationError(
                f"Text in pictures can't be read: {self._folder} has no data for "
                f"{', '.join(missing)}. Debian: apt-get install tesseract-ocr-{missing[0]}."
            )

    def __call__(self, image: Image.Image) -> list[tuple[str, BBox]]:
        """Lines of text with their boxes in pixels.

        Raises:
            DocumentError: If the engine fails.
        """
        library = mupdf_library()
        rgb = image.convert("RGB")
        with MUPDF_LOCK:
            try:
                pixmap = library.Pixmap(library.csRGB, *rgb.size, rgb.tobytes(), False)
                data = pixmap.pdfocr_tobytes(language=self._language, tessdata=self._folder)
                with library.open(stream=data, filetype="pdf") as document:
                    page = document[0]
                    scale = rgb.width / page.rect.width
                    blocks = page.get_text("dict", flags=0)["blocks"]
            except (*MUPDF_ERRORS, library.mupdf.FzErrorBase) as error:
                raise DocumentError(f"The text in a picture can't be read ({error}).") from error
        lines = [line for block in blocks for line in block.get("lines", ())]
        return [
            (text, _scaled(union(span["bbox"] for span in line["spans"]), scale))
            for line in lines
            if (text := " ".join("".join(span["text"] for span in line["spans"]).split()))
        ]


@cache
def _data_folder() -> str | None:
    try:
        found = mupdf_library().get_tessdata()
    except (RuntimeError, OSError):
        return None
    return str(found) if found and Path(str(found)).is_dir() else None


def _scaled(box: BBox, scale: float) -> BBox:
    left, top, right, bottom = (value * scale for value in box)
    return left, top, right, bottom
