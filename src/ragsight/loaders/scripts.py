"""Encodings that a text's script gives away, where statistics of bytes go wrong."""

from __future__ import annotations

import re
import unicodedata

_SAMPLE = 4000
"""Characters that are looked at: enough for shares, and soon done."""

_JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I")
_KANA = re.compile(r"[\u3041-\u30ff]")
_KANA_SHARE = 0.15
"""Share of kana among what isn't ASCII: Japanese has a half, others hardly any."""

_HALF_WIDTH = re.compile(r"[\uff61-\uff9f]")
_CYRILLIC = re.compile(r"[\u0400-\u045f\u0490\u0491]")
_HALF = 0.3
"""Share of katakana of half width, which no text has, in Cyrillic text read as Japanese."""

_TURKISH = re.compile("[ýþðÝÞÐ]")
_ICELANDIC = re.compile("[áíóúéæÁÍÓÚÉÆ]")
_WESTERN_SIGNS = (
    "€£§°©®«»“”\u2018\u2019„\u201a\u2013—…·²³½¼±\xd7\xa0"  # quotes, dashes, signs of sums
)
_FEW = 3
"""Bytes beyond ASCII of which nothing can be told."""

_UNSEEN = frozenset({"Cn", "Co", "Cs", "Cc"})
_LEAST_UNITS = 8
"""Units of UTF-16 without a mark; fewer may be anything."""


def escaped_encoding(data: bytes) -> str | None:
    """An encoding that shifts between sets by escapes, all of them ASCII."""
    if any(escape in data for escape in _JAPANESE_ESCAPES):
        return "iso2022_jp" if _decoded(data, "iso2022_jp") is not None else None
    if b"\x1b$)C" in data[:100]:
        return "iso2022_kr" if _decoded(data, "iso2022_kr") is not None else None
    return None


def unmarked_utf16(sample: bytes) -> str | None:
    """UTF-16 without a mark of other scripts than Latin: all of it are signs that exist.

    Blanks and ends of lines have a zero in them; read the wrong way round they are signs that don't
    exist, or that nobody uses.
    """
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _decoded(sample[: len(sample) // 2 * 2], encoding)
        if text is None or len(text) < _LEAST_UNITS:
            continue
        text = text[:_SAMPLE]
        seen = all(unicodedata.category(c) not in _UNSEEN or c in "\t\r\n\f" for c in text)
        letters = sum(character.isalpha() for character in text)
        if seen and letters > len(text) / 2 and any(blank in text for blank in " \n"):
            return encoding
    return None


def japanese_encoding(sample: bytes) -> str | None:
    """The encoding of a text with kana in it, if it is one."""
    for encoding in ("euc_jp", "cp932"):
        text = _decoded(sample, encoding)
        beyond = [] if text is None else [c for c in text[:_SAMPLE] if not c.isascii()]
        kana = sum(_KANA.match(character) is not None for character in beyond)
        if beyond and kana >= _KANA_SHARE * len(beyond):
            return encoding
    return None


def is_koi8(sample: bytes, text: str) -> bool:
    """Whether text that was read as Japanese is Cyrillic in KOI8-R."""
    half = len(_HALF_WIDTH.findall(text[:_SAMPLE]))
    russian = _decoded(sample, "koi8_r") or ""
    return half > _HALF * len(text[:_SAMPLE]) and len(_CYRILLIC.findall(russian[:_SAMPLE])) >= half


def is_short_western(sample: bytes) -> bool:
    """Whether the few letters beyond ASCII are such as Western text has.

    They are too few for statistics, by which they may be anything.
    """
    beyond = bytes(byte for byte in sample if byte >= 0x80)
    text = None if len(beyond) > _FEW else _decoded(beyond, "cp1252")
    return text is not None and all(c.isalpha() or c in _WESTERN_SIGNS for c in text)


def is_turkish(text: str) -> bool:
    """Whether text that was read as Western is Turkish: its letters stand for Icelandic ones there.

    Example:
        >>> is_turkish("Vana yavaþça açýlmalý"), is_turkish("Það er gott, já")
        (True, False)
    """
    return bool(_TURKISH.search(text)) and not _ICELANDIC.search(text)


def _decoded(data: bytes, encoding: str) -> str | None:
    # A sample may end within a character.
    for cut in range(4):
        try:
            return data[: len(data) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
