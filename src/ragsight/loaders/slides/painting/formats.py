"""Kinds of decks, by their suffix."""

from __future__ import annotations

from pathlib import Path

from ragsight.errors import UnsupportedFormatError
from ragsight.loaders.slides.painting.kinds import DeckPackageKind
from ragsight.loaders.slides.painting.package import check_package

KINDS: dict[str, DeckPackageKind] = {
    ".pptx": "pptx",
    ".pptm": "pptx",
    ".ppsx": "pptx",
    ".ppsm": "pptx",
    ".potx": "pptx",
    ".potm": "pptx",
    ".odp": "odp",
    ".otp": "odp",
    ".ppt": "ppt",
    ".pps": "ppt",
    ".pot": "ppt",
}
"""What a deck's container is, by its suffix."""


def check_deck(file: Path) -> None:
    """Check what LibreOffice is about to be given: it takes everything for something.

    Raises:
        UnsupportedFormatError: If it is no presentation.
        DocumentError: As `check_package`.
    """
    kind = KINDS.get(file.suffix.lower())
    if kind is None:
        raise UnsupportedFormatError(
            f"{file}: this kind of deck isn't known. Known are {', '.join(sorted(KINDS))}."
        )
    check_package(file, kind=kind)
