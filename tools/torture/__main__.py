"""Torture ragsight, and print a table: `python -m tools.torture --seed 7 --only kills`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["RAGSIGHT_RENDERS"] = "off"  # mutated decks would fill the user's cache
ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests")]  # the tests' makers of files

from memory_disk import prefer_memory  # type: ignore[import-not-found]  # noqa: E402

prefer_memory()

from tools.torture import damages, inputs, kills, odd  # noqa: E402 - the path comes first
from tools.torture.children import COLUMNS, Tally, side_by_side  # noqa: E402

# Once here, and not in each of thousands of forks.
for module in ("ragsight.store.engines.edge", "ragsight.ingestion.pipeline", "pymupdf", "pptx"):
    importlib.import_module(module)

KINDS = {
    "kills": (kills, 200),
    "damages": (damages, 500),
    "inputs": (inputs, 5000),
    "odd files": (odd, 200),
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--cases", type=int, help="of each kind; by default 200, 500 and 5000")
    parser.add_argument("--case", type=int, help="repeat this one case of --only")
    cores = min(os.cpu_count() or 1, 8)
    parser.add_argument("--jobs", type=int, default=cores, help=f"processes, by default {cores}")
    parser.add_argument("--short", action="store_true", help="a fiftieth of the cases")
    arguments = parser.parse_args()
    if arguments.case is not None and arguments.only is None:
        parser.error("--case needs --only")
    return arguments


def _cases(arguments: argparse.Namespace, whole: int) -> range:
    if arguments.case is not None:
        return range(arguments.case, arguments.case + 1)
    if arguments.cases is not None:
        return range(arguments.cases)
    return range(whole // 50 if arguments.short else whole)


def main() -> int:
    """Run the kinds that were asked for; 1 if any promise was broken."""
    arguments = _arguments()
    tallies: dict[str, Tally] = {}
    base = tempfile.gettempdir()
    for name, (kind, whole) in KINDS.items():
        if arguments.only in (None, name):
            tempfile.tempdir = base
            started = time.monotonic()
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                cases = _cases(arguments, whole)
                tempfile.tempdir = os.environ["TMPDIR"] = folder  # of processes that are killed
                tallies[name] = side_by_side(
                    kind.torture, arguments.seed, cases, Path(folder), arguments.jobs
                )
            print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    return _report(tallies, arguments.seed)


def _report(tallies: dict[str, Tally], seed: int) -> int:
    print(f"| seed {seed} | tried | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for name, tally in tallies.items():
        counts = [tally.tried, *(tally.count(column) for column in COLUMNS)]
        print(f"| {name} | {' | '.join(map(str, counts))} |")
    for name, tally in tallies.items():
        for case, column, detail in tally.faults:
            print(f"{column}: {detail}")
            print(f"  again: python -m tools.torture --seed {seed} --only {name} --case {case}")
    return int(any(tally.faults for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
