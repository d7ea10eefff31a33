"""Named pipes, sockets, devices and loops of links, as files that are read and inside an index."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from odd_files import ODD  # type: ignore[import-not-found]
from ragsight import load
from ragsight.store.engines.edge import OWN_FILES
from tools.torture.children import Say, Tally, run
from tools.torture.damages import look
from tools.torture.examinations import warm_examinations
from tools.torture.indexes import copy, fill

SUFFIXES = (".pdf", ".pptx", ".odp", ".ppt", ".png", ".heic", ".csv", ".jsonl", ".md", ".txt")
PATIENCE = 5.0
"""Seconds; an answer takes milliseconds, and a busy machine some more."""


def _read(path: Path) -> Callable[[Say], None]:
    def read(_: Say) -> None:
        list(load(path))

    return read


def _input(folder: Path, chance: random.Random) -> list[tuple[str, str]]:
    kind = chance.choice(sorted(ODD))
    path = folder / f"input{chance.choice(SUFFIXES)}"
    ODD[kind](path)
    faults, _ = run(_read(path), PATIENCE)
    return [(column, f"{kind} as {path.name}: {detail}") for column, detail in faults]


def _inside(base: Path, folder: Path, chance: random.Random) -> list[tuple[str, str]]:
    index = folder / "index"
    copy(base, index)
    own = [*index.rglob("*"), *(index / name for name in OWN_FILES)]
    # Without the shard of texts nobody knows of which files its chunks were.
    path = chance.choice(sorted({*own} - {index / "text"}))
    kind = chance.choice(sorted(ODD))
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    ODD[kind](path)
    what = f"{kind} as {path.relative_to(index)}"
    with warm_examinations(real=False):
        return [(column, f"{what}: {detail}") for column, detail in look(index, PATIENCE)]


def torture(seed: int, cases: Sequence[int], folder: Path) -> Tally:
    """Meet so many odd files, every other one inside an index."""
    base = folder / "base"
    run(lambda _: fill(base))
    tally = Tally()
    for case in cases:
        chance = random.Random(f"{seed} odd {case}")
        place = folder / "case"
        place.mkdir()
        faults = _inside(base, place, chance) if chance.random() < 0.5 else _input(place, chance)
        tally.add(case, faults)
        shutil.rmtree(place, ignore_errors=True)
    return tally
