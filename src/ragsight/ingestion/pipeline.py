"""Index files: discover, load, encode, write; resume, replace, report."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ragsight.characters import encodable
from ragsight.chunks import Chunk
from ragsight.errors import ConfigurationError, ErrorHandler, InputError, RagsightError, raise_error
from ragsight.ingestion.report import IngestReport, Progress, ProgressHandler, SourceResult
from ragsight.loaders import Loader, LoadOptions, LoadSettings, loader_for
from ragsight.loaders.dispatch import find_files
from ragsight.loaders.formats import format_of, prepare_files
from ragsight.logs import log_event
from ragsight.store import MultimodalStore, SourceRecord, leaves_out
from ragsight.store.operations import BATCH_SIZE

if TYPE_CHECKING:
    from typing_extensions import Unpack

_LOG = logging.getLogger(__name__)

LoaderFactory = Callable[[Path], Loader]


def ingest(
    paths: str | Path | Iterable[str | Path],
    store: MultimodalStore,
    *,
    loader: LoaderFactory | None = None,
    force: bool = False,
    on_progress: ProgressHandler | None = None,
    **settings: Unpack[LoadSettings],
) -> IngestReport:
    """Index files and folders.

    A file that hasn't changed since it was indexed is left alone; a changed one replaces its own
    chunks and no others; an interrupted run goes on where it was. A file that can't be used is
    reported, and the rest goes on.

    Args:
        paths: Files and folders; folders are searched for files of known kinds.
        store: Where the chunks go.
        loader: Makes the loader for a path; by default chosen by content and suffix.
        force: Index unchanged files too.
        on_progress: Called as files and chunks go through.
        **settings: Fields of `LoadOptions` for the loaders that are chosen by kind: `pdf`,
            `slides`, `chunking`, `password`, `image_root`. A file is indexed again if other
            settings give other chunks.

    Returns:
        What became of each file.

    Raises:
        ConfigurationError: If there are both a `loader` and settings, which it wouldn't know of.
        InputError: If a path doesn't exist, or there is no file of a known kind.
        StoreError: If the store refuses.
        EncoderError: If the encoder can't be used.

    Example:
        >>> report = ingest("manuals", store)  # doctest: +SKIP
        >>> [source.uri for source in report.with_status("failed")]  # doctest: +SKIP
        []
    """
    started = time.perf_counter()
    make = _loaders(loader, settings)
    roots = [paths] if isinstance(paths, str | Path) else list(paths)
    found = find_files([Path(root) for root in roots], image_root=settings.get("image_root"))
    files = found.files
    run = IngestRun(store, len(files), force=force, on_progress=on_progress)
    if loader is None:
        run.prepare(files, make, LoadOptions(**settings))
    for path in files:
        run.take(path, make)
    run.finish()
    report = IngestReport(
        tuple(run.results), time.perf_counter() - started, dict(found.passed_over)
    )
    _log_end(report)
    return report


def _log_end(report: IngestReport) -> None:
    counts: Counter[str] = Counter(source.status for source in report.sources)
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    log_event(
        _LOG,
        logging.INFO,
        "ingest.finished",
        f"Ingest ended: {told}; {report.chunks} chunks in {report.seconds:.1f} s.",
        chunks=report.chunks,
        seconds=round(report.seconds, 3),
        passed_over=dict(report.passed_over),
        **counts,
    )


def _log_source(result: SourceResult) -> None:
    """Tell of one file; what went wrong is a warning."""
    lost = result.status == "failed" or bool(result.problems)
    if result.status == "unchanged":
        lost = False  # Its problems were told when it was indexed.
    told = "".join(f" {problem}" for problem in result.problems) if lost else ""
    log_event(
        _LOG,
        logging.WARNING if lost else logging.INFO,
        f"source.{result.status}",
        f"{result.uri}: {result.status}, {result.chunks} chunks.{told}",
        **result.to_dict(),
    )


def _loaders(
    own: LoaderFactory | None, settings: LoadSettings
) -> Callable[[Path, ErrorHandler], Loader]:
    LoadOptions(**settings)  # A mistyped name is told before the first file, not at it.
    if own is None:
        return lambda path, on_error: loader_for(path, on_error=on_error, **settings)
    if settings:
        raise ConfigurationError(
            f"{', '.join(sorted(settings))}: your own `loader` doesn't see these. Give them to the "
            "loader that it makes."
        )
    return lambda path, _on_error: own(path)


def _can_be_prepared(path: Path) -> bool:
    kind = format_of(path)
    return kind is not None and kind.prepare is not None


@dataclass(slots=True)
class FileUnderWay:
    """A file that is under way: its chunks are loaded, or still wait to be written."""

    slot: int
    uri: str
    fingerprint: str
    problems: list[str]
    chunk_ids: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


class IngestRun:
    """One ingest. Chunks of several files share a batch; records follow their chunks."""

    def __init__(
        self,
        store: MultimodalStore,
        files: int,
        *,
        force: bool,
        on_progress: ProgressHandler | None,
    ) -> None:
        self._store = store
        self._files = files
        self._force = force
        self._on_progress = on_progress
        self._buffer: list[tuple[FileUnderWay, Chunk]] = []
        self._loaded: list[FileUnderWay] = []
        self.results: list[SourceResult] = []
        self._chunks = 0
        self._digests: dict[Path, str] = {}

    def prepare(
        self,
        files: Iterable[Path],
        make: Callable[[Path, ErrorHandler], Loader],
        options: LoadOptions,
    ) -> None:
        """Do ahead what costs less for many files together, for those that are to be indexed."""
        due = [path for path in files if _can_be_prepared(path) and self._is_due(path, make)]
        prepare_files(due, options, lambda file: self._report(str(file), done=0))

    def _is_due(self, path: Path, make: Callable[[Path, ErrorHandler], Loader]) -> bool:
        try:
            loader = make(path, raise_error)
            record = self._store.source_record(loader.uri)
            digest = self._digests[path] = loader.fingerprint()
            return self._force or record is None or record.fingerprint != digest
        except InputError:
            # It is reported when its turn comes.
            return False

    def take(self, path: Path, make: Callable[[Path, ErrorHandler], Loader]) -> None:
        """Load one file; its chunks are written when a batch is full."""
        problems: list[str] = []
        slot = len(self.results)
        name = encodable(str(path))
        # Holds the file's place in the report until its chunks are written.
        self.results.append(SourceResult(name, "failed"))
        self._report(name, done=slot)
        try:
            loader = make(path, lambda error: problems.append(str(error)))
            known = self._digests.pop(path, None)
            fingerprint = known if known is not None else loader.fingerprint()
            record = self._store.source_record(loader.uri)
            if record is not None and record.fingerprint == fingerprint and not self._force:
                self._settle(
                    slot,
                    SourceResult(
                        loader.uri, "unchanged", len(record.chunk_ids), problems=record.problems
                    ),
                )
            else:
                self._load(FileUnderWay(slot, loader.uri, fingerprint, problems), loader, record)
        except InputError as error:
            self._settle(slot, SourceResult(name, "failed", problems=(*problems, str(error))))

    def _settle(self, slot: int, result: SourceResult) -> None:
        self.results[slot] = result
        _log_source(result)

    def _load(self, job: FileUnderWay, loader: Loader, record: SourceRecord | None) -> None:
        try:
            for chunk in loader.lazy_load():
                job.chunk_ids.append(chunk.id)
                self._buffer.append((job, chunk))
                self._chunks += 1
                if len(self._buffer) >= BATCH_SIZE:
                    self._flush()
                    self._report(job.uri, done=job.slot)
        except InputError:
            self._take_back(job, record)
            raise
        self._loaded.append(job)

    def _take_back(self, job: FileUnderWay, record: SourceRecord | None) -> None:
        """Leave of a file that broke off what an earlier run had finished, and no more."""
        self._buffer = [(other, chunk) for other, chunk in self._buffer if other is not job]
        finished = set(record.chunk_ids) if record is not None else set()
        self._store.delete([id_ for id_ in job.written if id_ not in finished])

    def finish(self) -> None:
        """Write what is left."""
        self._flush()
        self._report("", done=self._files)

    def _flush(self) -> None:
        jobs = {chunk.id: job for job, chunk in self._buffer}

        def failed(chunk: Chunk, error: RagsightError) -> None:
            jobs[chunk.id].problems.append(str(error))
            if leaves_out(chunk, error):
                jobs[chunk.id].chunk_ids.remove(chunk.id)

        self._store.upsert([chunk for _, chunk in self._buffer], on_error=failed)
        for job, chunk in self._buffer:
            job.written.append(chunk.id)
        self._buffer.clear()
        for job in self._loaded:
            self._settle(job.slot, self._recorded(job))
        self._loaded.clear()

    def _recorded(self, job: FileUnderWay) -> SourceResult:
        problems = tuple(job.problems)
        if not job.chunk_ids:
            reason = problems if problems else (f"{job.uri}: there is nothing in it to index.",)
            return SourceResult(job.uri, "failed", problems=reason)
        ids = tuple(dict.fromkeys(job.chunk_ids))
        removed = self._store.finish_source(SourceRecord(job.uri, job.fingerprint, ids, problems))
        return SourceResult(job.uri, "indexed", len(ids), removed, problems)

    def _report(self, current: str, *, done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(done, self._files, self._chunks, current))
