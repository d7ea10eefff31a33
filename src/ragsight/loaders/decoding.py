"""The text of files whose encoding nobody names."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from ragsight.loaders.scripts import (
    escaped_encoding,
    is_koi8,
    is_short_western,
    is_turkish,
    japanese_encoding,
    unmarked_utf16,
)

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; those of UTF-32 begin like those of UTF-16, so they stand first."""

_SAMPLE = 1 << 18
"""Bytes in which an encoding is looked for: more takes seconds and finds no other."""

_WIDE = 0.6
"""Share of zeros at every second byte that says UTF-16: Latin text has nearly all."""

_NEVER = (
    *("utf_7", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be"),
    *("cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"),
)
"""Encodings that short texts look like by chance: those in wide units, and those of mainframes."""

_DAMAGED = 0.05
"""Share of the characters beyond ASCII that may be broken in a file that is UTF-8 all the same."""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """Text, and how it was read.

    Attributes:
        text: The characters.
        encoding: The encoding's name in Python.
        lost: How many characters couldn't be read; U+FFFD stands in their places.

    Example:
        >>> decode_text("Café".encode("utf-16")).text
        'Café'
    """

    text: str
    encoding: str
    lost: int = 0

    @property
    def remark(self) -> str:
        """What a reader should know of it; empty for sound UTF-8."""
        if self.lost:
            return (
                f"{self.lost} characters couldn't be read as {self.encoding}; U+FFFD stands in "
                "their places."
            )
        if self.encoding in ("utf-8", "utf-8-sig"):
            return ""
        return f"The text was read as {self.encoding}."


def decode_text(data: bytes) -> DecodedText | None:
    """Read a file's bytes as text: by its mark, as UTF-8, or by what its bytes look like.

    Returns:
        The text; None if it is no text, as far as can be told.
    """
    encoding = find_encoding(data)
    if encoding is None:
        return None
    text = data.decode(encoding, errors="replace")
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return DecodedText(text, encoding, max(1, text.count("\ufffd")))
    return DecodedText(text, encoding)


def find_encoding(data: bytes) -> str | None:
    """The encoding of a text, as Python names it; None for what is no text."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if wide := _wide_encoding(data[:_SAMPLE]):
        return wide
    if b"\0" in data:
        return unmarked_utf16(data[:_SAMPLE])
    if escaped := escaped_encoding(data[:_SAMPLE]):
        return escaped
    if _is_utf8(data):
        return "utf-8"
    return _guessed(data[:_SAMPLE])


def _wide_encoding(sample: bytes) -> str | None:
    """UTF-16 without a mark: Latin letters have a zero at every second byte."""
    half = len(sample) // 2
    if half < 2:
        return None
    if sample[1::2].count(0) > _WIDE * half and sample[::2].count(0) < (1 - _WIDE) * half:
        return "utf-16-le"
    if sample[::2].count(0) > _WIDE * half and sample[1::2].count(0) < (1 - _WIDE) * half:
        return "utf-16-be"
    return None


def _is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8, a few broken characters aside."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
        beyond = sum(not character.isascii() for character in text)
        return text.count("\ufffd") <= _DAMAGED * beyond
    return True


def _guessed(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    if japanese := japanese_encoding(sample):
        return japanese
    if is_short_western(sample):
        return "cp1252"
    found = from_bytes(sample, cp_exclusion=list(_NEVER))
    best = found.best()
    if best is None:
        return None
    for match in found:
        # Short texts of the West are as good a fit for Central Europe's code page.
        if match.encoding == "cp1252" and best.coherence <= match.coherence:
            return "cp1254" if is_turkish(str(match)) else "cp1252"
    return "koi8_r" if is_koi8(sample, str(best)) else best.encoding
