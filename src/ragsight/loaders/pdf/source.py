"""Pages from PyMuPDF: the only module that knows the library.

MuPDF isn't thread-safe, so all calls into it share one lock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image

from ragsight.chunks import BBox
from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    MissingExtraError,
    PasswordRequiredError,
    WrongPasswordError,
)
from ragsight.loaders.pdf.checks import check_pdf
from ragsight.loaders.pdf.geometry import area, height, intersection, union, width
from ragsight.loaders.pdf.page import Drawing, Line, Page

_LOCK = threading.RLock()
_WHITE = 0.97
_BOLD_FLAG = 1 << 4
_PICTURE_KINDS = frozenset({"fill-image", "fill-imgmask", "fill-shade"})
_LARGE_CURVE = 20.0
_CURVE_STEPS = 8


@cache
def _library() -> Any:
    try:
        import pymupdf
    except ModuleNotFoundError as error:
        if error.name != "pymupdf":
            raise
        raise MissingExtraError(
            "The package 'pymupdf' is not installed. Run: pip install 'pymupdf>=1.26,<3'",
            name=error.name,
        ) from error
    # What MuPDF has to say about a file goes to our errors, not to the user's terminal.
    library: Any = pymupdf
    library.TOOLS.mupdf_display_errors(False)
    library.TOOLS.mupdf_display_warnings(False)
    return library


class PdfFile:
    """An open PDF; pages are numbered from 1 and boxes have the page's rotation applied.

    Args:
        source: A path, or the file's bytes.
        name: How to name it in messages.
        password: Opens an encrypted file.

    Raises:
        SourceNotFoundError: If there is no such file.
        PasswordRequiredError: If it is encrypted and no password was given.
        WrongPasswordError: If the password doesn't open it.
        EmptyDocumentError: If it has no bytes or no pages.
        DocumentError: If it is no PDF or too damaged to open.

    Example:
        >>> with PdfFile(Path("manual.pdf"), "manual.pdf") as file:  # doctest: +SKIP
        ...     print(file.page(1).lines[0].text)
    """

    def __init__(self, source: Path | bytes, name: str, password: str | None = None) -> None:
        check_pdf(source, name)
        self.name = name
        with self._errors("the file is damaged and can't be opened"):
            self._document = _opened(source)
        try:
            self._unlock(password)
            with self._errors("the list of pages is damaged"):
                self.page_count: int = self._document.page_count
                self.repaired = bool(self._document.is_repaired)
            if self.page_count < 1:
                raise EmptyDocumentError(
                    f"{name}: the file holds no pages; it may be cut short. Get it again."
                )
            self._forget_structure()
        except DocumentError:
            self.close()
            raise

    def __enter__(self) -> PdfFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with _LOCK:
            if not self._document.is_closed:
                self._document.close()

    def outline(self) -> list[tuple[int, str, int]]:
        """The bookmarks: level from 1, title, page; empty where they are absent or damaged."""
        try:
            with self._errors("the bookmarks are damaged"):
                return [(int(e[0]), str(e[1]), int(e[2])) for e in self._document.get_toc()]
        except DocumentError:
            return []

    def page(self, number: int) -> Page:
        """Read a page's text and pictures.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._errors(f"page {number} can't be read"):
            page = self._document[number - 1]
            pictures = [
                _placed(page, box) for kind, box in page.get_bboxlog() if kind in _PICTURE_KINDS
            ]
            return Page(
                number=number,
                width=float(page.rect.width),
                height=float(page.rect.height),
                lines=tuple(_lines(page)),
                pictures=tuple(box for box in pictures if area(box) > 0),
                label=str(page.get_label()),
                rotated=page.rotation != 0,
            )

    def drawings(self, number: int) -> tuple[Drawing, ...]:
        """Read a page's painted paths, clipped.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._errors(f"the drawings of page {number} can't be read"):
            return tuple(_drawings(self._document[number - 1]))

    def words(self, number: int) -> tuple[Line, ...]:
        """Read a page's words one by one, for what is set closer than lines are told apart.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._errors(f"the words of page {number} can't be read"):
            page = self._document[number - 1]
            return tuple(
                Line(str(word[4]), _placed(page, word[:4]), size=0.0)
                for word in page.get_text("words", flags=_text_flags())
            )

    def render(self, number: int, box: BBox, *, max_side: int, max_dpi: int) -> Image.Image:
        """Paint a region as it looks on the page: masks, colour spaces and labels included.

        Args:
            number: The page.
            box: The region in points.
            max_side: Longest side of the picture, in pixels.
            max_dpi: Highest resolution.

        Raises:
            DocumentError: If the region can't be painted.
        """
        with self._errors(f"a region of page {number} can't be painted"):
            library = _library()
            page = self._document[number - 1]
            clip = library.Rect(box) & page.rect
            scale = min(max_dpi / 72, (max_side - 1) / max(clip.width, clip.height, 1e-3))
            pixmap = page.get_pixmap(
                matrix=library.Matrix(scale, scale), clip=clip, colorspace=library.csRGB,
                alpha=False,
            )  # fmt: skip
            size = (pixmap.width, pixmap.height)
            return Image.frombytes("RGB", size, pixmap.samples, "raw", "RGB", pixmap.stride)

    def trim_memory(self) -> None:
        """Empty MuPDF's cache of decoded images and fonts, which grows to 256 MB otherwise."""
        with _LOCK:
            _library().TOOLS.store_shrink(100)

    def _unlock(self, password: str | None) -> None:
        with _LOCK:
            if not self._document.needs_pass:
                return
            if password is None:
                raise PasswordRequiredError(
                    f"{self.name}: the file is encrypted. Pass password=..."
                )
            if not self._document.authenticate(password):
                raise WrongPasswordError(f"{self.name}: the password doesn't open the file.")

    def _forget_structure(self) -> None:
        # Rendering follows the structure tree and never returns where the tree has a loop.
        try:
            with self._errors("the catalogue is damaged"):
                catalogue = self._document.pdf_catalog()
                if self._document.xref_get_key(catalogue, "StructTreeRoot")[0] != "null":
                    self._document.xref_set_key(catalogue, "StructTreeRoot", "null")
        except DocumentError:
            pass  # A file without a readable catalogue has no tree to follow either.

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        errors = (
            RuntimeError, ValueError, TypeError, LookupError, AttributeError, MemoryError,
            OSError, _library().mupdf.FzErrorBase,
        )  # fmt: skip
        with _LOCK:
            try:
                yield
            except errors as error:
                reason = " ".join(str(error).split())[:200] or type(error).__name__
                raise DocumentError(f"{self.name}: {what} ({reason}).") from error


