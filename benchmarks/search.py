"""Search in ragsight's embedded engine, beside others and beside the bare engine.

    python benchmarks/search.py --points 10000 100000 --json search.json --chart search.png

All hold the same products (`search_data.py` says how they are made): a vector of 512 dimensions, a
text, and the key `percent` (0 to 99). Each contender is a process of its own, so that memory and
locks don't mix. They are asked the same questions in turn, ten at a time and in an order that
changes, so that a machine whose speed drifts slows all alike; each takes the time itself. All may
use every core: `CPU ms` counts all threads.

The contenders are `MultimodalRetriever.retrieve` after and before `optimize`,
`MultimodalStore.search`, the engine without our code (`qdrant-edge`, on a copy of our index),
qdrant-client's local mode, Chroma, LanceDB, and numpy, which multiplies all vectors: recall is the
share of its first ten that another found. One that isn't installed or fails is named. One that is
too slow is asked fewer questions (see the column `answers`), or left out of large sizes and named.

A chunk of ours stands in two collections, one for its text and one for its image, with its payload
in both. `peak MB` is the most memory of the process that wrote, `searching` of the one that opened
the index again and searched; `open ms` is the time to the first answer there, without imports. The
hybrid case is vector and BM25 together; Chroma has no BM25 in a folder, and nothing is compared
with numpy.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from search_chart import chart
from search_measure import OURS, Measurement, Options
from search_process import CONTENDERS, serve
from search_report import aims, machine, summary, tables


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, nargs="+", default=[10_000], help="sizes to measure")
    parser.add_argument("--questions", type=int, default=40, help="different questions of a case")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is asked")
    parser.add_argument("--seed", type=int, default=7, help="of the products and questions")
    parser.add_argument(
        "--only", nargs="+", choices=CONTENDERS, default=[*CONTENDERS], help="some contenders"
    )
    parser.add_argument("--folder", type=Path, help="where indexes are made; a temporary one")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    parser.add_argument("--chart", type=Path, help="a file for the chart (PNG)")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        name, folder, data = arguments.worker
        serve(name, Path(folder), Path(data))
        return
    report(arguments)


def report(arguments: argparse.Namespace) -> None:
    """Measure each size, and write what was asked for after each."""
    facts = machine()
    print(f"{facts['date']}, {facts['system']}")
    print(", ".join(f"{name} {version}" for name, version in facts["versions"].items()))
    results: list[dict[str, Any]] = []
    for points in arguments.points:
        options = Options(
            questions=min(arguments.questions, points),
            rounds=arguments.rounds,
            seed=arguments.seed,
            # In their own order: some open copies of what another wrote.
            contenders=tuple(name for name in CONTENDERS if name in arguments.only),
            channels=OURS in arguments.only and points == min(arguments.points),
        )
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            measured = Measurement(points, options, Path(folder))
            measured.run()
            results.append(summary(points, measured))
        print("\n".join(tables(results[-1])))
        print("\n".join(("", "Aims:", *aims(results[-1]))), flush=True)
        if arguments.json is not None:
            arguments.json.write_text(json.dumps({**facts, "sizes": results}, indent=2))
    if arguments.chart is not None:
        chart(results, arguments.chart)


if __name__ == "__main__":
    main()
