"""Many decks painted ahead, in as few processes as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ragsight.errors import ErrorHandler, InputError, RenderError, raise_error
from ragsight.loaders.pdf.backends.registry import BackendName, default_backend
from ragsight.loaders.slides.painting.cache import RenderCache, chosen_cache
from ragsight.loaders.slides.painting.formats import check_deck
from ragsight.loaders.slides.painting.opening import TIMEOUT
from ragsight.loaders.slides.painting.painting import PaintedDeck, shelf_of
from ragsight.loaders.slides.painting.renderers import Renderer, find_renderer

ProgressHandler = Callable[[int, int, Path], None]
"""Called with how many decks are done, how many there are, and the one just done."""


def prepare_renders(
    paths: Iterable[str | Path],
    *,
    timeout: float = TIMEOUT,
    on_error: ErrorHandler = raise_error,
    on_progress: ProgressHandler | None = None,
    cache: RenderCache | bool = True,
    backend: BackendName | None = None,
) -> None:
    """Paint several decks at once, so that `open_renders` finds them in the cache.

    LibreOffice takes longer to start than to paint a small deck; here one process paints many. A
    deck that hangs or is broken costs only itself. Without a renderer nothing happens.

    Args:
        paths: The decks, of any kind that `open_renders` takes; PDFs need no preparing.
        timeout: Seconds for each deck.
        on_error: Called with why a deck can't be painted; the others go on if it returns.
        on_progress: Called when a deck is done, whatever came of it.
        cache: Where pictures are kept; see `open_renders`. With false nothing happens.
        backend: The library that reads the PDFs that come of it; None for `default_backend()`.

    Raises:
        InputError: If a deck can't be painted and `on_error` raises.

    Example:
        >>> prepare_renders(["a.pptx", "b.pptx"], timeout=60)  # doctest: +SKIP
    """
    place = chosen_cache(cache)
    if place is None:
        return
    files = [Path(path) for path in paths]
    chosen = backend if backend is not None else default_backend()
    report = _Report(len(files), on_error, on_progress)
    waiting: dict[Renderer, dict[Path, PaintedDeck]] = {}
    for file in files:
        renderer = find_renderer(file)
        painted = _unpainted(file, renderer, place, report, chosen)
        if renderer is None or painted is None or file in waiting.setdefault(renderer, {}):
            report.done(file)
        else:
            waiting[renderer][file] = painted
    for renderer, decks in waiting.items():
        for file, result in renderer.pdfs(decks, timeout=timeout):
            try:
                if isinstance(result, RenderError):
                    raise result
                decks[file].accept(result)
            except RenderError as error:
                on_error(error)
            decks[file].data = None
            report.done(file)


class _Report:
    """Counts what is done."""

    def __init__(
        self, total: int, on_error: ErrorHandler, on_progress: ProgressHandler | None
    ) -> None:
        self.on_error = on_error
        self._total = total
        self._on_progress = on_progress
        self._done = 0

    def done(self, file: Path) -> None:
        self._done += 1
        if self._on_progress is not None:
            self._on_progress(self._done, self._total, file)


def _unpainted(
    file: Path,
    renderer: Renderer | None,
    cache: RenderCache,
    report: _Report,
    backend: BackendName,
) -> PaintedDeck | None:
    if renderer is None or file.suffix.lower() == ".pdf":
        return None
    try:
        check_deck(file)
        painted = PaintedDeck(file, shelf_of(file, cache, renderer.identity), backend)
    except InputError as error:
        report.on_error(error)
        return None
    return painted if painted.facts is None else None
