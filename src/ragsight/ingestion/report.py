"""What an ingest did, and where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["indexed", "unchanged", "failed"]


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What became of one file.

    Attributes:
        uri: The file.
        status: `indexed`, `unchanged` since the last run, or `failed`.
        chunks: How many chunks it has in the index.
        removed: How many chunks of its earlier state were removed.
        problems: What went wrong: why it failed, or what in it had to be left out.
    """

    uri: str
    status: Status
    chunks: int = 0
    removed: int = 0
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-ready values."""
        return {
            "uri": self.uri,
            "status": self.status,
            "chunks": self.chunks,
            "removed": self.removed,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did.

    Attributes:
        sources: One result for each file, in the order they were taken.
        seconds: Wall time.
        passed_over: How many files in the folders are of kinds that nothing reads, by suffix.

    Example:
        >>> report = ingest("manuals", store)  # doctest: +SKIP
        >>> report.chunks, [source.uri for source in report.with_status("failed")]  # doctest: +SKIP
        (49, [])
    """

    sources: tuple[SourceResult, ...]
    seconds: float
    passed_over: Mapping[str, int] = field(default_factory=dict)

    def with_status(self, status: Status) -> tuple[SourceResult, ...]:
        """The files of one status."""
        return tuple(source for source in self.sources if source.status == status)

    @property
    def chunks(self) -> int:
        """Chunks that the files have in the index."""
        return sum(source.chunks for source in self.sources)

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that went wrong, file by file."""
        return tuple(problem for source in self.sources for problem in source.problems)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready values."""
        return {
            "sources": [source.to_dict() for source in self.sources],
            "chunks": self.chunks,
            "seconds": self.seconds,
            "passed_over": dict(self.passed_over),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an ingest is.

    Attributes:
        files_done: Files that are through.
        files: Files in all.
        chunks: Chunks loaded so far.
        current: The file being read; empty at the end.
    """

    files_done: int
    files: int
    chunks: int
    current: str


ProgressHandler = Callable[[Progress], None]
