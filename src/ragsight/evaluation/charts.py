"""An evaluation as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ragsight.errors import RagsightError, extra
from ragsight.evaluation.scores import MEASURES, Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#3b6fd4", "#e0803a", "#3f9c6d", "#a05bb8", "#8a8a8a", "#c44e52")
_SIZE_INCHES = (7.5, 3.6)
_DPI = 150


def plot_evaluation(
    path: str | Path, evaluation: Evaluation, *, baseline: Evaluation | None = None
) -> Path:
    """Draw the means of each run as bars.

    Args:
        path: The file to write; its suffix says the format (`.png`, `.svg`, `.pdf`).
        evaluation: What to draw.
        baseline: An earlier evaluation, to draw beside it.

    Returns:
        The absolute path of the file.

    Raises:
        MissingExtraError: If the extra `eval` isn't installed.
        RagsightError: If the file can't be written, or its suffix is unknown.
    """
    with extra("eval", "matplotlib"):
        from matplotlib.figure import Figure
    target = Path(path).absolute()
    # A figure of its own, without pyplot: nothing global, no window, any thread.
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    k = evaluation.runs[0].k
    _draw_bars(axes, _labelled_runs(evaluation, baseline))
    figure.legend(frameon=False, fontsize=8, ncols=4, loc="outside lower center")
    axes.set_title(f"{len(evaluation.runs[0].queries)} queries, first {k} hits", loc="left")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(target)
    except (OSError, ValueError) as error:
        raise RagsightError(f"{target}: the chart can't be written ({error}).") from error
    return target


def _labelled_runs(
    evaluation: Evaluation, baseline: Evaluation | None
) -> dict[str, Mapping[str, float]]:
    named = [(run.name, run) for run in evaluation]
    if baseline is not None:
        named += [(f"{run.name}, before", run) for run in baseline]
    return {name: {measure: run.mean(measure) for measure in MEASURES} for name, run in named}


def _draw_bars(axes: Axes, runs: Mapping[str, Mapping[str, float]]) -> None:
    width = 0.8 / len(runs)
    for index, (name, means) in enumerate(runs.items()):
        places = [place + (index - (len(runs) - 1) / 2) * width for place in range(len(MEASURES))]
        bars = axes.bar(
            places,
            [means[measure] for measure in MEASURES],
            width * 0.92,
            label=name,
            color=_COLOURS[index % len(_COLOURS)],
        )
        axes.bar_label(bars, fmt="%.2f", fontsize=6.5, padding=1)
    axes.set_xticks(range(len(MEASURES)), ["recall", "precision", "MRR", "nDCG"])
    axes.set_ylim(0, 1.08)
    axes.spines[["top", "right"]].set_visible(False)
