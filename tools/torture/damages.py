"""Damage to one file of an index, then: open it, examine it, repair it, open it again."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from pixels import PixelEncoder  # type: ignore[import-not-found]
from ragsight import check_index, repair_index
from ragsight.errors import RagsightError
from tools.torture.children import FaultError, Say, Tally, run
from tools.torture.indexes import BYSTANDERS, OLD, fill, opened, state
from tools.torture.kills import copy

WRONG = (b"", b"null", b"[]", b"{}", b'"x"', b"7", b'{"a": [[[1]]]}', b"\xff\xfe{", b"[null]")
REACH = 65536
"""Logs are mostly holes: damage strikes where something stands."""


def truncate(path: Path, chance: random.Random) -> None:
    """Cut a file anywhere."""
    os.truncate(path, chance.randrange(path.stat().st_size + 1))


def _over(path: Path, chance: random.Random, what: Callable[[bytes], bytes]) -> None:
    size = min(path.stat().st_size, REACH)
    with path.open("r+b") as file:
        start = chance.randrange(max(size, 1))
        file.seek(start)
        piece = file.read(chance.choice((1, 16, 512)))
        file.seek(start)
        file.write(what(piece))


def flip(path: Path, chance: random.Random) -> None:
    """Flip a bit of each of some bytes."""
    _over(path, chance, lambda piece: bytes(b ^ (1 << chance.randrange(8)) for b in piece))


def zero(path: Path, chance: random.Random) -> None:
    """Make some bytes zero."""
    _over(path, chance, lambda piece: bytes(len(piece)))


def delete(path: Path, _: random.Random) -> None:
    """Take a file away."""
    path.unlink()


def wrong_type(path: Path, chance: random.Random) -> None:
    """Put other JSON, or none, in the place of a file."""
    path.write_bytes(chance.choice(WRONG))


def _damage(index: Path, chance: random.Random) -> str:
    files = sorted(path for path in index.rglob("*") if path.is_file())
    path = chance.choice(files)
    kinds = [truncate, flip, zero, delete]
    how = wrong_type if path.suffix == ".json" and chance.random() < 0.5 else chance.choice(kinds)
    how(path, chance)
    return f"{how.__name__} {path.relative_to(index)}"


def _examine(index: Path) -> Callable[[Say], None]:
    def examine(say: Say) -> None:
        try:
            with opened(index) as store:
                list(store.scroll())
                store.counts()
        except RagsightError as error:
            say("refused", str(error))
        check_index(index)
        report = repair_index(index, encoder=PixelEncoder().spec)
        with opened(index) as store:
            found = state(store)
        _account(found.keys(), set(report.sources))

    return examine


def _account(found: object, named: set[str]) -> None:
    """What is gone is named by its source: nothing is lost in silence."""
    chunks = {c.id: c.source.uri for c in [*OLD, *BYSTANDERS]}
    gone = {i for i in chunks.keys() - set(found) if chunks[i] not in named}  # type: ignore[call-overload]
    if gone:
        raise FaultError("lost", f"{sorted(gone)} are gone and no source was named")


def torture(seed: int, cases: range, folder: Path) -> Tally:
    """Damage so many copies of an index, one file each."""
    base = folder / "base"
    run(lambda _: fill(base))
    tally = Tally()
    for case in cases:
        copy(base, folder / "case")
        damage = _damage(folder / "case", random.Random(f"{seed} damage {case}"))
        faults, said_ = run(_examine(folder / "case"))
        faults += [("lost", f"no way out: {what}") for kind, what in said_ if kind == "error"]
        tally.add(case, [(column, f"{damage}: {detail}") for column, detail in faults])
        shutil.rmtree(folder / "case", ignore_errors=True)
    return tally
