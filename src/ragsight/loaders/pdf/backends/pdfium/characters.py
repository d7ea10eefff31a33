"""PDFium's characters, each with its place and font."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from ragsight.chunks import BBox
from ragsight.loaders.pdf.backends.pdfium.library import address
from ragsight.loaders.pdf.backends.pdfium.lines import Glyph, Style
from ragsight.loaders.pdf.backends.pdfium.matrices import Matrix, joined, matrix_of, moved_point
from ragsight.loaders.pdf.backends.pdfium.objects import TextPlace

_BOLD_NAMES = ("bold", "black", "heavy", "semibold", "demi")
_FORCE_BOLD = 1 << 18
"""A flag of font descriptors (PDF 1.7, table 123)."""

_HYPHEN = 0x02
"""What the library gives for a hyphen at the end of a line."""

_SPACE = 0x20
_UNKNOWN = 0xFFFD
_LIGATURES = range(0xFB00, 0xFB07)

_STRAIGHT = 0.9999
"""Cosine: text turned by less than 0.8 degrees is level or upright. With more, noise parts the
characters of a line, with less, slightly slanted text is put where it isn't."""

_LEVEL = 0.01
"""Rise of a base line: below it, the library's widths hold. With more, slanted characters get
widths too large, with less, widths are read from fonts, which takes longer."""

_USUAL_WIDTH = 0.5
"""Font sizes: the width of a character of which the font tells none; with more, words run together,
with less, they fall apart."""

_USUAL_HEIGHTS = (0.8, 0.2)
"""Font sizes above and below the base line where the font tells nothing sensible; with more,
neighbouring lines overlap, with less, lines' boxes cut letters."""

_HIGHEST = 2.0
"""Font sizes above or below the base line that are believed; with more, damaged fonts give lines
boxes over their neighbours, with less, tall scripts get the usual heights."""


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the characters of a text object share.

    Attributes:
        style: How they are set.
        font: The library's font.
        stretch: By which widths at font size 1 grow to points as shown.
        level: Whether they stand on a level line of the page's own coordinates.
        unknown: Whether the file doesn't say which letters they are.
    """

    style: Style
    font: Any
    stretch: float
    level: bool
    unknown: bool = False


class CharacterReader:
    """Reads a page's characters in the order of its text.

    Args:
        raw: The library.
        shown: Takes the page's coordinates to those of the page as shown.
        hide_unknown: Whether characters of which the file doesn't say what they are come as such,
            and not as the numbers of their glyphs.

    Attributes:
        unknown: Whether there were some.
    """

    def __init__(self, raw: Any, shown: Matrix, *, hide_unknown: bool = False) -> None:
        self.unknown = False
        self._hide_unknown = hide_unknown
        self._raw = raw
        self._shown = shown
        self._settings: dict[int, _Setting | None] = {}
        self._fonts: dict[int, tuple[bool, float, float]] = {}
        self._widths: dict[tuple[int, int], float] = {}
        self._loose = raw.FS_RECTF()
        self._origin = [ctypes.c_double(), ctypes.c_double()]

    def glyphs(self, text: Any, places: Mapping[int, TextPlace]) -> Iterator[Glyph]:
        """The characters of a text page in the order in which they are painted.

        The library has an order of its own, which takes text that runs upwards or downwards apart.

        Args:
            text: The library's text page.
            places: Of the text objects, by address; what isn't among them isn't read.
        """
        last: Glyph | None = None
        for _, glyph in sorted(self._read(text, places), key=itemgetter(0)):
            if last is not None and _is_rest_of(glyph, last):
                whole, end = last.text + glyph.text, max(last.end, glyph.end)
                last = replace(last, text=whole, end=end)
                continue
            if last is not None:
                yield last
            last = glyph
        if last is not None:
            yield last

    def _read(self, text: Any, places: Mapping[int, TextPlace]) -> Iterator[tuple[int, Glyph]]:
        """Characters that show, each with the turn at which it is painted."""
        for index, code in self._codes(text):
            if code <= _SPACE and self._raw.FPDFText_IsGenerated(text, index) == 1:
                # Where words and lines end is told from places here, not by the library.
                continue
            part = self._raw.FPDFText_GetTextObject(text, index)
            key = address(part)
            place = places.get(key)
            if place is None:
                continue
            if key not in self._settings:
                self._settings[key] = self._setting(text, index, part)
            setting = self._settings[key]
            known = self._known(text, index, code, setting)
            glyph = self._glyph(text, index, known, setting)
            if glyph is not None and _shows(glyph, place.clip):
                yield place.turn, glyph

    def _known(self, text: Any, index: int, code: int, setting: _Setting | None) -> int:
        if setting is None or not setting.unknown:
            return code
        self.unknown = True
        if not self._hide_unknown or self._raw.FPDFText_HasUnicodeMapError(text, index) != 1:
            return code
        return _UNKNOWN

    def _codes(self, text: Any) -> Iterator[tuple[int, int]]:
        """Characters' positions and code points."""
        raw = self._raw
        high = 0
        for index in range(raw.FPDFText_CountChars(text)):
            code = raw.FPDFText_GetUnicode(text, index)
            if 0xD800 <= code < 0xDC00:
                # Where the library counts in UTF-16, a rare character comes as two.
                high = code
                continue
            if 0xDC00 <= code < 0xE000:
                code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else 0xFFFD
            yield index, code

    def _glyph(self, text: Any, index: int, code: int, setting: _Setting | None) -> Glyph | None:
        x, y = self._origin
        if setting is None or not self._raw.FPDFText_GetCharOrigin(text, index, x, y):
            return None
        direction = setting.style.direction
        start, base = _in_frame(moved_point(self._shown, (x.value, y.value)), direction)
        width = self._level_width(text, index) if setting.level else 0.0
        if width <= 0:
            width = self._width(setting, code)
        return Glyph(_character(code), start, start + width, base, setting.style)

    def _level_width(self, text: Any, index: int) -> float:
        if not self._raw.FPDFText_GetLooseCharBox(text, index, self._loose):
            return 0.0
        return abs(float(self._loose.right - self._loose.left))

    def _width(self, setting: _Setting, code: int) -> float:
        """What a character takes, from its font: the library has it ready for level text only."""
        key = address(setting.font), code
        if key not in self._widths:
            width = ctypes.c_float()
            self._raw.FPDFFont_GetGlyphWidth(setting.font, code, 1.0, width)
            self._widths[key] = width.value if width.value > 0 else _USUAL_WIDTH
        return self._widths[key] * setting.stretch

    def _setting(self, text: Any, index: int, part: Any) -> _Setting | None:
        raw = self._raw
        matrix = raw.FS_MATRIX()
        if not raw.FPDFText_GetMatrix(text, index, matrix):
            return None
        a, b, c, d, _, _ = joined(matrix_of(matrix), self._shown)
        unscaled = raw.FPDFText_GetFontSize(text, index)
        size = unscaled * math.sqrt(abs(a * d - b * c))
        font = raw.FPDFTextObj_GetFont(part)
        if not 0 < size < math.inf or not font:
            return None
        bold, ascent, descent = self._font(font)
        style = Style(round(size, 3), bold, _direction(a, b), ascent, descent)
        level = abs(matrix.b) < _LEVEL * abs(matrix.a)
        unknown = raw.FPDFText_HasUnicodeMapError(text, index) == 1
        return _Setting(style, font, abs(unscaled) * math.hypot(a, b), level, unknown)

    def _font(self, font: Any) -> tuple[bool, float, float]:
        key = address(font)
        if key not in self._fonts:
            raw = self._raw
            name = _name(raw, font)
            # The library's own weight is a guess from the width of stems.
            forced = raw.FPDFFont_GetFlags(font) & _FORCE_BOLD > 0
            bold = forced or any(word in name for word in _BOLD_NAMES)
            self._fonts[key] = (bold, *_heights(raw, font))
        return self._fonts[key]


