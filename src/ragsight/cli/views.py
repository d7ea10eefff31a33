"""Results for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from ragsight.cli.session import err, out

if TYPE_CHECKING:
    from ragsight.answer import Answer, AnswerStream
    from ragsight.chunks import Chunk
    from ragsight.ingestion.report import IngestReport, ProgressHandler
    from ragsight.ingestion.report import Progress as IngestProgress
    from ragsight.retrieval import Hit

_EXCERPT = 140
_FACTS = ("price", "category")


def show_hits(hits: Sequence[Hit], *, title: str = "") -> None:
    """Print hits: what, how it begins, where, and why it was found."""
    if title:
        out.print(Text(f"\n{title}", style="bold"))
    if not hits:
        out.print("Nothing was found.")
    for number, hit in enumerate(hits, start=1):
        out.print(Text.assemble((f"{number:3d}  ", "cyan"), *_headline(hit.chunk)))
        if excerpt := _excerpt(hit.chunk):
            out.print(Padding(Text(excerpt), (0, 0, 0, 5)))
        why = Text(f"{_where(hit.chunk)} · {hit.why}", style="dim")
        out.print(Padding(why, (0, 0, 0, 5)))


def _headline(chunk: Chunk) -> list[tuple[str, str]]:
    name = str(chunk.metadata.get("label") or _name(chunk) or chunk.kind)
    facts = [str(chunk.metadata[key]) for key in _FACTS if key in chunk.metadata]
    return [(name, "bold"), (f"   {', '.join(facts)}" if facts else "", "yellow")]


def _name(chunk: Chunk) -> str:
    return str(chunk.metadata.get("name") or chunk.metadata.get("title") or "")


def _excerpt(chunk: Chunk) -> str:
    words = " ".join(chunk.text.split()).removeprefix(_name(chunk)).strip()
    return words if len(words) <= _EXCERPT else f"{words[:_EXCERPT].rstrip()}…"


def _where(chunk: Chunk) -> str:
    source = chunk.source
    return f"{source}, {source.part}" if source.part and source.page is None else str(source)


def show_report(report: IngestReport) -> None:
    """Print what an ingest did, and each problem on a line of its own."""
    counts = [
        f"{len(report.with_status(status))} {status}"
        for status in ("indexed", "unchanged", "failed")
        if report.with_status(status)
    ]
    out.print(f"{', '.join(counts)}; {report.chunks} chunks in {report.seconds:.1f} s")
    if report.passed_over:
        kinds = [f"{count} {suffix}" for suffix, count in report.passed_over.items()]
        err.print(Text(f"{', '.join(kinds)} passed over", style="dim"))
    for problem in report.problems:
        err.print(Text(f"skipped: {problem}", style="yellow"))


def show_stream(stream: AnswerStream) -> Answer:
    """Print an answer as it is written, then its sources and warnings."""
    try:
        for piece in stream:
            out.print(Text(piece), end="", soft_wrap=True)
    finally:
        stream.close()
        out.print()
    answer = stream.answer
    from ragsight.answer.reply.view import source_lines

    for line in source_lines(answer):
        out.print(line)
    for warning in answer.warnings:
        err.print(Text(f"warning: {warning}", style="yellow"))
    return answer


def show_evidence(hits: Sequence[Hit]) -> None:
    """Print numbered sources, as an answer would cite them."""
    from ragsight.answer import cite_sources

    for source in cite_sources(hits):
        out.print(Padding(Text(source.label, style="green"), (0, 0, 0, 2)))
        if source.excerpt:
            out.print(Padding(Text(source.excerpt, style="dim"), (0, 0, 0, 6)))


@contextmanager
def progress_bar(task: str) -> Iterator[ProgressHandler]:
    """Show an ingest's progress on stderr while the block runs."""
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}", style="dim"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=not err.is_terminal) as progress:
        bar = progress.add_task(task, total=None, detail="")

        def update(event: IngestProgress) -> None:
            detail = f"{event.chunks} chunks  {Path(event.current).name}"
            progress.update(bar, completed=event.files_done, total=event.files, detail=detail)

        yield update
