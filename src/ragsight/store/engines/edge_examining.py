"""Ask another process what can be read of a shard; see `edge_salvage`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragsight.errors import StoreError
from ragsight.store.engines.edge_salvage import Salvage
from ragsight.store.schema import Collection

# The working directory isn't searched: what lies there isn't ours.
_RUN = (
    "import sys; sys.path[:] = [*filter(None, sys.path), sys.argv[1]]; "
    "from ragsight.store.engines.edge_salvage import main; main()"
)
_HOME = Path(__file__).parents[3]


def examine_shard(shard: Path) -> Salvage:
    """Open a shard as it is, and read every point.

    Args:
        shard: The shard's folder; nobody may have it open.

    Raises:
        StoreError: If no process can be started.
    """
    found = _run({"shard": str(shard), "target": None})
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
        done = subprocess.run(
            [sys.executable, "-c", _RUN, str(_HOME)],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            input=json.dumps(order),
        )
    except OSError as error:
        raise StoreError(
            f"{order['shard']}: no process to examine it in can be started ({error})."
        ) from error
    if done.returncode < 0:
        return None
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise StoreError(f"{order['shard']}: it can't be examined ({last}).")
    found = json.loads(done.stdout)
    lost = {id_: (source, why) for id_, (source, why) in found["lost"].items()}
    return Salvage(found["points"], found["bare"], lost, found["problems"])
