"""Which fonts are installed, as far as that shows without reading them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

_PLACES = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
    "~/AppData/Local/Microsoft/Windows/Fonts",
)
_DEPTH = 2


def fonts_identity() -> str:
    """Digest of when fonts were last added or removed.

    Whoever installs the fonts that a deck lacks must not be shown the old pictures of it.
    """
    digest = hashlib.sha256()
    for place in _PLACES:
        for folder, changed in _folders(Path(place).expanduser(), _DEPTH):
            digest.update(repr((str(folder), changed)).encode())
    return digest.hexdigest()


def _folders(folder: Path, depth: int) -> Iterator[tuple[Path, int]]:
    try:
        yield folder, folder.stat().st_mtime_ns
        members = sorted(folder.iterdir()) if depth else []
    except OSError:
        return
    for member in members:
        if member.is_dir():
            yield from _folders(member, depth - 1)
