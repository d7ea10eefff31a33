"""Decks of other kinds, converted to one that can be read."""

from __future__ import annotations

import hashlib
from functools import cache as memoised
from pathlib import Path
from tempfile import TemporaryDirectory

from ragsight.errors import ConfigurationError, RenderError
from ragsight.loaders.base import absolute
from ragsight.loaders.slides.painting.batches import converted
from ragsight.loaders.slides.painting.cache import RenderCache, Shelf, chosen_cache
from ragsight.loaders.slides.painting.formats import check_deck
from ragsight.loaders.slides.painting.painting import shelf_of
from ragsight.loaders.slides.painting.renderers import LibreOfficeRenderer
from ragsight.loaders.slides.painting.soffice import VARIABLE, Target, find_soffice

_CONVERTED = "converted"


def convert(
    path: str | Path, to: Target, *, timeout: float = 60.0, cache: RenderCache | bool = True
) -> Path:
    """Convert a deck with LibreOffice: `.ppt`, `.odp`, `.ppsx` and their like.

    Args:
        path: The deck.
        to: `pptx` or `pdf`.
        timeout: Seconds that it may take.
        cache: Where the result is kept: true for `~/.ragsight/renders`; false for a folder that
            lives as long as this process.

    Returns:
        The converted file; leave it as it is.

    Raises:
        SourceNotFoundError: If there is no such file.
        ConfigurationError: If LibreOffice isn't installed.
        PasswordRequiredError: If the deck is encrypted.
        UnsupportedFormatError: If it is no presentation.
        RenderError: If LibreOffice can't load it, or takes too long.

    Example:
        >>> convert("talk.odp", "pptx").suffix  # doctest: +SKIP
        '.pptx'
    """
    file = absolute(path)
    check_deck(file)
    soffice = find_soffice()
    if soffice is None:
        raise ConfigurationError(
            f"{file}: this kind of deck is read through LibreOffice, which isn't installed. "
            "Install it (Debian and Ubuntu: apt install libreoffice-impress-nogui; macOS: brew "
            "install --cask libreoffice; others: libreoffice.org), set "
            f"{VARIABLE}=/path/to/soffice, or save the deck as .pptx."
        )
    identity = LibreOfficeRenderer(soffice).identity
    shelf = shelf_of(file, chosen_cache(cache), f"{identity} to {to}")
    kept = None if shelf is None else shelf.get(_CONVERTED)
    if kept is not None:
        return kept.path
    _, result = next(iter(converted(soffice, [file], to, timeout=timeout)))
    if isinstance(result, RenderError):
        raise result
    return _stored(result, to, shelf)


def _stored(data: bytes, to: Target, shelf: Shelf | None) -> Path:
    if shelf is not None:
        shelf.put(_CONVERTED, "", f".{to}", data)
        kept = shelf.get(_CONVERTED)
        if kept is not None:
            return kept.path
    file = Path(_process_folder().name) / f"{hashlib.sha256(data).hexdigest()}.{to}"
    file.write_bytes(data)
    return file


@memoised
def _process_folder() -> TemporaryDirectory[str]:
    """Removed when the process ends."""
    return TemporaryDirectory(prefix="ragsight-converted-", ignore_cleanup_errors=True)
