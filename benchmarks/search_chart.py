"""What `search.py` measured, as a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from search_data import CASES
from search_measure import THROUGH_STORE


def chart(results: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw each contender's median, with a line up to the 95th percentile, a panel for each size.

    Args:
        results: What `summary` gave for each size.
        path: Where to.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(
        1, len(results), figsize=(7 * len(results), 5), squeeze=False, layout="constrained"
    )
    for panel, found in zip(panels[0], results, strict=True):
        _draw(panel, found)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def _draw(panel: Any, found: Mapping[str, Any]) -> None:
    names = [name for name in found["contenders"] if name != THROUGH_STORE]
    for place, name in enumerate(names):
        cases = found["contenders"][name]["cases"]
        able = [number for number, case in enumerate(CASES) if case in cases]
        across = [number + 0.7 * (place + 0.5) / len(names) - 0.35 for number in able]
        p50, p95 = (
            [1000 * cases[CASES[number]][figure] for number in able] for figure in ("p50", "p95")
        )
        color = f"C{place}"
        panel.plot(across, p50, "o", color=color, label=name)
        panel.vlines(across, p50, p95, color=color, linewidth=1)
    panel.set_xticks(range(len(CASES)), CASES)
    panel.set_yscale("log")
    panel.set_ylabel("a query, ms: median and 95th percentile")
    panel.set_title(f"{found['points']:,} points of 512 dimensions")
    panel.grid(axis="y", alpha=0.3)
