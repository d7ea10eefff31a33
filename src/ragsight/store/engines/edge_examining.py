"""Ask another process what can be read of a shard; see `edge_salvage`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragsight.errors import StoreError
from ragsight.processes import python_command, run_program
from ragsight.spaces import Collection
from ragsight.store.engines.edge_salvage import Salvage

_SALVAGE = "ragsight.store.engines.edge_salvage"


def examine_shard(shard: Path, *, try_writing: bool = False) -> Salvage:
    """Open a shard as it is, and read every point.

    Args:
        shard: The shard's folder; nobody may have it open.
        try_writing: Write a point and remove it, too.

    Raises:
        StoreError: If no process can be started.
    """
    found = _run({"shard": str(shard), "target": None, "try_writing": try_writing})
    return found if found is not None else Salvage(problems=["the engine broke down"])


def rebuild_shard(
    shard: Path, target: Path, *, collection: Collection, profile: Mapping[str, Any]
) -> Salvage:
    """Write all that can be read of a shard into a new one; the old one stays as it is.

    Args:
        shard: The damaged shard's folder.
        target: Where to make the new one.
        collection: Which of the two it is.
        profile: What the index was made with.

    Raises:
        StoreError: If no process can be started, or nothing can be written.
    """
    order = {
        "shard": str(shard),
        "target": str(target),
        "scratch": str(target.with_name(f"{target.name}-scratch")),
        "collection": collection,
        "profile": dict(profile),
    }
    found = _run({**order, "log_only": False})
    if found is None:
        again = target.with_name(f"{target.name}-from-log")
        found = _run({**order, "target": str(again), "log_only": True})
        if found is None:
            raise StoreError(
                f"{shard}: nothing of it can be read. Delete the index and index again."
            )
        found.problems.append("the engine broke down over its files; its log only was read")
        target.rename(target.with_name(f"{target.name}-broken"))
        again.rename(target)
    return found


def _run(order: Mapping[str, Any]) -> Salvage | None:
    """What the process found; None if it died."""
    try:
        with tempfile.TemporaryDirectory(prefix="ragsight-examine-") as name:
            log, task, answer = (Path(name, file) for file in ("log.txt", "task.json", "answer"))
            task.write_text(json.dumps(order), encoding="utf-8")
            done = run_program(python_command(_SALVAGE, str(task), str(answer)), log=log)
            found = json.loads(answer.read_bytes()) if done.code == 0 else {}
    except OSError as error:
        raise StoreError(
            f"{order['shard']}: no process to examine it in can be started ({error})."
        ) from error
    if done.code is None or done.code < 0:
        return None
    if done.code:
        last = done.output.strip().rpartition("\n")[2]
        raise StoreError(f"{order['shard']}: it can't be examined ({last}).")
    lost = {id_: (source, why) for id_, (source, why) in found["lost"].items()}
    return Salvage(found["points"], found["bare"], lost, found["problems"])
