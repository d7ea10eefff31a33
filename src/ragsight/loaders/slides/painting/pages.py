"""Pictures of slides from the pages of a PDF, kept once they are painted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple

from ragsight.chunks import BBox, ImageRef
from ragsight.errors import RenderError
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.loaders.pdf.figures.rendering import encoded
from ragsight.loaders.slides.painting.cache import Kept, Shelf

_WHOLE: BBox = (0.0, 0.0, 1e6, 1e6)
_MAX_DPI = 300
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}
_MIMES = {suffix: mime for mime, suffix in _SUFFIXES.items()}


class PageLook(NamedTuple):
    """What decides how a page is painted.

    Attributes:
        image_side: Longest side of a picture in pixels.
        backend: The library that paints it.
    """

    image_side: int
    backend: BackendName

    @property
    def label(self) -> str:
        """Tells kept pictures apart."""
        made_by = "" if self.backend == "pymupdf" else f"-{self.backend}"
        return f"{self.image_side}px{made_by}"


class PdfRenders:
    """`SlideRenders` from a PDF, which is opened when a picture isn't kept yet.

    Args:
        uri: The deck, for messages and the pictures' addresses.
        renderer: What made the PDF.
        numbers: Number of a slide to that of its page.
        shelf: Where its pictures are kept; None for nowhere.
        open_pdf: Opens the PDF.
        look: How pages are painted.
        scale: Points of the PDF for one of the deck.

    Example:
        >>> with open_renders(path, facts) as renders:  # doctest: +SKIP
        ...     print(renders.render(1).width)
    """

    def __init__(
        self,
        uri: str,
        renderer: str,
        numbers: Mapping[int, int],
        *,
        shelf: Shelf | None,
        open_pdf: Callable[[], PageSource],
        look: PageLook,
        scale: float = 1.0,
    ) -> None:
        self.renderer = renderer
        self.numbers = numbers
        self._uri = uri
        self._shelf = shelf
        self._open_pdf = open_pdf
        self._look = look
        self._scale = scale
        self._source: PageSource | None = None

    def __enter__(self) -> PdfRenders:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the PDF; it is opened again if need be."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def render(self, slide: int, region: BBox | None = None) -> ImageRef:
        """The picture of a slide or of a region of it; see `SlideRenders`."""
        page = self.numbers.get(slide)
        if page is None:
            raise RenderError(
                f"{self._uri}: {self.renderer} gave no picture of slide {slide}. Ask only for the "
                "slides in `numbers`."
            )
        uri, label = f"{self._uri}#slide={slide}", f"page-{page}-{self._look.label}"
        box = _WHOLE
        if region is not None:
            left, top, right, bottom = (round(self._scale * side) for side in region)
            box = (left, top, right, bottom)
            uri += "&bbox=" + ",".join(f"{side:.0f}" for side in region)
            label += "".join(f"-{side}" for side in box)
        kept = None if self._shelf is None else self._shelf.get(label)
        return _kept_image(uri, kept) if kept is not None else self._painted(uri, page, box, label)

    def _painted(self, uri: str, page: int, box: BBox, label: str) -> ImageRef:
        if self._source is None:
            self._source = self._open_pdf()
        image = self._source.render(page, box, max_side=self._look.image_side, max_dpi=_MAX_DPI)
        ref = encoded(image, uri)
        if self._shelf is not None and ref.data is not None:
            size = f"{ref.width}x{ref.height}"
            self._shelf.put(label, size, _SUFFIXES[ref.mime], ref.data)
        return ref


def _kept_image(uri: str, kept: Kept) -> ImageRef:
    width, _, height = kept.facts.partition("x")
    return ImageRef(
        uri=uri,
        sha256=kept.digest,
        mime=_MIMES[kept.suffix],
        width=int(width),
        height=int(height),
        size=len(kept.data),
        data=kept.data,
    )
