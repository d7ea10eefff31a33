"""Optimise shards in a process of their own.

The engine holds the interpreter's lock while it builds graphs; in another process nobody waits
for it. That process runs this file by its path, for it needs the engine and nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import qdrant_edge as edge

if TYPE_CHECKING:
    from ragsight.store.schema import Collection, IndexKind

INDEX_TYPES: Mapping[IndexKind, edge.PayloadSchemaType] = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "integer": edge.PayloadSchemaType.Integer,
    "float": edge.PayloadSchemaType.Float,
    "datetime": edge.PayloadSchemaType.Datetime,
}

# Run as a script, it would have this folder on its path, and modules of ours for the library's.
_RUN = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"


def run_optimizer(folder: Path, keys: Mapping[Collection, Mapping[str, IndexKind]]) -> None:
    """Index keys of the payload and build graphs, in a process of their own.

    Args:
        folder: The index's folder; its shards must be closed.
        keys: By shard, keys of the payload and their kinds.

    Raises:
        StoreError: If the process can't be started, or fails.
    """
    from ragsight.errors import StoreError

    order = {str((folder / shard).absolute()): dict(kinds) for shard, kinds in keys.items()}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _RUN, __file__],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            input=json.dumps(order),
        )
    except OSError as error:
        raise StoreError(
            f"{folder}: no process to optimise in can be started ({error})."
        ) from error
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise StoreError(
            f"{folder}: optimising stopped with code {done.returncode} ({last}). "
            "The points are all there; free disk space or memory and try again."
        )


def _optimize(path: str, keys: Mapping[str, IndexKind]) -> None:
    shard = edge.EdgeShard.load(path)
    known = shard.info().payload_schema
    for key, kind in keys.items():
        if key in known:
            shard.update(edge.UpdateOperation.delete_field_index(key))
        shard.update(edge.UpdateOperation.create_field_index(key, INDEX_TYPES[kind]))
    shard.optimize()
    shard.flush()
    shard.close()


if __name__ == "__main__":
    for shard_path, shard_keys in json.load(sys.stdin).items():
        _optimize(shard_path, shard_keys)
