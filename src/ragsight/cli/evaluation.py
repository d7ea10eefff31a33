"""The command that measures an index on labelled queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.table import Table
from rich.text import Text

from ragsight.chunks import Source
from ragsight.cli import session
from ragsight.cli.options import Index, Json
from ragsight.errors import ConfigurationError, InputError, RagsightError
from ragsight.files import read_regular_text

if TYPE_CHECKING:
    from ragsight.evaluation import Difference, Evaluation, LabelledQuery, Tuning
    from ragsight.store import MultimodalStore

# Typer reads annotations at run time, and on Python 3.10 not all of the newer syntax.
# ruff: noqa: UP045


def evaluate_index(
    queries: Annotated[
        Path,
        typer.Argument(help="Labelled queries (JSON lines), or with --qrels TREC topics."),
    ],
    qrels: Annotated[
        Optional[Path], typer.Option("--qrels", help="Judgements in TREC's format.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many hits count.")] = 10,
    index: Index = session.DEFAULT_INDEX,
    baseline: Annotated[
        Optional[Path], typer.Option("--baseline", help="Compare with what --save wrote before.")
    ] = None,
    save: Annotated[Optional[Path], typer.Option("--save", help="Write the scores (JSON).")] = None,
    plot: Annotated[
        Optional[Path], typer.Option("--plot", help="Draw a chart (.png, .svg, .pdf).")
    ] = None,
    tune: Annotated[
        bool, typer.Option("--tune", help="Choose weights and fusion by the queries.")
    ] = False,
    json: Json = False,
) -> None:
    """Measure retrieval on labelled queries: recall, precision, MRR, nDCG, by channel and fused."""
    from ragsight.evaluation import Evaluation, evaluate, plot_evaluation
    from ragsight.evaluation import tune as tune_retriever
    from ragsight.retrieval import MultimodalRetriever

    problems: list[RagsightError] = []
    labelled = _labelled(queries, qrels, problems)
    before = None if baseline is None else Evaluation.from_dict(_read_json(baseline))
    if before is not None and before.runs[0].k != k:
        raise ConfigurationError(
            f"{baseline}: its scores are at {before.runs[0].k} hits, and this run's would be at "
            f"{k}. Pass -k {before.runs[0].k}, or save a new baseline."
        )
    with session.open_index(index) as store:
        unknown = _unknown_labels(labelled, store)
        retriever = MultimodalRetriever(store, k=k)
        evaluation = evaluate(retriever, labelled, k=k)
        tuning = tune_retriever(retriever, labelled, k=k) if tune else None
    differences = _differences(evaluation, before)
    if json:
        tuned = {} if tuning is None else {"tuning": tuning.to_dict()}
        session.print_json({**evaluation.to_dict(), **_as_dicts(differences), **tuned})
    else:
        _show(evaluation, differences)
        if tuning is not None:
            _show_tuning(tuning)
    for problem in problems:
        session.err.print(Text(f"skipped: {problem}", style="yellow"))
    for label in unknown:
        session.err.print(Text(f"warning: {label}: nothing indexed is called so", style="yellow"))
    if save is not None:
        _write_json(save, evaluation.to_dict())
    if plot is not None:
        chart = plot_evaluation(plot, evaluation, baseline=before)
        session.err.print(Text(f"Chart: {chart}"))
    if problems:
        raise typer.Exit(1)


def _labelled(
    queries: Path, qrels: Path | None, problems: list[RagsightError]
) -> tuple[LabelledQuery, ...]:
    from ragsight.evaluation import read_qrels, read_queries

    if qrels is not None:
        return read_qrels(qrels, queries)
    return read_queries(queries, on_error=problems.append)


def _unknown_labels(labelled: Sequence[LabelledQuery], store: MultimodalStore) -> list[str]:
    """Labels whose file or chunk no ingest has brought; a slip of the pen, as a rule."""
    records = store.source_records()
    known = {
        name
        for record in records
        for name in (record.uri, Source(uri=record.uri).name, *record.chunk_ids)
    }
    labels = dict.fromkeys(label for query in labelled for label in query.relevant)
    return [label for label in labels if known and known.isdisjoint(_owners(label))]


def _owners(label: str) -> set[str]:
    """What a label may name as a whole: all of it, or what stands before one of its `#`."""
    return {label, *(label[:place] for place, sign in enumerate(label) if sign == "#")}


def _differences(evaluation: Evaluation, before: Evaluation | None) -> dict[str, Difference]:
    """The fused ranking beside each channel alone, or beside the fused one of another time."""
    from ragsight.evaluation import compare

    fused, *channels = evaluation.runs
    if before is not None:
        return {"before": compare(fused, before.runs[0])}
    return {run.name: compare(fused, run) for run in channels if len(channels) > 1}


def _show(evaluation: Evaluation, differences: dict[str, Difference]) -> None:
    from ragsight.evaluation import MEASURES

    first = evaluation.runs[0]
    table = Table(box=None, pad_edge=False, title=None)
    table.add_column("")
    for heading in (*(f"{measure}@{first.k}" for measure in MEASURES), "ms a query"):
        table.add_column(heading, justify="right")
    for run in evaluation:
        milliseconds = "" if run.seconds is None else f"{1000 * run.seconds / len(run.queries):.1f}"
        means = (f"{run.mean(measure):.3f}" for measure in MEASURES)
        table.add_row(run.name, *means, milliseconds)
    count = len(first.queries)
    session.out.print(Text("1 query" if count == 1 else f"{count} queries", style="bold"))
    session.out.print(table)
    for name, difference in differences.items():
        session.out.print(Text(_sentence(name, difference), style="dim"), soft_wrap=True)


def _show_tuning(tuning: Tuning) -> None:
    gain = tuning.gain
    session.out.print(Text("Best for these queries:", style="bold"))
    session.out.print(Text(tuning.best.code), soft_wrap=True)
    verdict = "take it" if tuning.is_worth_it else "may be chance: the present settings do as well"
    session.out.print(
        Text(
            f"nDCG on queries that the choice didn't know: {gain.mean:+.3f} "
            f"(95% between {gain.low:+.3f} and {gain.high:+.3f}): {verdict}",
            style="dim",
        ),
        soft_wrap=True,
    )


def _sentence(name: str, difference: Difference) -> str:
    if difference.low == difference.mean == difference.high:
        return f"nDCG, fused minus {name}: {difference.mean:+.3f} for every query"
    verdict = "a clear difference" if difference.is_clear else "may be chance"
    return (
        f"nDCG, fused minus {name}: {difference.mean:+.3f} "
        f"(95% between {difference.low:+.3f} and {difference.high:+.3f}): {verdict}"
    )


def _as_dicts(differences: dict[str, Difference]) -> dict[str, Any]:
    return {"differences": {name: each.to_dict() for name, each in differences.items()}}


def _read_json(path: Path) -> Any:
    try:
        return json.loads(read_regular_text(path))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: no saved scores can be read from it ({error}).") from error


def _write_json(path: Path, data: Any) -> None:
    try:
        path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise RagsightError(f"{path}: the scores can't be written ({error}).") from error
