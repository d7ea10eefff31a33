"""Read the words in a picture with the program tesseract, where PyMuPDF isn't to be called."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from functools import cache

from PIL import Image

from ragsight.chunks import BBox
from ragsight.errors import ConfigurationError, DocumentError
from ragsight.loaders.pdf.page.geometry import union

_LIMIT = 120.0
"""Seconds for one picture; a page of print takes two to five."""

_WORD = "5"
"""The level of words in tesseract's tables; the ones above are lines, paragraphs, blocks, pages."""


class TesseractProgram:
    """Reads pictures by running `tesseract`.

    Args:
        language: One or more languages, such as `eng+deu`.

    Raises:
        ConfigurationError: If there is no such program, or no data for the language; says what to
            install.

    Example:
        >>> TesseractProgram("eng")(Image.open("scan.png"))[0]  # doctest: +SKIP
        ('Pumps and valves', (60.0, 80.0, 310.0, 104.0))
    """

    def __init__(self, language: str = "eng") -> None:
        program = shutil.which("tesseract")
        if program is None:
            raise ConfigurationError(
                "Text in pictures can't be read: there is no program 'tesseract'. Debian: apt-get "
                "install tesseract-ocr; macOS: brew install tesseract."
            )
        known = _languages(program)
        missing = [name for name in language.split("+") if name not in known]
        if missing:
            raise ConfigurationError(
                f"Text in pictures can't be read: tesseract has no data for {', '.join(missing)}. "
                f"Debian: apt-get install tesseract-ocr-{missing[0]}."
            )
        self._command = [program, "stdin", "stdout", "-l", language, "tsv"]

    def __call__(self, image: Image.Image) -> list[tuple[str, BBox]]:
        """Lines of text with their boxes in pixels.

        Raises:
            DocumentError: If the program fails or takes too long.
        """
        picture = io.BytesIO()
        image.convert("RGB").save(picture, "PPM")
        try:
            done = subprocess.run(
                self._command,
                input=picture.getvalue(),
                capture_output=True,
                check=True,
                timeout=_LIMIT,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise DocumentError(f"The text in a picture can't be read ({error}).") from error
        return lines_of_table(done.stdout.decode("utf-8", errors="replace"))


def lines_of_table(table: str) -> list[tuple[str, BBox]]:
    """The lines in what `tesseract ... tsv` prints: a row of tabbed columns for each word.

    Args:
        table: With the names of its columns in the first row.
    """
    lines: dict[tuple[str, ...], list[tuple[str, BBox]]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        word = (row.get("text") or "").strip()
        if row["level"] != _WORD or not word:
            continue
        left, top, width, height = (float(row[name]) for name in ("left", "top", "width", "height"))
        line = row["page_num"], row["block_num"], row["par_num"], row["line_num"]
        lines.setdefault(line, []).append((word, (left, top, left + width, top + height)))
    return [
        (" ".join(word for word, _ in words), union(box for _, box in words))
        for words in lines.values()
    ]


@cache
def _languages(program: str) -> frozenset[str]:
    try:
        done = subprocess.run(
            [program, "--list-langs"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
            timeout=_LIMIT,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(
            f"Text in pictures can't be read: {program} fails ({error}). Install it anew."
        ) from error
    # Up to version 3 the list went to the other stream; its first line says where the data is.
    return frozenset(line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines())
