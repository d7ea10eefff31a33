"""Torture ragsight, and print a table: `python -m tools.torture --seed 7 --only kills`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests")]  # the tests' makers of files

from tools.torture import damages, inputs, kills  # noqa: E402 - the path comes first
from tools.torture.children import COLUMNS, Tally  # noqa: E402

KINDS = {"kills": (kills, 200), "damages": (damages, 500), "inputs": (inputs, 5000)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--cases", type=int, help="of each kind; by default 200, 500 and 5000")
    parser.add_argument("--case", type=int, help="repeat this one case of --only")
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
    for name, (kind, whole) in KINDS.items():
        if arguments.only in (None, name):
            started = time.monotonic()
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                cases = _cases(arguments, whole)
                tallies[name] = kind.torture(arguments.seed, cases, Path(folder) / "t")
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