def _shows(glyph: Glyph, clip: BBox) -> bool:
    """Whether the middle of a character lies within a clip."""
    along, down = (glyph.start + glyph.end) / 2, glyph.base - 0.3 * glyph.style.size
    dx, dy = glyph.style.direction
    x, y = along * dx - down * dy, along * dy + down * dx
    return clip[0] <= x <= clip[2] and clip[1] <= y <= clip[3]


def _is_rest_of(glyph: Glyph, last: Glyph) -> bool:
    """Whether both are letters of one ligature: the library gives all of them its place."""
    return glyph.start == last.start and glyph.base == last.base and glyph.style is last.style


def _name(raw: Any, font: Any) -> str:
    size = raw.FPDFFont_GetBaseFontName(font, None, 0)
    buffer = ctypes.create_string_buffer(max(1, size))
    raw.FPDFFont_GetBaseFontName(font, buffer, size)
    return buffer.value.decode("utf-8", errors="replace").lower()


def _heights(raw: Any, font: Any) -> tuple[float, float]:
    """What a font has above and below its base line, in font sizes."""
    ascent, descent = ctypes.c_float(), ctypes.c_float()
    raw.FPDFFont_GetAscent(font, 1.0, ascent)
    raw.FPDFFont_GetDescent(font, 1.0, descent)
    above, below = ascent.value, -descent.value
    is_sensible = 0.4 <= above <= _HIGHEST and 0 <= below <= _HIGHEST
    return (above, below) if is_sensible else _USUAL_HEIGHTS


def _direction(x: float, y: float) -> tuple[float, float]:
    length = math.hypot(x, y)
    if length == 0:
        return 1.0, 0.0
    x, y = x / length, y / length
    if abs(x) > _STRAIGHT:
        return math.copysign(1.0, x), 0.0
    if abs(y) > _STRAIGHT:
        return 0.0, math.copysign(1.0, y)
    return round(x, 3), round(y, 3)


def _in_frame(point: tuple[float, float], direction: tuple[float, float]) -> tuple[float, float]:
    """A point on the page as shown, turned so that text of a direction reads to the right."""
    (x, y), (dx, dy) = point, direction
    return x * dx + y * dy, y * dx - x * dy


def _character(code: int) -> str:
    if code == _HYPHEN:
        return "-"
    if code == 0:
        return "\ufffd"
    if code in _LIGATURES:
        return unicodedata.normalize("NFKC", chr(code))
    return chr(code)
