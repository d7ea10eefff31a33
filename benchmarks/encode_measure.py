"""Measure contenders in turn, and lay the figures out."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from encode_contenders import Contender, Setup


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        section: The table.
        name: The contender.
        cpu_ms: Processor time of all threads for one item, in milliseconds; the median of rounds.
        wall_ms: The same by the clock.
        ratio: `cpu_ms` by that of the table's first contender.
        cosine: Least cosine to the vectors of the first contender, where weights are the same.
        remark: Why there are no figures, or what else they say.
    """

    section: str
    name: str
    cpu_ms: float | None = None
    wall_ms: float | None = None
    ratio: float | None = None
    cosine: float | None = None
    remark: str = ""


def timed(call: Callable[[], Any]) -> tuple[float, float]:
    """Processor time and wall time of a call in seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def in_turn(
    calls: Mapping[str, Callable[[], Any]], rounds: int, items: int
) -> dict[str, tuple[float, float]]:
    """Median CPU and wall milliseconds an item of calls that are made in turn.

    The order turns too, so that none is always the one after the slowest.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    names = list(calls)
    for number in range(rounds):
        shift = number % len(names) if names else 0
        for name in names[shift:] + names[:shift]:
            times[name].append(timed(calls[name]))
    return {
        name: (
            1000 * statistics.median(cpu for cpu, _ in each) / items,
            1000 * statistics.median(wall for _, wall in each) / items,
        )
        for name, each in times.items()
    }


def compare(
    section: str,
    contenders: Sequence[Contender],
    setup: Setup,
    prepare: Callable[[Contender, Setup], Callable[[], np.ndarray]],
    rounds: int,
    items: int,
) -> list[Row]:
    """Measure contenders on one task.

    Args:
        section: Name of the task.
        contenders: Those that can do it; the first one is what the others are compared with.
        setup: What they get.
        prepare: Loads a contender and makes the call to measure.
        rounds: How often each is measured.
        items: Images or texts in one call.

    Returns:
        One row each; those whose packages aren't installed say so.
    """
    calls: dict[str, Callable[[], np.ndarray]] = {}
    vectors: dict[str, np.ndarray] = {}
    missing: dict[str, str] = {}
    for contender in contenders:
        try:
            call = prepare(contender, setup)
            vectors[contender.name] = call()  # warm, and what it gives
        except ImportError as error:
            missing[contender.name] = f"not installed: {error}"
        else:
            calls[contender.name] = call
    medians = in_turn(calls, rounds, items)
    first = next(iter(medians), None)
    return [
        _row(section, each, medians, vectors, first)
        if each.name in medians
        else Row(section, each.name, remark=missing[each.name])
        for each in contenders
    ]


def _row(
    section: str,
    contender: Contender,
    medians: Mapping[str, tuple[float, float]],
    vectors: Mapping[str, np.ndarray],
    first: str | None,
) -> Row:
    cpu, wall = medians[contender.name]
    assert first is not None
    cosine = _least_cosine(vectors[contender.name], vectors[first])
    return Row(
        section,
        contender.name,
        cpu,
        wall,
        cpu / medians[first][0],
        cosine if contender.same_weights else None,
        "" if contender.same_weights else "random weights of its own",
    )


def _least_cosine(rows: np.ndarray, reference: np.ndarray) -> float:
    return float((np.atleast_2d(rows) * np.atleast_2d(reference)).sum(axis=1).min())


def table(rows: Sequence[Row]) -> str:
    """The rows of one section as text."""
    lines = [
        f"{rows[0].section}",
        f"  {'':32}{'CPU ms':>10}{'wall ms':>10}{'ratio':>8}{'cosine':>12}",
    ]
    for row in rows:
        if row.cpu_ms is None or row.wall_ms is None or row.ratio is None:
            lines.append(f"  {row.name:32}{row.remark}")
            continue
        cosine = f"{row.cosine:12.7f}" if row.cosine is not None else f"{'':12}"
        lines.append(
            f"  {row.name:32}{row.cpu_ms:10.2f}{row.wall_ms:10.2f}{row.ratio:8.3f}{cosine}"
            f"  {row.remark}".rstrip()
        )
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows as JSON-ready values."""
    return [asdict(row) for row in rows]


def draw_chart(rows: Sequence[Row], path: Path) -> None:
    """Draw CPU time an item as bars, one panel for each section; needs matplotlib."""
    from matplotlib import pyplot as plt

    kept = [row for row in rows if row.cpu_ms is not None]
    sections = list(dict.fromkeys(row.section for row in kept))
    heights = [sum(row.section == section for row in kept) for section in sections]
    figure, axes = plt.subplots(
        len(sections),
        figsize=(9, 0.32 * sum(heights) + 0.9 * len(sections)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for section, axis in zip(sections, axes[:, 0], strict=True):
        some = [row for row in kept if row.section == section][::-1]
        ours = [row.name.startswith("ragsight") for row in some]
        bars = axis.barh(
            [row.name for row in some],
            [row.cpu_ms for row in some],
            color=["#1f77b4" if own else "#b0b0b0" for own in ours],
        )
        axis.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
        axis.set_title(f"{section}: CPU ms an item", loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.1)
    figure.suptitle("ragsight in blue; less is better", fontsize=10)
    figure.savefig(path, dpi=130)


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("torch", "transformers", "onnxruntime", "open_clip_torch", "pillow", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        **found,
    }


def _processor() -> str:
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
