"""What a PDF loader can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, get_args

from ragsight.errors import ConfigurationError
from ragsight.loaders.chunking import ChunkingOptions
from ragsight.loaders.naming import stable_name
from ragsight.loaders.pdf.backends.registry import BackendName, default_backend
from ragsight.loaders.pdf.ocr.reading import OcrCallable

TableMode = Literal["auto", "none"]
FigureImageMode = Literal["all", "none"]
PageImageMode = Literal["auto", "all", "none"]
ContentsMode = Literal["drop", "mark"]
OcrMode = Literal["off", "auto", "rapidocr", "tesseract"]

_CHOICES = {
    "tables": get_args(TableMode),
    "figure_images": get_args(FigureImageMode),
    "page_images": get_args(PageImageMode),
    "contents": get_args(ContentsMode),
    "backend": get_args(BackendName),
}


@dataclass(frozen=True, slots=True)
class PdfOptions:
    """How a PDF becomes chunks.

    Attributes:
        figures: Whether figures, tables and pictures of pages become chunks; if not, captions and
            cells stay in the text.
        tables: `auto`: tables become chunks of their own; `none`: their words stay in the text.
        figure_images: Whether figures and tables are painted. `none`: they come with their
            captions, words, cells and places only, in half the time.
        page_images: Which pages are kept as pictures of the whole page. `auto`: scans and slides;
            `all`: every page; `none`: no page.
        contents: What becomes of tables of contents, lists of figures and indexes. `drop`: they
            are left out, since all they say stands as headings and captions elsewhere, while a
            search for a title would find the list before the section. `mark`: they become text
            chunks with `role: "contents"`.
        chunking: How long passages are.
        ocr: How text in pictures is read: on pages without a text layer, and in figures with
            bitmaps. `off`: not at all. `rapidocr`: with the weights that come with the extra
            `ocr`, for languages written in Latin letters, Chinese and Japanese. `tesseract`: with
            its program or data. `auto`: with rapidocr where it is installed and knows the letters
            of `ocr_language`, else with tesseract, else the chunks carry a warning that says what
            to install. A callable: see
            `ragsight.loaders.pdf.ocr.reading.OcrCallable`.
        ocr_language: Languages by tesseract's names, such as `eng+deu`.
        page_timeout: Seconds that the PDF library may spend on one page, all in all; None for no
            limit. A page that takes longer is reported and left out. In this process the library
            can't be interrupted: time is taken between its steps, so a page made to take minutes
            takes them once. With `isolate` it is stopped at the limit.
        isolate: Whether the PDF library runs in a process of its own, which is ended when a page
            takes too long or crashes it, and started again for the next page.
        image_side: Longest side of a rendered picture in pixels. Vision models scale down to
            about 1,568, so more is stored but not seen.
        max_dpi: Resolution beyond which small figures aren't enlarged.
        backend: The library that reads the file. `pymupdf`: fast, under the AGPL or a commercial
            licence. `pdfium`: under the BSD and Apache licences, comes with the extra `pdfium`;
            PyMuPDF is then not imported, and `ocr="auto"` runs the program `tesseract`. By default
            what the environment's RAGSIGHT_PDF_BACKEND names, else `pymupdf`.

    Raises:
        ConfigurationError: If a value is none of its choices, or a size or time isn't above 0.

    Example:
        >>> PdfOptions(page_images="all").tables
        'auto'
    """

    figures: bool = True
    tables: TableMode = "auto"
    figure_images: FigureImageMode = "all"
    page_images: PageImageMode = "auto"
    contents: ContentsMode = "drop"
    chunking: ChunkingOptions = field(default_factory=ChunkingOptions)
    ocr: OcrMode | OcrCallable = "off"
    ocr_language: str = "eng"
    page_timeout: float | None = 60.0
    isolate: bool = False
    image_side: int = 1568
    max_dpi: int = 300
    backend: BackendName = field(default_factory=default_backend)

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigurationError(
                    f"{name}={getattr(self, name)!r}: choose one of {', '.join(choices)}."
                )
        if self.ocr not in get_args(OcrMode) and not callable(self.ocr):
            raise ConfigurationError(
                f"ocr={self.ocr!r}: choose one of {', '.join(get_args(OcrMode))}, or pass a "
                "callable that takes a PIL image."
            )
        if self.image_side < 1 or self.max_dpi < 1:
            raise ConfigurationError(
                f"image_side={self.image_side}, max_dpi={self.max_dpi}: both must be 1 or more."
            )
        if self.page_timeout is not None and not self.page_timeout > 0:
            raise ConfigurationError(f"page_timeout={self.page_timeout}: it must be above 0.")

    @property
    def identity(self) -> tuple[Any, ...]:
        """What decides on the chunks, with names in place of callables."""
        ocr = self.ocr if isinstance(self.ocr, str) else stable_name(self.ocr)
        return (
            self.figures, self.tables, self.figure_images, self.page_images, self.contents,
            self.chunking.identity, ocr, self.ocr_language, self.image_side, self.max_dpi,
            self.backend,
        )  # fmt: skip


class PdfSettings(TypedDict, total=False):
    """The fields of `PdfOptions`, as keyword arguments of `PdfLoader`."""

    figures: bool
    tables: TableMode
    figure_images: FigureImageMode
    page_images: PageImageMode
    contents: ContentsMode
    chunking: ChunkingOptions
    ocr: OcrMode | OcrCallable
    ocr_language: str
    page_timeout: float | None
    isolate: bool
    image_side: int
    max_dpi: int
    backend: BackendName
