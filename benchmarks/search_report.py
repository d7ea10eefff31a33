"""What `search.py` measured, as one dictionary and as tables."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from search_data import CASES, FILTERED_TO
from search_measure import (
    BARE,
    EXACT,
    LOCAL,
    OURS,
    THROUGH_STORE,
    Asked,
    Measurement,
    recall,
)

PACKAGES = ("ragsight", "qdrant-edge-py", "qdrant-client", "chromadb", "lancedb", "numpy")
MEGABYTE = 1_000_000


def machine() -> dict[str, Any]:
    """What was measured with."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return {"date": date.today().isoformat(), "system": system, "versions": versions}


def summary(points: int, measured: Measurement) -> dict[str, Any]:
    """One size's figures: seconds, bytes, shares."""
    times = measured.times
    truth = times.get(EXACT, {})
    contenders = {
        name: {
            **measured.contenders.get(name, {}),
            "cases": {
                case: _case(asked, truth[case].answers if case in truth else {})
                for case, asked in cases.items()
                if asked.seconds
            },
        }
        for name, cases in times.items()
    }
    for facts in contenders.values():
        if "ingest" in facts:
            facts["points per second"] = {k: points / v for k, v in facts["ingest"].items() if v}
    found = {
        "points": points,
        "contenders": contenders,
        "left out": measured.left_out,
        "longest hold of the event loop": measured.holds,
        "four channels": measured.channels,
    }
    ratios = {figure: _ratios(contenders, figure) for figure in ("p50", "p50 of CPU time")}
    return {**found, "overhead": _overhead(contenders), "ratios": ratios}


def _case(asked: Asked, exact: Mapping[int, list[int]]) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "p50": statistics.median(asked.seconds),
        "p50 of CPU time": statistics.median(asked.cpu),
        "p95": float(np.quantile(asked.seconds, 0.95)),
        "answers": len(asked.seconds),
        "recall": recall(asked, exact),
    }
    if asked.inner:
        figures["engine's own call, p50"] = statistics.median(asked.inner)
    return figures


def _overhead(contenders: Mapping[str, Any]) -> dict[str, Any]:
    """What `MultimodalStore.search` takes beside the bare engine: shares of the latter's p50."""
    if BARE not in contenders or THROUGH_STORE not in contenders:
        return {}
    ours, bare = (contenders[name]["cases"] for name in (THROUGH_STORE, BARE))
    return {
        case: {
            "over request, call and reading": ours[case]["p50"] / bare[case]["p50"] - 1,
            "over the engine's own call": ours[case]["p50"] / bare[case]["engine's own call, p50"]
            - 1,
        }
        for case in ours.keys() & bare.keys()
        if case != "hybrid"
    }


def _ratios(contenders: Mapping[str, Any], figure: str) -> dict[str, dict[str, float]]:
    """By contender and case, how many times ragsight's median it takes."""
    ours = contenders[OURS]["cases"] if OURS in contenders else {}
    return {
        name: {
            case: figures[figure] / ours[case][figure]
            for case, figures in facts["cases"].items()
            if case in ours
        }
        for name, facts in contenders.items()
    }


def tables(found: Mapping[str, Any]) -> Iterator[str]:
    """The lines to print for one size."""
    yield f"\n## {found['points']:,} points\n"
    yield from _ingest_table(found["contenders"])
    for case in CASES:
        yield from _case_table(case, found)
    for name, reason in found["left out"].items():
        yield f"Not in the tables: {name} ({reason})."
    yield from _other_lines(found)


