"""kill -9 at random points of every act that writes."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ragsight import Chunk, MultimodalStore, ingest
from tools.torture.children import FaultError, Say, Tally, run, start
from tools.torture.indexes import (
    NEW,
    OLD,
    OTHER_IDS,
    check,
    chunk,
    copy,
    fill,
    opened,
    state,
)

Act = Callable[[MultimodalStore, Path], object]


def _garbage(store: MultimodalStore, _: Path) -> None:
    store.collect_garbage(grace_seconds=0)


def _index(store: MultimodalStore, folder: Path) -> None:
    ingest(folder / "files", store)


def _restore(store: MultimodalStore, folder: Path) -> None:
    store.export(folder / "export")
    MultimodalStore.restore(folder / "export", folder / "restored").close()


ACTS: dict[str, tuple[Act, list[Chunk]]] = {
    "index": (_index, OLD),
    "upsert": (lambda store, _: store.upsert(NEW), [*NEW, OLD[4]]),
    "replace, ids stay": (lambda store, _: store.replace("u", NEW), NEW),
    "replace, ids change": (lambda store, _: store.replace("u", OTHER_IDS), OTHER_IDS),
    "delete": (lambda store, _: store.delete_source("u"), []),
    "collect garbage": (_garbage, OLD),
    "export": (lambda store, folder: store.export(folder / "export"), OLD),
    "optimise": (lambda store, _: store.optimize(), OLD),
    "restore": (_restore, OLD),
}


def _verify(folder: Path, act: str, done: bool) -> Callable[[Say], None]:
    def verify(_: Say) -> None:
        new = ACTS[act][1]
        with opened(folder / "index") as store:
            if act == "index":
                ingest(folder / "files", store)
                _whole_files(store)
            else:
                check(state(store), new if done else OLD, new)
            store.upsert([chunk("later", "pump", "red")])
            if "later" not in state(store):
                raise FaultError("lost", "what was written after the crash isn't there")
        if act == "restore" and (folder / "restored" / "ragsight.json").exists():
            with opened(folder / "restored") as store:
                state(store)

    return verify


def _whole_files(store: MultimodalStore) -> None:
    names = {c.source.name for c in store.scroll()}
    missing = {f"{n}.txt" for n in range(5)} - names
    if missing:
        raise FaultError("lost", f"{sorted(missing)} aren't there after indexing again")
    state(store)


def kill(base: Path, folder: Path, act: str, share: float, took: float) -> list[tuple[str, str]]:
    """Kill one act after a share of the time that it takes, and look at what is left."""
    copy(base, folder)

    def work(say: Say) -> None:
        with opened(folder / "index") as store:
            say("ready", None)
            ACTS[act][0](store, folder)
            say("done", None)

    child = start(work)
    seen: list[tuple[str, object]] = []
    try:
        for kind, what in child.lines(60):
            seen.append((kind, what))
            if kind in ("fault", "error"):
                child.end()
                return [tuple(what) if kind == "fault" else ("foreign exceptions", what)]
            if kind == "ready":
                time.sleep(share * took)
                child.kill()
    except TimeoutError:
        child.kill()
        child.end()
        return [("hung", act)]
    child.end()
    faults, said = run(_verify(folder, act, ("done", None) in seen))
    faults += [("lost", what) for kind, what in said if kind == "error"]
    return [(column, f"{act} killed at {share:.3f}: {detail}") for column, detail in faults]


def _seconds(base: Path, folder: Path, act: str) -> float:
    copy(base, folder)

    def work(say: Say) -> None:
        with opened(folder / "index") as store:
            started = time.perf_counter()
            ACTS[act][0](store, folder)
            say("took", time.perf_counter() - started)

    _, said = run(work)
    shutil.rmtree(folder)
    return float(next((what for kind, what in said if kind == "took"), 0.2))


def torture(seed: int, cases: Sequence[int], folder: Path) -> Tally:
    """Kill so many acts, each at a point of its own."""
    base = folder / "base"
    (base / "files").mkdir(parents=True)
    for number in range(5):
        (base / "files" / f"{number}.txt").write_text(f"pump {number}\n")
    run(lambda _: fill(base / "index"))
    names = list(ACTS)
    used = {names[case % len(names)] for case in cases}
    took = {act: _seconds(base, folder / "timed", act) for act in names if act in used}
    tally = Tally()
    for case in cases:
        act = names[case % len(names)]
        share = random.Random(f"{seed} kill {case}").random() * 1.2
        tally.add(case, kill(base, folder / "case", act, share, took[act]))
        shutil.rmtree(folder / "case", ignore_errors=True)
    return tally
