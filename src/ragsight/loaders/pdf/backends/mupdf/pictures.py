"""Where PyMuPDF paints pictures, as far as clip paths let them show."""

from __future__ import annotations

from functools import cache
from typing import Any

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import area, intersection

MAX_PICTURES = 20_000
"""A page of more is a pattern made to be slow; the rest is left out."""

_WATCHED = (
    "fill_image", "fill_image_mask", "fill_shade", "clip_path", "clip_stroke_path", "clip_text",
    "clip_stroke_text", "clip_image_mask", "pop_clip",
)  # fmt: skip


def picture_boxes(mupdf: Any, page: Any) -> list[BBox]:
    """Boxes of a page's bitmaps and shadings, rotation and clips applied.

    The library's own list of boxes has no clips, so a picture that is cropped by a clip path would
    be as large as if all of it showed.

    Args:
        mupdf: PyMuPDF's module of that name.
        page: Its page.
    """
    device = _device_class(mupdf)()
    mupdf.fz_run_page(page.this, device, mupdf.FzMatrix(), mupdf.FzCookie())
    mupdf.fz_close_device(device)
    shown = (0.0, 0.0, float(page.rect.width), float(page.rect.height))
    boxes = (intersection(box, shown) for box in device.boxes)
    return [box for box in boxes if area(box) > 0]


class _Watcher:
    """Keeps the clips in force and notes what is painted; text and paths pass unseen."""

    mupdf: Any

    def __init__(self) -> None:
        super().__init__()
        for name in _WATCHED:
            getattr(self, f"use_virtual_{name}")()
        self.clips: list[BBox] = []
        self.boxes: list[BBox] = []

    def _clip(self, box: BBox) -> None:
        self.clips.append(intersection(box, self.clips[-1]) if self.clips else box)

    def _paint(self, box: BBox) -> None:
        if len(self.boxes) < MAX_PICTURES:
            self.boxes.append(intersection(box, self.clips[-1]) if self.clips else box)

    def clip_path(self, _context: Any, path: Any, *rest: Any) -> None:
        self._clip(_box(self.mupdf.ll_fz_bound_path(path, None, rest[1])))

    def clip_stroke_path(self, _context: Any, path: Any, *rest: Any) -> None:
        self._clip(_box(self.mupdf.ll_fz_bound_path(path, rest[0], rest[1])))

    def clip_text(self, _context: Any, text: Any, *rest: Any) -> None:
        self._clip(_box(self.mupdf.ll_fz_bound_text(text, None, rest[0])))

    def clip_stroke_text(self, _context: Any, text: Any, *rest: Any) -> None:
        self._clip(_box(self.mupdf.ll_fz_bound_text(text, rest[0], rest[1])))

    def clip_image_mask(self, _context: Any, _image: Any, matrix: Any, _rest: Any) -> None:
        self._clip(_unit_square(matrix))

    def pop_clip(self, _context: Any) -> None:
        if self.clips:
            self.clips.pop()

    def fill_image(self, _context: Any, _image: Any, matrix: Any, *_rest: Any) -> None:
        self._paint(_unit_square(matrix))

    def fill_image_mask(self, _context: Any, _image: Any, matrix: Any, *_rest: Any) -> None:
        self._paint(_unit_square(matrix))

    def fill_shade(self, _context: Any, shade: Any, matrix: Any, *_rest: Any) -> None:
        self._paint(_box(self.mupdf.ll_fz_bound_shade(shade, matrix)))


@cache
def _device_class(mupdf: Any) -> Any:
    """The device, derived when the library is there to be derived from."""
    return type("PictureDevice", (_Watcher, mupdf.FzDevice2), {"mupdf": mupdf})


def _box(rect: Any) -> BBox:
    return rect.x0, rect.y0, rect.x1, rect.y1


def _unit_square(matrix: Any) -> BBox:
    """Where a picture stands: pictures fill the unit square before the matrix is applied."""
    xs = sorted((0.0, matrix.a, matrix.c, matrix.a + matrix.c))
    ys = sorted((0.0, matrix.b, matrix.d, matrix.b + matrix.d))
    return xs[0] + matrix.e, ys[0] + matrix.f, xs[-1] + matrix.e, ys[-1] + matrix.f
