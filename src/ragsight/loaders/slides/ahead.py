"""Paint the decks among many files in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ragsight.loaders.slides.kinds import SLIDE_SUFFIXES
from ragsight.loaders.slides.options import SlideOptions
from ragsight.loaders.slides.painting import prepare_renders


def paint_ahead(
    files: Iterable[Path],
    options: SlideOptions | None,
    on_progress: Callable[[Path], None] | None = None,
) -> None:
    """Paint decks, so that their loaders find the pictures in the cache.

    LibreOffice takes longer to start than to paint most decks; here it is started once for many.

    Args:
        files: Any files.
        options: How the decks will be loaded.
        on_progress: Called with a deck that is done.

    Raises:
        ConfigurationError: If the environment names a LibreOffice that isn't there.
    """
    settings = options if options is not None else SlideOptions()
    decks = [file for file in files if file.suffix.lower() in SLIDE_SUFFIXES]
    if settings.render == "off" or len(decks) < 2:
        return

    def done(_count: int, _total: int, deck: Path) -> None:
        if on_progress is not None:
            on_progress(deck)

    # What can't be painted is reported when its turn comes to be loaded.
    prepare_renders(
        decks,
        timeout=settings.timeout,
        on_error=lambda _: None,
        on_progress=done,
        backend=settings.pdf_backend,
    )