def _ingest_table(contenders: Mapping[str, Any]) -> Iterator[str]:
    heads = ("points/s", "per CPU s", "build s", "its CPU s", "open ms", "disk MB")
    yield _row("ingest", (*heads, "peak MB", "searching"))
    for name, facts in contenders.items():
        speed, build = facts.get("points per second", {}), facts.get("build", {})
        opening = facts.get("open", {}).get("wall")
        cells = (
            _number(speed.get("wall"), 1, 0),
            _number(speed.get("cpu"), 1, 0),
            _number(build.get("wall"), 1, 1),
            _number(build.get("cpu"), 1, 1),
            _number(opening, 1000, 1),
            _number(facts.get("disk"), 1 / MEGABYTE, 0),
            _number(facts.get("ingest peak"), 1 / MEGABYTE, 0),
            _number(facts.get("query peak"), 1 / MEGABYTE, 0),
        )
        if name != THROUGH_STORE:
            yield _row(name, cells)
    yield ""


def _case_table(case: str, found: Mapping[str, Any]) -> Iterator[str]:
    yield _row(
        case, ("p50 ms", "p95 ms", "x ragsight", "CPU ms", "x ragsight", "recall@10", "answers")
    )
    for name, facts in found["contenders"].items():
        figures = facts["cases"].get(case)
        if figures is None:
            yield _row(name, ("-",) * 7)
            continue
        cells = (
            _number(figures["p50"], 1000, 2),
            _number(figures["p95"], 1000, 2),
            _number(found["ratios"]["p50"].get(name, {}).get(case), 1, 2),
            _number(figures["p50 of CPU time"], 1000, 2),
            _number(found["ratios"]["p50 of CPU time"].get(name, {}).get(case), 1, 2),
            _number(figures["recall"], 1, 3),
            str(figures["answers"]),
        )
        yield _row(name, cells)
    yield ""


def _other_lines(found: Mapping[str, Any]) -> Iterator[str]:
    for case, shares in sorted(found["overhead"].items()):
        parts = ", ".join(f"{share:+.0%} {what}" for what, share in shares.items())
        yield f"MultimodalStore.search, {case}: {parts}."
    for name, holds in found["longest hold of the event loop"].items():
        parts = ", ".join(f"{what} {1000 * seconds:.0f} ms" for what, seconds in holds.items())
        yield f"Event loop held at the longest ({name}): {parts}."
    if four := found["four channels"]:
        parts = ", ".join(f"{n} {1000 * s:.1f} ms" for n, s in four["medians"].items())
        yield f"Four channels: {parts}; {four['ratio']:.2f} times {four['slowest']}."


def aims(found: Mapping[str, Any]) -> Iterator[str]:
    """What this size says about the project's aims."""
    least = {"no filter": 20, **dict.fromkeys(FILTERED_TO, 200), "hybrid": 50}
    if found["points"] == 10_000:
        for case, aim in least.items():
            for figure, ratios in found["ratios"].items():
                times = ratios.get(LOCAL, {}).get(case)
                yield from _aim(f"{case}, times as fast as local mode, {figure}", times, aim)
    for case, figures in found["contenders"].get(OURS, {"cases": {}})["cases"].items():
        yield from _aim(f"{case}, recall@10 after optimize", figures["recall"], 0.98)
    for case, shares in found["overhead"].items():
        share = shares["over request, call and reading"]
        yield from _aim(f"{case}, overhead of the store", share, 0.25, most=True)
    for name, holds in found["longest hold of the event loop"].items():
        for what in ("query", "upsert"):
            yield from _aim(f"{name}, {what}, hold in s", holds[what], 0.1, most=True)
    if four := found["four channels"]:
        yield from _aim("four channels beside the slowest", four["ratio"], 1.5, most=True)


def _aim(what: str, value: float | None, aim: float, *, most: bool = False) -> Iterator[str]:
    if value is not None:
        reached = value <= aim if most else value >= aim
        bound = "at most" if most else "at least"
        yield f"{'reached' if reached else 'MISSED ':8} {what}: {value:.3g}, {bound} {aim:g}"


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:34}" + "".join(f"{cell:>11}" for cell in cells)


def _number(value: float | None, factor: float, digits: int) -> str:
    return "-" if value is None else f"{value * factor:,.{digits}f}"
