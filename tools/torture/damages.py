"""Damage to one file of an index, then: open it, examine it, repair it, open it again."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from pixels import PixelEncoder  # type: ignore[import-not-found]
from ragsight import check_index, repair_index
from ragsight.errors import RagsightError
from tools.torture.children import FaultError, Say, Tally, run
from tools.torture.examinations import warm_examinations
from tools.torture.indexes import BYSTANDERS, OLD, Said, copy, fill, opened, said, state

WRONG = (b"", b"null", b"[]", b"{}", b'"x"', b"7", b'{"a": [[[1]]]}', b"\xff\xfe{", b"[null]")
REAL = 10
"""Every so many cases are examined by processes that start from nothing, as a user's are."""
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


def _open_damaged(index: Path) -> Callable[[Say], None]:
    def open_damaged(say: Say) -> None:
        try:
            with opened(index) as store:
                list(store.scroll())
                store.counts()
        except RagsightError as error:
            say("refused", str(error))

    return open_damaged


def _check(index: Path) -> Callable[[Say], None]:
    def check(_: Say) -> None:
        check_index(index)

    return check


def _mend(index: Path) -> Callable[[Say], None]:
    def mend(_: Say) -> None:
        report = repair_index(index, encoder=PixelEncoder().spec)
        with opened(index) as store:
            _account(state(store), set(report.sources))
        if not report.sources and (left := check_index(index)).problems:
            raise FaultError("lost", f"after the repair: {left.problems}")

    return mend


def _account(found: Said, named: set[str]) -> None:
    """Chunks are as they were, text and picture, or their source is named."""
    chunks = [c for c in [*OLD, *BYSTANDERS] if c.source.uri not in named]
    gone = sorted(id_ for id_ in said(chunks) if id_ not in found)
    if gone:
        raise FaultError("lost", f"{gone} are gone and no source was named")
    other = sorted(id_ for id_, now in said(chunks).items() if found[id_] != now)
    if other:
        raise FaultError("lost", f"{other} aren't as they were, and no source was named")


def look(index: Path, patience: float = 60) -> list[tuple[str, str]]:
    """Open a damaged index, check it, repair it; each in a process of its own."""
    faults: list[tuple[str, str]] = []
    for step in (_open_damaged(index), _check(index), _mend(index)):
        seen, said_ = run(step, patience)
        faults += seen
        faults += [("lost", f"no way out: {what}") for kind, what in said_ if kind == "error"]
    return faults


def torture(seed: int, cases: Sequence[int], folder: Path) -> Tally:
    """Damage so many copies of an index, one file each."""
    base = folder / "base"
    run(lambda _: fill(base))
    tally = Tally()
    for case in cases:
        copy(base, folder / "case")
        damage = _damage(folder / "case", random.Random(f"{seed} damage {case}"))
        with warm_examinations(real=case % REAL == 0):
            faults = look(folder / "case")
        tally.add(case, [(column, f"{damage}: {detail}") for column, detail in faults])
        shutil.rmtree(folder / "case", ignore_errors=True)
    return tally