def _opened(source: Path | bytes) -> Any:
    if isinstance(source, bytes):
        return _library().open(stream=source, filetype="pdf")
    return _library().open(str(source), filetype="pdf")


def _placed(page: Any, box: Any) -> BBox:
    """A box as shown: rotated, and without what lies outside the page."""
    rect = _library().Rect(box) * page.rotation_matrix
    rect.normalize()
    shown: BBox = (rect.x0, rect.y0, rect.x1, rect.y1)
    return intersection(shown, (0.0, 0.0, page.rect.width, page.rect.height))


def _text_flags() -> int:
    # Without the flag for ligatures, they come as separate letters.
    library = _library()
    return int(library.TEXT_MEDIABOX_CLIP | library.TEXT_CID_FOR_UNKNOWN_UNICODE)


def _lines(page: Any) -> Iterator[Line]:
    turn = page.rotation_matrix
    for block in page.get_text("dict", flags=_text_flags())["blocks"]:
        for line in block.get("lines", ()):
            spans = [span for span in line["spans"] if span["text"].strip()]
            text = "".join(span["text"] for span in line["spans"])
            if not spans:
                continue
            box = _placed(page, union(span["bbox"] for span in spans))
            across = line["dir"][0] * turn.a + line["dir"][1] * turn.c
            if area(box) > 0:
                size, bold = _style(spans)
                yield Line(text, box, size, bold, block["number"], across > 0.99)


def _style(spans: list[dict[str, Any]]) -> tuple[float, bool]:
    longest = max(spans, key=lambda span: len(span["text"]))
    total = sum(len(span["text"]) for span in spans)
    bold = sum(len(span["text"]) for span in spans if _is_bold(span))
    return float(longest["size"]), bold >= 0.8 * total


def _is_bold(span: dict[str, Any]) -> bool:
    name = span["font"].lower()
    return bool(span["flags"] & _BOLD_FLAG) or any(
        word in name for word in ("bold", "black", "heavy", "semibold", "demi")
    )


def _drawings(page: Any) -> Iterator[Drawing]:
    clips: list[tuple[int, Any]] = []
    for path in page.get_cdrawings(extended=True):
        level = path.get("level", 0)
        while clips and clips[-1][0] >= level:
            clips.pop()
        if path["type"] == "clip":
            clips.append((level, path["scissor"]))
            continue
        if path["type"] == "group":
            continue
        box = _inked(path)
        for _, scissor in clips:
            box = intersection(box, scissor)
        box = _placed(page, box)
        if width(box) > 0 and height(box) > 0:
            yield Drawing(box, _is_filled(path), _is_angular(path), _is_white(path))


def _is_filled(path: dict[str, Any]) -> bool:
    fill = path.get("fill")
    return "f" in path["type"] and fill is not None and min(fill) < _WHITE


def _is_white(path: dict[str, Any]) -> bool:
    stroke = path.get("color") if "s" in path["type"] else None
    return not _is_filled(path) and (stroke is None or min(stroke) >= _WHITE)


def _inked(path: dict[str, Any]) -> BBox:
    left, top, right, bottom = _extent(path)
    # A hairline has no area of its own; a quarter of a point keeps it a box.
    half = max(0.25, (path.get("width") or 0.0) / 2) if "s" in path["type"] else 0.125
    return left - half, top - half, right + half, bottom + half


def _extent(path: dict[str, Any]) -> BBox:
    left, top, right, bottom = path["rect"]
    curves = [item for item in path["items"] if item[0] == "c"]
    if not curves or max(right - left, bottom - top) < _LARGE_CURVE:
        return left, top, right, bottom
    # MuPDF counts the control points of curves in, which lie well outside a slice of a pie.
    points = [point for item in curves for point in _on_curve(*item[1:5])]
    for item in path["items"]:
        if item[0] == "l":
            points += [item[1], item[2]]
        elif item[0] == "re":
            points += [item[1][:2], item[1][2:]]
        elif item[0] == "qu":
            points += list(item[1])
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _on_curve(a: Any, b: Any, c: Any, d: Any) -> list[tuple[float, float]]:
    """Points on a cubic Bézier curve."""
    found = []
    for step in range(_CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        x, y = (
            sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1)
        )
        found.append((x, y))
    return found


def _is_angular(path: dict[str, Any]) -> bool:
    for item in path["items"]:
        if item[0] == "l":
            (x0, y0), (x1, y1) = item[1], item[2]
            if min(abs(x1 - x0), abs(y1 - y0)) > 0.5:
                return False
        elif item[0] != "re":
            return False
    return True
