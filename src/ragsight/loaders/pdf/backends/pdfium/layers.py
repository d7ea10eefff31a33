"""Layers that are switched off: the library knows which, when it paints, and tells nobody."""

from __future__ import annotations

import ctypes
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ragsight.files import read_regular
from ragsight.loaders.pdf.backends.pdfium.library import address

_LAYERS = b"/OCProperties"
"""The key of a file's catalogue under which its layers stand."""

_PACKED = re.compile(rb"/ObjStm\b.{0,400}?\bstream\r?\n", re.DOTALL)
"""Where a stream of packed objects begins, of which the catalogue may be one."""

_MOST_UNPACKED = 4 << 20
"""Bytes of one such stream; files made to be slow have more."""

_LARGEST_FILE = 256 << 20
"""Bytes; a larger file isn't searched, and counts as one with layers."""

_GROUND = (0xBF, 0x3F, 0x7F)
"""Blue, green and red of the ground to paint on: a colour that hardly anything has."""

_SIDE = 400
"""Pixels of the longer side; with fewer, a short word leaves no trace, with more, pages with many
layers take longer."""

_MOST_GROUPS = 100
"""Groups of a page that are tried; those beyond count as shown."""

_DEEPEST = 15
"""Forms inside forms, as `objects` reads them."""

_INVISIBLE = 3
"""The way to write text that leaves no mark, as the words behind a scan are."""


def may_have_layers(source: Path | bytes) -> bool:
    """Whether a file can have layers; an encrypted one whose catalogue is packed may.

    Args:
        source: A path, or the file's bytes.
    """
    if isinstance(source, bytes):
        data = source
    else:
        try:
            data = read_regular(source, most=_LARGEST_FILE)
        except OSError:
            return True
    if _LAYERS in data:
        return True
    for match in _PACKED.finditer(data):
        try:
            unpacked = zlib.decompressobj().decompress(data[match.end() :][:_MOST_UNPACKED])
        except zlib.error:
            return True
        if _LAYERS in unpacked:
            return True
    return False


def hidden_objects(raw: Any, page: Any, size: tuple[float, float]) -> frozenset[int]:
    """Addresses of a page's objects that a layer hides.

    What belongs to a layer is painted alone; of a layer that is switched off, nothing is seen.

    Args:
        raw: The library.
        page: Its page.
        size: Width and height of the page as shown, in points.
    """
    leaves = list(_leaves(raw, _objects_of_page(raw, page), (), 0))
    groups = _groups(leaves)[:_MOST_GROUPS]
    if not groups:
        return frozenset()
    found: set[int] = set()
    try:
        for _, part in leaves:
            raw.FPDFPageObj_SetIsActive(part, False)
        for parts in groups:
            if all(_is_invisible(raw, part) for part in parts):
                continue
            for part in parts:
                raw.FPDFPageObj_SetIsActive(part, True)
            if not _is_seen(raw, page, size):
                found |= {address(part) for part in parts}
            for part in parts:
                raw.FPDFPageObj_SetIsActive(part, False)
    finally:
        for _, part in leaves:
            raw.FPDFPageObj_SetIsActive(part, True)
    return frozenset(found)


def _groups(leaves: Sequence[tuple[tuple[object, ...], Any]]) -> list[list[Any]]:
    """What is hidden or shown together: of few objects, each for itself.

    Two layers may have one name, which is all that objects say of theirs.
    """
    named: dict[tuple[object, ...], list[Any]] = {}
    for key, part in leaves:
        if key:
            named.setdefault(key, []).append(part)
    alone = [[part] for parts in named.values() for part in parts]
    return alone if len(alone) <= _MOST_GROUPS else list(named.values())


def _objects_of_page(raw: Any, page: Any) -> Iterator[Any]:
    return (raw.FPDFPage_GetObject(page, n) for n in range(raw.FPDFPage_CountObjects(page)))


def _leaves(
    raw: Any, parts: Iterator[Any], above: tuple[object, ...], depth: int
) -> Iterator[tuple[tuple[object, ...], Any]]:
    """Objects that are no forms, each with what may hide it: empty for what nothing does."""
    for part in parts:
        kind = raw.FPDFPageObj_GetType(part)
        key = above + tuple(_layers(raw, part))
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            # That a form or a picture as a whole belongs to a layer isn't among its marks.
            count = raw.FPDFFormObj_CountObjects(part)
            inner = (raw.FPDFFormObj_GetObject(part, n) for n in range(count))
            yield from _leaves(raw, inner, (*key, address(part)), depth + 1)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            yield (*key, address(part)), part
        else:
            yield key, part


def _layers(raw: Any, part: Any) -> Iterator[str]:
    """The names of the layers that an object is marked for."""
    for number in range(raw.FPDFPageObj_CountMarks(part)):
        mark = raw.FPDFPageObj_GetMark(part, number)
        if _text(raw.FPDFPageObjMark_GetName, mark) == "OC":
            yield "OC " + _text(raw.FPDFPageObjMark_GetParamStringValue, mark, b"Name\0")


def _text(call: Any, *arguments: Any) -> str:
    size = ctypes.c_ulong()
    buffer = (ctypes.c_ushort * 128)()
    if not call(*arguments, buffer, ctypes.sizeof(buffer), size):
        return ""
    length = min(size.value, ctypes.sizeof(buffer))
    return bytes(buffer)[:length].decode("utf-16-le", errors="replace").rstrip("\0")


def _is_invisible(raw: Any, part: Any) -> bool:
    is_text = raw.FPDFPageObj_GetType(part) == raw.FPDF_PAGEOBJ_TEXT
    return is_text and bool(raw.FPDFTextObj_GetTextRenderMode(part) == _INVISIBLE)


def _is_seen(raw: Any, page: Any, size: tuple[float, float]) -> bool:
    scale = _SIDE / max(size)
    wide, high = (max(1, round(side * scale)) for side in size)
    bitmap = raw.FPDFBitmap_CreateEx(wide, high, raw.FPDFBitmap_BGRx, None, 0)
    if not bitmap:
        return True
    try:
        blue, green, red = _GROUND
        ground = 0xFF000000 | red << 16 | green << 8 | blue
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, wide, high, ground)
        count = raw.FPDFBitmap_GetStride(bitmap) * high
        before = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), count)
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, wide, high, 0, 0)
        after = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), count)
        return bool(before != after)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)
