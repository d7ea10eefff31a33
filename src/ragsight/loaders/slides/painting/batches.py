"""Many decks through LibreOffice: one process for all, and a bad one costs only itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ragsight.errors import RenderError
from ragsight.loaders.slides.painting.package import ZIP_ERRORS
from ragsight.loaders.slides.painting.soffice import LOG_NAME, Soffice, Target
from ragsight.loaders.slides.painting.unlinking import copy_unlinked
from ragsight.processes import Finished

Result = bytes | RenderError
"""A converted file's bytes, or why there are none."""

_BATCH = 32
"""Decks to a process: starting it is a small part of the work by then, and memory is given back."""

_ENDS: dict[Target, tuple[bytes, bytes]] = {"pdf": (b"%PDF-", b"%%EOF"), "pptx": (b"PK", b"PK\5\6")}
"""What a whole file of a kind begins with, and what stands near its end."""

_TAIL = 2048
_FAILURE = "Error:"
_NOISE = ("javaldx", "convert ")
_WORDS = 300
_LOOK = "Open it there to see what is wrong, or save it anew."
_SNAP = (
    "As a snap it sees only files in your home folder: set TMPDIR to a folder there that isn't "
    "hidden, or install it by apt."
)


def converted(
    soffice: Soffice, paths: Iterable[Path], to: Target, *, timeout: float
) -> Iterator[tuple[Path, Result]]:
    """Convert decks.

    Decks go through one process, one after the other. When it hangs or crashes, the deck that it
    was at is known by what is there already; those after it go through a new one. A deck that may
    have failed for another one's sake is tried once more alone.

    Args:
        soffice: LibreOffice.
        paths: The decks.
        to: What to convert them to.
        timeout: Seconds for each.

    Yields:
        Each path once, in no order, with the result.
    """
    waiting, suspects = deque(paths), deque[Path]()
    while waiting or suspects:
        alone = not waiting
        source = suspects if alone else waiting
        batch = [source.popleft() for _ in range(1 if alone else min(_BATCH, len(source)))]
        outcome = _Batch(soffice, batch, to, timeout).run()
        yield from outcome.results.items()
        suspects.extend(outcome.suspects)
        waiting.extendleft(reversed(outcome.unreached))


@dataclass(slots=True)
class _Outcome:
    """What became of a batch: each of its decks is in one of these."""

    results: dict[Path, Result] = field(default_factory=dict)
    suspects: list[Path] = field(default_factory=list)
    unreached: list[Path] = field(default_factory=list)


class _Batch:
    """Some decks and the process that converts them."""

    def __init__(self, soffice: Soffice, paths: Sequence[Path], to: Target, timeout: float) -> None:
        self._soffice = soffice
        self._paths = list(dict.fromkeys(paths))
        self._to = to
        self._timeout = timeout

    def run(self) -> _Outcome:
        """Convert them."""
        with TemporaryDirectory(prefix="ragsight-office-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            outcome, files = self._copies(folder / "in")
            if files:
                self._convert(files, folder, outcome)
        return outcome

    def _copies(self, folder: Path) -> tuple[_Outcome, dict[Path, Path]]:
        """Copies with names that can't clash or be taken for options, beside nobody's files."""
        outcome, files = _Outcome(), dict[Path, Path]()
        folder.mkdir()
        for number, path in enumerate(self._paths, start=1):
            copy = copied(path, folder / f"{number}{path.suffix.lower()}")
            if isinstance(copy, RenderError):
                outcome.results[path] = copy
            else:
                files[path] = copy
        return outcome, files

    def _convert(self, files: dict[Path, Path], folder: Path, outcome: _Outcome) -> None:
        made, log = folder / "out", folder / LOG_NAME
        made.mkdir()

        def progress() -> tuple[int, int]:
            return len(list(made.iterdir())), _failures(log)

        try:
            finished = self._soffice.convert(
                list(files.values()), self._to, made, timeout=self._timeout, progress=progress
            )
        except OSError as error:
            reason = f"LibreOffice can't be started ({error}). Install it again"
            outcome.results |= {path: RenderError(f"{path}: {reason}.") for path in files}
            return
        for path, file in files.items():
            data = _whole(made / f"{file.stem}.{self._to}", self._to)
            if data is not None:
                outcome.results[path] = data
        self._sort_missing(list(files), finished, outcome)

    def _sort_missing(self, paths: list[Path], finished: Finished, outcome: _Outcome) -> None:
        done = [number for number, path in enumerate(paths) if path in outcome.results]
        if len(done) == len(paths):
            return
        # Each deck leaves a file or a line in the log, in their order.
        reached = max(done[-1] + 1 if done else 0, len(done) + finished.output.count(_FAILURE))
        culprit = len(paths) if finished.code == 0 else min(reached, len(paths) - 1)
        for number, path in enumerate(paths):
            if path in outcome.results:
                continue
            if number > culprit:
                outcome.unreached.append(path)
            elif len(paths) == 1 or (number == culprit and finished.code is None):
                outcome.results[path] = self._error(path, finished)
            else:
                outcome.suspects.append(path)

    def _error(self, path: Path, finished: Finished) -> RenderError:
        if finished.code is None:
            return RenderError(
                f"{path}: LibreOffice took longer than {self._timeout:g} seconds and was stopped. "
                "Raise timeout=... if the file is good."
            )
        what = "can't load it" if finished.code == 0 else f"ended with code {finished.code}"
        advice = _SNAP if "/snap/" in str(self._soffice.program) else _LOOK
        return RenderError(f"{path}: LibreOffice {what} ({last_words(finished)}). {advice}")


def copied(path: Path, copy: Path) -> Path | RenderError:
    """Copy a deck, without what it refers to outside; what is wrong if it can't be read."""
    try:
        copy_unlinked(path, copy)
    except ZIP_ERRORS as error:
        return RenderError(f"{path}: the file can't be read ({error}).")
    return copy


def last_words(finished: Finished) -> str:
    """The end of what a program printed, without its small talk."""
    lines = (line.strip() for line in finished.output.splitlines())
    said = " ".join(line for line in lines if not any(noise in line for noise in _NOISE))
    return said[-_WORDS:] if said else "without a word"


def _failures(log: Path) -> int:
    try:
        return log.read_bytes().count(_FAILURE.encode())
    except OSError:
        return 0


def _whole(file: Path, kind: Target) -> bytes | None:
    """A result's bytes, unless it is missing or broke off."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    start, end = _ENDS[kind]
    return data if data.startswith(start) and end in data[-_TAIL:] else None
